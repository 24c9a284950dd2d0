/// A file that check_trace reads in several pieces: what is true of a tensor's first MiB holds to its last
/// byte.
#include "tests/support/folder.hpp"
#include "tests/traces/format/small_trace.hpp"
#include "traces/format/writer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace quatrain::tests;
using namespace quatrain::traces;
namespace fs = std::filesystem;

constexpr std::size_t mib = std::size_t{1} << 20;
constexpr std::int64_t elements =
    5 * std::int64_t{mib} + 3;  // 2.5 MiB and two bytes of codes, one nibble unused
constexpr std::size_t code_bytes = (static_cast<std::size_t>(elements) + 1) / 2;
constexpr std::int64_t words = 300'000;  // 1.2 MB
const std::string codes_id = "weight/codes", source_id = "other/source", file_name = "step_0.safetensors";

std::vector<std::uint8_t> packed_codes() {
  std::vector<std::uint8_t> packed(code_bytes);
  for (std::size_t i = 0; i < packed.size(); ++i) {
    const std::size_t low = (i * 7 + i / 1000) % 8, high = (i * 3 + i / 77) % 8;
    packed[i] = static_cast<std::uint8_t>(low | high << 4);
  }
  packed.back() &= 0xF;
  return packed;
}

/// A second tensor, of fp32 words: the source of another layer's codes.
void add_words(TraceWriter& writer, QuantizerRecord record) {
  writer.add_layer({.id = 2,
                    .name = "other",
                    .kind = LayerKind::linear,
                    .geometry = open_geometry(LayerKind::linear, {.in_channels = words})});
  std::vector<float> source(static_cast<std::size_t>(words));
  for (std::size_t i = 0; i < source.size(); ++i) source[i] = static_cast<float>(i % 4099);
  record.id = "other";
  record.layer = 2;
  record.source = source_id;
  record.codes = "other/codes";
  writer.add_fp32(source_id, {1, words}, source);
  writer.add_codes(record.codes, Encoding::int4, {1, words}, std::vector<std::uint8_t>(words / 2));
  writer.add_quantizer(record);
}

void write_large_trace(const fs::path& directory) {
  TraceWriter writer(directory, {"tests", "1"},
                     {.model = "large", .seed = 1, .config_sha256 = {}, .note = ""});
  writer.add_layer({.id = 1,
                    .name = "fc",
                    .kind = LayerKind::linear,
                    .geometry = open_geometry(LayerKind::linear, {.in_channels = elements})});
  writer.begin_file(file_name);
  writer.add_codes(codes_id, Encoding::int4, {1, elements}, packed_codes());
  QuantizerRecord record;
  record.id = "weight";
  record.layer = 1;
  record.role = Role::weight;
  record.rule = Rule::sawb_int4;
  record.codes = codes_id;
  record.max = 1;
  record.scale = 0.25F;
  writer.add_quantizer(record);
  add_words(writer, record);
  writer.end_file();
  writer.finish();
}

/// CRC32C of the whole, bit by bit.
std::uint32_t slow_crc(const std::string& bytes, std::size_t begin, std::size_t count) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (std::size_t i = begin; i < begin + count; ++i) {
    crc ^= static_cast<unsigned char>(bytes[i]);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78U : 0);
  }
  return ~crc;
}

class LargeFile : public testing::Test {
 protected:
  LargeFile() {
    write_large_trace(folder_);
    trace_ = TraceBytes::read(folder_);
  }

  /// Behind it stand the other layer's codes.
  std::size_t codes_begin() { return trace_[file_name].size() - code_bytes - words / 2; }
  std::string place(std::size_t byte) {
    return fmt::format("T/{}: tensor '{}' at byte {}: ", file_name, codes_id, codes_begin() + byte);
  }
  std::string message() {
    trace_.update_sums();
    trace_.write(folder_);
    const std::string said = check_message(folder_);
    EXPECT_EQ(read_message(folder_), said);
    return said;
  }

  Folder scratch_;
  fs::path folder_ = scratch_ / "trace";
  TraceBytes trace_;
};

TEST_F(LargeFile, IsWhole) {
  EXPECT_EQ(message(), "ok");
  EXPECT_NE(trace_["manifest.json"].find(fmt::format("\"crc32c\": \"{:08x}\"",
                                                     slow_crc(trace_[file_name], codes_begin(), code_bytes))),
            std::string::npos);
}

TEST_F(LargeFile, CrcIsOfEveryByte) {
  for (const std::size_t byte : {std::size_t{0}, mib - 1, mib, 2 * mib - 1, 2 * mib, code_bytes - 1}) {
    char& one = trace_.byte_of(codes_id, byte);
    const std::uint32_t good = slow_crc(trace_[file_name], codes_begin(), code_bytes);
    one ^= 1;
    EXPECT_EQ(message(), fmt::format("{}CRC32C is {:08x}; manifest.json says {:08x}", place(0),
                                     slow_crc(trace_[file_name], codes_begin(), code_bytes), good));
    one ^= 1;
  }
}

TEST_F(LargeFile, CodesAreLegalToTheEnd) {
  for (const std::size_t byte : {mib - 1, mib, 2 * mib, 2 * mib + 12345, code_bytes - 1}) {
    char& one = trace_.byte_of(codes_id, byte);
    const char good = one;
    one = '\x08';
    trace_.update_crc(codes_id);
    EXPECT_EQ(message(), place(byte) + fmt::format("element {} has the code 8, illegal in int4", 2 * byte));
    one = good;
  }
}

TEST_F(LargeFile, LastNibbleIsUnused) {
  trace_.byte_of(codes_id, code_bytes - 1) |= '\x30';
  trace_.update_crc(codes_id);
  EXPECT_EQ(message(), place(code_bytes - 1) + "the unused last nibble is 3; expected 0");
}

TEST_F(LargeFile, WordsHaveACrcOfEveryByteToo) {
  for (const std::size_t byte : {mib - 1, mib, 4 * static_cast<std::size_t>(words) - 1}) {
    char& one = trace_.byte_of(source_id, byte);
    one ^= 1;
    EXPECT_EQ(message().substr(0, 48), "T/step_0.safetensors: tensor 'other/source' at b");
    one ^= 1;
  }
}

}  // namespace
