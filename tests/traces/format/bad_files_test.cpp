/// Directories, sums, headers and data that are not as the format wants them, each with its whole message.
#include "tests/support/folder.hpp"
#include "tests/support/message_of.hpp"
#include "tests/traces/format/small_trace.hpp"
#include "traces/format/reader.hpp"
#include "traces/format/safetensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <vector>

namespace {

using namespace quatrain::tests;
using namespace quatrain::traces;
namespace fs = std::filesystem;

class BadFiles : public testing::Test {
 protected:
  BadFiles() {
    write_small_trace(folder_);
    trace_ = TraceBytes::read(folder_);
  }

  std::string message_with_sums() {
    trace_.update_sums();
    trace_.write(folder_);
    const std::string message = check_message(folder_);
    EXPECT_EQ(read_message(folder_), message);
    return message;
  }
  std::string message_as_it_is() {
    trace_.write(folder_);
    return check_message(folder_);
  }

  Folder scratch_;
  fs::path folder_ = scratch_ / "trace";
  TraceBytes trace_;
};

TEST_F(BadFiles, DirectoryAndNames) {
  const std::string rule = ": not a file of a trace; expected manifest.json, SHA256SUMS and NAME.safetensors";
  const auto with_extra = [&](const std::string& name) {
    TraceBytes more = trace_;
    more.add(name, "");
    more.write(folder_);
    EXPECT_EQ(check_message(folder_), read_message(folder_));
    return check_message(folder_);
  };
  EXPECT_EQ(with_extra("README"), "T: 'README'" + rule);
  EXPECT_EQ(with_extra(".safetensors"), "T: '.safetensors'" + rule);
  EXPECT_EQ(with_extra(".a.safetensors"), "T: '.a.safetensors'" + rule);
  EXPECT_EQ(with_extra("a b.safetensors"), "T: 'a b.safetensors'" + rule);
  EXPECT_EQ(with_extra("a\nb.safetensors"), "T: 'a\\x0ab.safetensors'" + rule);
  EXPECT_EQ(with_extra(std::string(89, 'n') + ".safetensors"), "T: '" + std::string(80, 'n') + "...'" + rule);
  trace_.write(folder_);
  fs::remove(folder_ / "SHA256SUMS");
  EXPECT_EQ(check_message(folder_), "T: SHA256SUMS is missing");
  EXPECT_EQ(read_message(folder_), "T: SHA256SUMS is missing");
  fs::remove(folder_ / "manifest.json");
  EXPECT_EQ(check_message(folder_), "T: manifest.json is missing");
  fs::remove_all(folder_);
  EXPECT_EQ(check_message(folder_), "T: cannot be read: No such file or directory");
}

/// The folder around a trace, and one that a stopped run left behind.
TEST_F(BadFiles, WhatWasGivenInstead) {
  trace_.write(folder_);
  const std::string run = scratch_.path().string();
  EXPECT_EQ(message_of([&] { TraceReader reader(scratch_.path()); }),
            run + ": not a trace; expected a folder with manifest.json, as " + run + "/trace is one");
  fs::rename(folder_, scratch_ / "trace.partial");
  EXPECT_EQ(message_of([&] { TraceReader reader(scratch_ / "trace.partial"); }), "nothing was thrown");
  fs::remove(scratch_ / "trace.partial" / "manifest.json");
  EXPECT_EQ(message_of([&] { TraceReader reader(scratch_ / "trace.partial"); }),
            run + "/trace.partial: a trace that was left unfinished; expected a whole one");
}

TEST_F(BadFiles, OnlyPlainFiles) {
  const fs::path file = folder_ / "step_0.safetensors", moved = scratch_ / "moved";
  const auto expect_refused = [&] {
    EXPECT_EQ(check_message(folder_), "T/step_0.safetensors: not a plain file");
    EXPECT_EQ(read_message(folder_), "T/step_0.safetensors: not a plain file");
  };
  fs::rename(file, moved);
  fs::create_symlink(moved, file);
  expect_refused();
  fs::remove(file);
  fs::create_directory(file);
  expect_refused();
  fs::remove(file);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  expect_refused();
}

TEST_F(BadFiles, Sums) {
  const auto with_sums = [&](const std::string& sums) {
    trace_["SHA256SUMS"] = sums;
    return message_as_it_is();
  };
  const std::string good = trace_["SHA256SUMS"];
  const std::string rule = ": expected 64 lower-case hexadecimal digits, two spaces and ";
  EXPECT_EQ(with_sums(""), "T/SHA256SUMS: byte 0" + rule + "manifest.json");
  EXPECT_EQ(with_sums(good.substr(0, good.size() - 1)),
            "T/SHA256SUMS: byte 165" + rule + "step_0_evaluation.safetensors");
  EXPECT_EQ(with_sums(good + "\n"), "T/SHA256SUMS: more than 261 bytes long");
  EXPECT_EQ(with_sums(good + "\n\n\n\n\n\n"), "T/SHA256SUMS: more than 264 bytes long");
  std::string windows = good;
  for (std::size_t at = 0; (at = windows.find('\n', at)) != std::string::npos; at += 2)
    windows.insert(at, 1, '\r');
  EXPECT_EQ(with_sums(windows), "T/SHA256SUMS: found lines that end in CR LF; expected LF alone");
  const std::size_t second = good.find('\n') + 1;
  EXPECT_EQ(with_sums(good.substr(second)), "T/SHA256SUMS: byte 0" + rule + "manifest.json");
  EXPECT_EQ(with_sums(good.substr(second) + good.substr(0, second)),
            "T/SHA256SUMS: byte 0" + rule + "manifest.json");
  std::string upper = good;
  upper[0] = 'A';
  EXPECT_EQ(with_sums(upper), "T/SHA256SUMS: byte 0" + rule + "manifest.json");
  std::string binary = good;
  binary[65] = '*';
  EXPECT_EQ(with_sums(binary), "T/SHA256SUMS: byte 0" + rule + "manifest.json");
  trace_["SHA256SUMS"] = good;
  trace_.add("unlisted.safetensors", "");
  EXPECT_EQ(message_as_it_is(), "T/SHA256SUMS: byte 261" + rule + "unlisted.safetensors");
}

TEST_F(BadFiles, AlteredFileIsNamedWithBothSums) {
  trace_["step_0.safetensors"].back() ^= 1;
  EXPECT_THAT(message_as_it_is(),
              testing::MatchesRegex("T/step_0.safetensors: SHA-256 is [0-9a-f]{64}; SHA256SUMS says "
                                    "[0-9a-f]{64}"));
}

TEST_F(BadFiles, HeaderLength) {
  std::string& file = trace_["step_0_evaluation.safetensors"];
  const std::string good = file, name = "T/step_0_evaluation.safetensors: ";
  const auto with_length = [&](std::uint64_t length) {
    file = good;
    for (std::size_t i = 0; i < 8; ++i) file[i] = static_cast<char>(length >> (8 * i));
    return message_with_sums();
  };
  file = "";
  EXPECT_EQ(message_with_sums(), name + "ends at byte 0; expected a header's length of 8 bytes");
  file = good.substr(0, 7);
  EXPECT_EQ(message_with_sums(), name + "ends at byte 7; expected a header's length of 8 bytes");
  EXPECT_EQ(with_length(0), name + "byte 8: the header does not begin with '{'");
  const std::string rule = "; expected a multiple of 8 up to 100000000";
  EXPECT_EQ(with_length(255), name + "byte 0: the header's length is 255" + rule);
  EXPECT_EQ(with_length(1ULL << 63), name + "byte 0: the header's length is 9223372036854775808" + rule);
  EXPECT_EQ(with_length(100'000'008), name + "byte 0: the header's length is 100000008" + rule);
  EXPECT_EQ(with_length(100'000'000),
            name + "byte 0: the header's length is 100000000; the file has 344 bytes behind it");
  EXPECT_EQ(with_length(352), name + "byte 0: the header's length is 352; the file has 344 bytes behind it");
  EXPECT_EQ(with_length(344), name + "byte 351: the header does not end with '}' and spaces");
}

TEST_F(BadFiles, DataFilesAgainstTheManifest) {
  const std::string name = "T/step_0_evaluation.safetensors: ";
  const TraceBytes good = trace_;
  const auto with_edit = [&](const std::string& from, const std::string& to) {
    trace_ = good;
    trace_.replace("step_0_evaluation.safetensors", from, to);
    return message_with_sums();
  };
  EXPECT_EQ(with_edit("2/input/codes", "2/input/coded"),
            name + "tensor 'evaluation/2/input/coded': manifest.json does not list it");
  EXPECT_EQ(with_edit("F32", "I32"), name +
                                         "tensor 'evaluation/2/forward/output': found I32 [5, 2]; expected "
                                         "F32 [5, 2] for fp32 of manifest.json");
  EXPECT_EQ(with_edit("[5, 2]", "[2, 5]"), name +
                                               "tensor 'evaluation/2/forward/accumulators': found I32 [2, "
                                               "5]; expected I32 [5, 2] for int32 of manifest.json");
  trace_ = good;
  trace_.replace("manifest.json", "\"file\": \"step_0_evaluation.safetensors\"",
                 "\"file\": \"step_0.safetensors\"");
  EXPECT_EQ(
      message_with_sums(),
      name + "tensor 'evaluation/2/forward/accumulators': manifest.json puts it into step_0.safetensors");
  trace_ = good;
  trace_.replace("manifest.json", "\"encoding\": \"int4\", \"shape\": [5, 3]",
                 "\"encoding\": \"int4\", \"shape\": [17]");
  EXPECT_EQ(message_with_sums(), name +
                                     "tensor 'evaluation/2/input/codes': found U8 [8]; expected U8 [9] for "
                                     "int4 of manifest.json");
  trace_ = good;
  trace_["step_0_evaluation.safetensors"].pop_back();
  EXPECT_EQ(message_with_sums(), name + "the tensors take 88 bytes; found 87 behind the header");
  trace_ = good;
  trace_.remove("step_0_evaluation.safetensors");
  EXPECT_EQ(message_with_sums(),
            "T/manifest.json: tensor 'evaluation/2/forward/accumulators': not in the file "
            "step_0_evaluation.safetensors");
}

TEST_F(BadFiles, TensorBytes) {
  const std::string id = "evaluation/2/input/codes";
  const std::string name = "T/step_0_evaluation.safetensors: tensor '" + id + "' at byte ";
  const auto with_byte = [&](std::size_t byte, char value) {
    const TraceBytes good = trace_;
    trace_.byte_of(id, byte) = value;
    trace_.update_crc(id);
    const std::string message = message_with_sums();
    trace_ = good;
    return message;
  };
  EXPECT_EQ(with_byte(7, 0x15), name + "351: the unused last nibble is 1; expected 0");
  EXPECT_EQ(with_byte(7, 0x08), name + "351: element 14 has the code 8, illegal in int4");
  EXPECT_EQ(with_byte(0, '\x81'), name + "344: element 1 has the code 8, illegal in int4");
  EXPECT_EQ(with_byte(0, '\xF1'), "ok");
  trace_.byte_of(id, 7) = 0x03;
  EXPECT_EQ(message_with_sums(), name + "344: CRC32C is 6d0c9adc; manifest.json says 8c37ea2b");
}

TEST_F(BadFiles, IllegalCodesOfEachEncoding) {
  trace_.byte_of("1/gradient/codes", 1) = '\x80';
  trace_.update_crc("1/gradient/codes");
  EXPECT_EQ(message_with_sums(),
            "T/step_0.safetensors: tensor '1/gradient/codes' at byte 1284: element 3 has the code 8, illegal "
            "in fp4_e3m0");
  trace_.byte_of("1/gradient/codes", 1) = '\x79';
  trace_.update_crc("1/gradient/codes");
  trace_.byte_of("1/input/codes", 0) = '\x88';  // 8 is a value of uint4
  trace_.update_crc("1/input/codes");
  EXPECT_EQ(message_with_sums(), "ok");
}

/// Everything is wrong at once; each repair shows the next fault in the order that the format gives.
TEST_F(BadFiles, OrderOfTheChecks) {
  trace_.add("README", "");
  trace_.replace("manifest.json", "\"seed\": 7", "\"seed\": -7");
  trace_.replace("manifest.json", "\"encoding\": \"fp32\"", "\"encoding\": \"int32\"");
  trace_.byte_of("evaluation/2/input/codes", 0) = 0;
  trace_.byte_of("2/input/codes", 1) = '\x11';
  trace_.update_crc("2/input/codes");
  trace_.byte_of("1/weight/codes", 0) = '\x08';
  trace_.update_crc("1/weight/codes");
  trace_.replace("manifest.json", "\"layer\": 1", "\"layer\": 9");
  EXPECT_EQ(message_as_it_is(),
            "T: 'README': not a file of a trace; expected manifest.json, SHA256SUMS and NAME.safetensors");
  trace_.remove("README");
  EXPECT_EQ(message_as_it_is().substr(0, 27), "T/manifest.json: SHA-256 is");
  trace_.update_sums();
  EXPECT_EQ(message_as_it_is(),
            "T/manifest.json: /run/seed: found -7; expected an integer from 0 to 4294967295");
  trace_.replace("manifest.json", "\"seed\": -7", "\"seed\": 7");
  trace_.update_sums();
  EXPECT_EQ(message_as_it_is(),
            "T/step_0.safetensors: tensor '1/gradient/source': found F32 [1, 3, 2, 1]; expected I32 [1, 3, "
            "2, 1] for int32 of "
            "manifest.json");
  trace_.replace("manifest.json", "source\": {\"file\": \"step_0.safetensors\", \"encoding\": \"int32\"",
                 "source\": {\"file\": \"step_0.safetensors\", \"encoding\": \"fp32\"");
  trace_.update_sums();
  EXPECT_EQ(
      message_as_it_is(),
      "T/step_0_evaluation.safetensors: tensor 'evaluation/2/input/codes' at byte 344: CRC32C is d20b39a7; "
      "manifest.json says "
      "8c37ea2b");
  trace_.update_crc("evaluation/2/input/codes");
  trace_.update_sums();
  EXPECT_EQ(
      message_as_it_is(),
      "T/step_0.safetensors: tensor '2/input/codes' at byte 1287: the unused last nibble is 1; expected 0");
  trace_.byte_of("2/input/codes", 1) = '\x01';
  trace_.update_crc("2/input/codes");
  trace_.update_sums();
  EXPECT_EQ(message_as_it_is(),
            "T/step_0.safetensors: tensor '1/weight/codes' at byte 1265: element 0 has the code 8, illegal "
            "in int4");
  trace_.byte_of("1/weight/codes", 0) = '\x07';
  trace_.update_crc("1/weight/codes");
  trace_.update_sums();
  EXPECT_EQ(message_as_it_is(), "T/manifest.json: /quantizers/0: no layer has the id 9");
  trace_.replace("manifest.json", "\"layer\": 9", "\"layer\": 1");
  trace_.update_sums();
  EXPECT_EQ(message_as_it_is(), "ok");
}

std::string header_message(const std::string& json, std::uint64_t data_bytes) {
  return message_of([&] { parse_safetensors_header(json, "f", data_bytes); });
}

TEST(SafetensorsHeader, TypedByHand) {
  const SafetensorsHeader header = parse_safetensors_header(
      R"({"b":{"data_offsets":[8,10],"dtype":"U8","shape":[2]},"__metadata__":{"any":"text"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}  )",
      "f", 10);
  EXPECT_EQ(header.metadata, (SafetensorsMetadata{{"any", "text"}}));
  const std::vector<StoredTensor>& tensors = header.tensors;
  ASSERT_EQ(tensors.size(), 2U);
  EXPECT_EQ(tensors[0].id, "a");
  EXPECT_EQ(tensors[0].type, StoredType::f32);
  EXPECT_EQ(tensors[0].shape, (Shape{2, 1}));
  EXPECT_EQ(tensors[0].end, 8U);
  EXPECT_EQ(tensors[1].id, "b");
  EXPECT_EQ(tensors[1].begin, 8U);
}

TEST(SafetensorsHeader, WrittenBytes) {
  const std::vector<StoredTensor> tensors = {
      {.id = "a\"b", .type = StoredType::i32, .shape = {1, 2}, .begin = 0, .end = 8}};
  EXPECT_EQ(make_safetensors_header(tensors),
            std::string("\x40\0\0\0\0\0\0\0", 8) +
                R"({"a\"b":{"dtype":"I32","shape":[1, 2],"data_offsets":[0,8]}}    )");
  EXPECT_EQ(make_safetensors_header(
                {{{.id = "12345678", .type = StoredType::i32, .shape = {1, 2}, .begin = 0, .end = 8}}}),
            std::string("\x40\0\0\0\0\0\0\0", 8) +  // a multiple of 8 without spaces
                R"({"12345678":{"dtype":"I32","shape":[1, 2],"data_offsets":[0,8]}})");
  EXPECT_EQ(make_safetensors_header(tensors, {{"of", "\"me\""}, {"and", "you"}}).substr(8),
            R"({"__metadata__":{"of":"\"me\"","and":"you"},)"
            R"("a\"b":{"dtype":"I32","shape":[1, 2],"data_offsets":[0,8]}} )");
}

