#include "tests/traces/format/small_trace.hpp"

#include "traces/base/error.hpp"
#include "traces/base/files.hpp"
#include "traces/encoding/nibbles.hpp"
#include "traces/format/check.hpp"
#include "traces/format/checksum.hpp"
#include "traces/format/directory.hpp"
#include "traces/format/manifest.hpp"
#include "traces/format/reader.hpp"
#include "traces/format/safetensors.hpp"
#include "traces/format/writer.hpp"

#include <numeric>
#include <stdexcept>

namespace quatrain::tests {
namespace {

namespace fs = std::filesystem;
using namespace traces;

/// Adds records with their tensors; names are "<layer>/<what>".
class SmallTrace {
 public:
  explicit SmallTrace(const fs::path& directory)
      : writer_(
            directory, {"small", "1"},
            {.model = "two_layers", .seed = 7, .config_sha256 = std::string(64, 'a'), .note = "for tests"}) {}

  void write() {
    writer_.add_layer({.id = 1,
                       .name = "conv",
                       .kind = LayerKind::conv2d,
                       .geometry = open_geometry(LayerKind::conv2d, {.in_channels = 2,
                                                                     .out_channels = 3,
                                                                     .kernel_height = 2,
                                                                     .kernel_width = 3,
                                                                     .stride_height = 2,
                                                                     .stride_width = 1,
                                                                     .padding_height = 1,
                                                                     .padding_width = 0,
                                                                     .groups = 1})});
    writer_.add_layer({.id = 2,
                       .name = "fc",
                       .kind = LayerKind::linear,
                       .geometry = open_geometry(LayerKind::linear, {.in_channels = 3, .out_channels = 2})});
    writer_.begin_file("step_0.safetensors");
    operand(1, Role::input, Rule::sawb_uint4, {1, 2, 3, 3});
    operand(1, Role::weight, Rule::sawb_int4, {3, 2, 2, 3});
    operand(1, Role::gradient, Rule::nearest_fp4, {1, 3, 2, 1});
    operand(2, Role::input, Rule::sawb_int4, {1, 3});
    operand(2, Role::weight, Rule::sawb_int4, {2, 3});
    operand(2, Role::gradient, Rule::luq_fp4, {1, 2}, 0);
    operand(2, Role::gradient, Rule::luq_fp4, {1, 2}, 1);
    gemm(1, Phase::forward, "1/input", {"1/weight"}, {2, 3, 12}, {1, 3, 2, 1}, true);
    gemm(1, Phase::backward_data, "1/gradient", {"1/weight"}, {9, 2, 18}, {1, 2, 3, 3}, false);
    gemm(1, Phase::backward_weight, "1/input", {"1/gradient"}, {12, 3, 2}, {3, 2, 2, 3}, false);
    gemm(2, Phase::forward, "2/input", {"2/weight"}, {1, 2, 3}, {1, 2}, true);
    gemm(2, Phase::backward_data, "2/gradient", {"2/weight"}, {1, 3, 2}, {1, 3}, false);
    gemm(2, Phase::backward_weight, "2/input", {"2/gradient", "2/gradient/1"}, {3, 2, 1}, {2, 3}, true);
    writer_.end_file();
    pass_ = Pass::evaluation;
    writer_.begin_file("step_0_evaluation.safetensors");
    operand(2, Role::input, Rule::sawb_int4, {5, 3});
    QuantizerRecord weight = record(2, Role::weight, Rule::sawb_int4);
    weight.codes = "2/weight/codes";  // as in training
    writer_.add_quantizer(weight);
    gemm(2, Phase::forward, "evaluation/2/input", {"evaluation/2/weight"}, {5, 2, 3}, {5, 2}, true);
    writer_.end_file();
    writer_.finish();
  }

 private:
  std::string name(std::uint32_t layer, std::string_view what) const {
    return fmt::format("{}{}/{}", pass_ == Pass::train ? "" : "evaluation/", layer, what);
  }

  QuantizerRecord record(std::uint32_t layer, Role role, Rule rule) const {
    QuantizerRecord record;
    record.id = name(layer, name_of(role));
    record.layer = layer;
    record.pass = pass_;
    record.role = role;
    record.rule = rule;
    record.max = 1.5F;
    record.scale = 0.25F;
    record.facts = info_of(rule).facts;
    if (auto* fp4 = std::get_if<Fp4Facts>(&record.facts)) {
      fp4->max_used = 1.5F;
      record.random_bits = rule == Rule::luq_fp4 ? 8 : 0;
    } else {
      record.facts = SawbFacts{.exponent = 1, .count = 18, .sum1 = 1234, .sum2 = 123456789, .clip = 1.25F};
    }
    return record;
  }

  void operand(std::uint32_t layer, Role role, Rule rule, const Shape& shape, std::uint32_t sample = 0) {
    QuantizerRecord added = record(layer, role, rule);
    added.sample = sample;
    if (sample != 0) added.id += "/1";
    std::vector<std::uint8_t> codes(static_cast<std::size_t>(element_count(shape)));
    for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint8_t>((i * 5 + 1) % 7);
    added.codes = added.id + "/codes";
    writer_.add_codes(added.codes, encoding_of(rule), shape, pack_nibbles(codes));
    if (rule == Rule::sawb_uint4 || rule == Rule::nearest_fp4) {
      added.source = added.id + "/source";
      writer_.add_fp32(*added.source, shape, std::vector<float>(codes.size(), 0.5F));
    }
    writer_.add_quantizer(added);
  }