TEST(SafetensorsHeader, Bad) {
  const std::string a = R"("a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]})";
  EXPECT_EQ(header_message("{" + a + "}", 2), "nothing was thrown");
  EXPECT_EQ(header_message(" {" + a + "}", 2), "f: byte 8: the header does not begin with '{'");
  EXPECT_EQ(header_message("{" + a + "}\n", 2), "f: byte 61: the header does not end with '}' and spaces");
  EXPECT_EQ(header_message("{}", 0), "f: holds no tensor; expected at least one");
  EXPECT_EQ(header_message("{" + a + "," + a + "}", 2),
            "f: header: /a: duplicate key, again at line 1, column 54");
  EXPECT_EQ(header_message("{\"\xff\":0}", 2),
            "f: header: line 1, column 3: found the byte \\xff; expected UTF-8");
  EXPECT_EQ(header_message("{\"a\":" + std::string(100, '[') + "}", 2),
            "f: header: line 1, column 69: more than 64 levels deep");
  EXPECT_EQ(header_message("{\"__metadata__\":{\"k\":1}," + a + "}", 2),
            "f: header: /__metadata__/k: found 1; expected a string");
  EXPECT_EQ(header_message("{" + a + "}", 3), "f: the tensors take 2 bytes; found 3 behind the header");
  const auto entry = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return header_message(
        R"({"a":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}", 8);
  };
  EXPECT_EQ(entry("F64", "[1]", "[0,8]"), "f: header: /a/dtype: found 'F64'; expected 'F32', 'I32' or 'U8'");
  EXPECT_EQ(entry("F32", "[2]", "[0,8]"), "nothing was thrown");
  EXPECT_EQ(entry("F32", "[0]", "[0,0]"),
            "f: header: /a/shape/0: found 0; expected an integer from 1 to 2147483647");
  EXPECT_EQ(entry("F32", "[-2]", "[0,8]"),
            "f: header: /a/shape/0: found -2; expected an integer from 1 to 2147483647");
  EXPECT_EQ(entry("F32", "[65536,65536,65536,65536]", "[0,0]"),
            "f: header: /a/shape: 2^31 elements or more; expected fewer");
  EXPECT_EQ(entry("F32", "[4294967296,4294967296]", "[0,0]"),
            "f: header: /a/shape/0: found 4294967296; expected an integer from 1 to 2147483647");
  EXPECT_EQ(entry("F32", "[]", "[0,4]"), "f: header: /a/shape: found 0 items; expected from 1 to 8");
  EXPECT_EQ(entry("F32", "[2]", "[8,0]"),
            "f: header: /a/data_offsets: found 8 to 0; dtype and shape take 8 bytes");
  EXPECT_EQ(entry("F32", "[2]", "[0,16]"),
            "f: header: /a/data_offsets: found 0 to 16; dtype and shape take 8 bytes");
  EXPECT_EQ(entry("F32", "[4]", "[0,16]"), "f: the tensors take 16 bytes; found 8 behind the header");
  EXPECT_EQ(entry("F32", "[2]", "[0,18446744073709551616]"),
            "f: header: /a/data_offsets/1: found 18446744073709551616; expected an integer from 0 to "
            "9223372036854775807");
  EXPECT_EQ(entry("F32", "[2]", "[0,8e0]"),
            "f: header: /a/data_offsets/1: found 8e0; expected an integer from 0 to 9223372036854775807");
  EXPECT_EQ(entry("F32", "[2]", "[-0,8]"),
            "f: header: /a/data_offsets/0: found -0; expected an integer from 0 to 9223372036854775807");
  EXPECT_EQ(entry("F32", "[2]", "[0,8],\"x_\":0"),
            "f: header: /a/x_: unknown key; expected 'dtype', 'shape' or 'data_offsets'");
}