  void gemm(std::uint32_t layer, Phase phase, const std::string& left, std::vector<std::string> right,
            GemmSize size, const Shape& result, bool is_stored) {
    GemmRecord record;
    record.layer = layer;
    record.pass = pass_;
    record.phase = phase;
    record.left = {left};
    record.right = std::move(right);
    record.samples = static_cast<unsigned>(record.right.size());
    record.size = size;
    record.result_shape = result;
    record.scale = 0.0625F;
    std::vector<std::int32_t> accumulators(static_cast<std::size_t>(element_count(result)));
    std::iota(accumulators.begin(), accumulators.end(), -3);
    const std::vector<float> output(accumulators.begin(), accumulators.end());
    record.accumulators_crc32c = crc32c(bytes_of(std::span<const std::int32_t>(accumulators)));
    record.output_crc32c = crc32c(bytes_of(std::span<const float>(output)));
    if (is_stored) {
      record.accumulators = name(layer, name_of(phase)) + "/accumulators";
      writer_.add_int32(*record.accumulators, result, accumulators);
    }
    if (is_stored && layer == 2) {
      record.output = name(layer, name_of(phase)) + "/output";
      writer_.add_fp32(*record.output, result, output);
    }
    writer_.add_gemm(record);
  }

  TraceWriter writer_;
  Pass pass_ = Pass::train;
};

std::string without_folder(std::string_view message, const std::string& folder) {
  std::string text;
  for (std::size_t at = 0; at < message.size();) {
    const bool is_folder = message.substr(at, folder.size()) == folder;
    text += is_folder ? 'T' : message[at];
    at += is_folder ? folder.size() : 1;
  }
  return text;
}

template <typename Call>
std::string message_about(const fs::path& directory, Call&& call) {
  try {
    call();
  } catch (const base::Error& error) {
    return without_folder(error.what(), directory.string());
  }
  return "ok";
}

}  // namespace

void write_small_trace(const fs::path& directory) { SmallTrace(directory).write(); }

TraceBytes TraceBytes::read(const fs::path& directory) {
  TraceBytes trace;
  for (const auto& entry : fs::directory_iterator(directory))
    trace.add(entry.path().filename().string(), base::read_whole_file(entry.path()));
  return trace;
}

void TraceBytes::replace(const std::string& name, const std::string& from, const std::string& to) {
  std::string& bytes = files_.at(name);
  const std::size_t at = bytes.find(from);
  if (at == std::string::npos) throw std::invalid_argument("'" + from + "' is not in " + name);
  bytes.replace(at, from.size(), to);
}

void TraceBytes::update_sums() {
  std::string sums;
  for (const auto& [name, bytes] : files_)
    if (name != sums_name) sums += sha256_hex(bytes) + "  " + name + "\n";
  files_[sums_name] = sums;
}

void TraceBytes::update_sum(const std::string& name) {
  std::string& sums = files_.at(sums_name);
  sums.replace(sums.find("  " + name + "\n") - 64, 64, sha256_hex(files_.at(name)));
}

std::span<char> TraceBytes::tensor_bytes(const std::string& id) {
  for (auto& [name, bytes] : files_) {
    if (!is_data_file_name(name)) continue;
    if (bytes.size() < 8) continue;
    const auto length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) |
                        static_cast<std::size_t>(static_cast<unsigned char>(bytes[1]))
                            << 8;  // a short header
    if (length > bytes.size() - 8) continue;
    const std::span<char> data = std::span(bytes).subspan(8 + length);
    const SafetensorsHeader header = parse_safetensors_header(bytes.substr(8, length), name, data.size());
    for (const StoredTensor& tensor : header.tensors)
      if (tensor.id == id) return data.subspan(tensor.begin, tensor.end - tensor.begin);
  }
  throw std::invalid_argument("no file has the tensor " + id);
}

char& TraceBytes::byte_of(const std::string& id, std::size_t byte) { return tensor_bytes(id)[byte]; }

void TraceBytes::update_crc(const std::string& id) {
  const std::string key = "\"crc32c\": \"";
  std::string& manifest = files_.at(manifest_name);
  const std::size_t at = manifest.find(key, manifest.find("\"" + id + "\": {")) + key.size();
  manifest.replace(at, 8, fmt::format("{:08x}", crc32c(bytes_of(std::span<const char>(tensor_bytes(id))))));
}

void TraceBytes::write(const fs::path& directory) const {
  fs::remove_all(directory);
  fs::create_directory(directory);
  for (const auto& [name, bytes] : files_) write_one(directory, name);
}

void TraceBytes::write_one(const fs::path& directory, const std::string& name) const {
  fs::remove(directory / name);  // a file that is cut to nothing is flushed by ext4; a new one is not
  base::OutputFile file(directory / name, base::OutputFile::Mode::create);
  file.write(files_.at(name));
  file.close();
}

std::string check_message(const fs::path& directory) {
  return message_about(directory, [&] {
    base::SilentProgress progress;
    check_trace(directory, progress);
  });
}

std::string read_message(const fs::path& directory) {
  return message_about(directory, [&] {
    const TraceReader reader(directory);
    for (const auto& [id, tensor] : reader.manifest().tensors) {
      if (tensor.encoding == Encoding::fp32)
        reader.read_fp32(id);
      else if (tensor.encoding == Encoding::int32)
        reader.read_int32(id);
      else
        reader.read_codes(id);
    }
  });
}

}  // namespace quatrain::tests