TEST(SafetensorsHeader, RangesTile) {
  const auto two = [](const std::string& first, const std::string& second, std::uint64_t bytes) {
    return header_message(R"({"a":{"dtype":)" + first + R"(]},"b":{"dtype":)" + second + "]}}", bytes);
  };
  EXPECT_EQ(two(R"("U8","shape":[2],"data_offsets":[0,2)", R"("U8","shape":[2],"data_offsets":[2,4)", 4),
            "nothing was thrown");
  EXPECT_EQ(two(R"("U8","shape":[2],"data_offsets":[2,4)", R"("U8","shape":[2],"data_offsets":[0,2)", 4),
            "nothing was thrown");
  EXPECT_EQ(two(R"("U8","shape":[2],"data_offsets":[0,2)", R"("U8","shape":[2],"data_offsets":[1,3)", 3),
            "f: tensor 'b' begins at byte 1 of the data; expected 2, no gap and no overlap");
  EXPECT_EQ(two(R"("U8","shape":[2],"data_offsets":[0,2)", R"("U8","shape":[2],"data_offsets":[3,5)", 5),
            "f: tensor 'b' begins at byte 3 of the data; expected 2, no gap and no overlap");
  EXPECT_EQ(two(R"("U8","shape":[2],"data_offsets":[1,3)", R"("U8","shape":[2],"data_offsets":[3,5)", 5),
            "f: tensor 'a' begins at byte 1 of the data; expected 0, no gap and no overlap");
  EXPECT_EQ(two(R"("U8","shape":[4],"data_offsets":[0,4)", R"("F32","shape":[1],"data_offsets":[4,8)", 8),
            "f: tensor 'b' of 4-byte words stands behind one of bytes; expected all words first");
}

}  // namespace
