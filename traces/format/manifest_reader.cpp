#include "traces/base/names.hpp"
#include "traces/format/accumulator_json.hpp"
#include "traces/format/manifest.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <tuple>

namespace quatrain::traces {
namespace {

constexpr std::int64_t most_u32 = 4'294'967'295;
constexpr std::int64_t most_i31 = 2'147'483'647;
constexpr std::string_view ignored = "x_";
/// No record and no tensor is written in fewer than 64 bytes.
constexpr std::size_t most_records = manifest_limits.bytes / 64;

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::uint32_t read_hex(const base::JsonNode& node) {
  const std::string text = node.string();
  if (!is_hex(text, 8))
    throw node.error("found '{}'; expected 8 lower-case hexadecimal digits", base::printable(text));
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

float read_bits(const base::JsonNode& node) {
  const std::uint32_t bits = read_hex(node);
  const auto value = std::bit_cast<float>(bits);
  if (!std::isfinite(value) || std::signbit(value))
    throw node.error("found '{:08x}'; expected the bits of a finite fp32 with sign 0", bits);
  return value;
}

std::uint64_t read_u64(const base::JsonNode& node) {
  const std::string text = node.string();
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data(), end, value);
  if (status != std::errc{} || stop != end || (text.size() > 1 && text[0] == '0'))
    throw node.error("found '{}'; expected a decimal number below 2^64 without leading zeros",
                     base::printable(text));
  return value;
}

std::uint32_t read_u32(const base::JsonNode& node) {
  return static_cast<std::uint32_t>(node.integer(0, most_u32));
}

std::string read_record_id(const base::JsonNode& node) {
  std::string id = node.string(1, 200);
  if (!is_printable_ascii(id)) throw node.error("found '{}'; expected printable ASCII", base::printable(id));
  return id;
}

std::optional<std::string> read_optional_id(const base::JsonNode& node) {
  if (node.is_null()) return std::nullopt;
  return read_record_id(node);
}

std::vector<std::string> read_ids(const base::JsonNode& node) {
  std::vector<std::string> ids;
  for (const base::JsonNode& item : node.items(1, 16)) ids.push_back(read_record_id(item));
  return ids;
}

void require_version(const base::JsonNode& root) {
  constexpr std::array<std::string_view, 1> format = {"quatrain-trace"}, numerics = {numerics_version};
  root.at("format").one_of(format);
  root.at("version").integer(trace_format_version, trace_format_version);
  root.at("numerics").one_of(numerics);
}

Producer read_producer(const base::JsonNode& node) {
  Producer producer{node.at("name").string(), node.at("version").string()};
  node.reject_unread_keys(ignored);
  return producer;
}

RunRecord read_run(const base::JsonNode& node) {
  RunRecord run;
  run.model = node.at("model").string();
  run.seed = read_u32(node.at("seed"));
  const base::JsonNode sha = node.at("config_sha256");
  if (!sha.is_null()) {
    run.config_sha256 = sha.string();
    if (!is_hex(*run.config_sha256, 64))
      throw sha.error("found '{}'; expected 64 lower-case hexadecimal digits or null",
                      base::printable(*run.config_sha256));
  }
  run.note = node.at("note").string();
  if (node.has("x_data_sha256") && node.at("x_data_sha256").is_string())
    run.data_sha256 = node.at("x_data_sha256").string();
  node.reject_unread_keys(ignored);
  return run;
}

TensorRecord read_tensor(const std::string& id, const base::JsonNode& node) {
  require_tensor_id(node, id);
  TensorRecord tensor;
  const base::JsonNode file = node.at("file");
  tensor.file = file.string();
  if (!is_data_file_name(tensor.file))
    throw file.error("found '{}'; expected 1 to 100 of A-Z a-z 0-9 _ . - ending in .safetensors",
                     base::printable(tensor.file));
  tensor.encoding = node.at("encoding").one_of<Encoding>();
  tensor.shape = read_shape(node.at("shape"));
  tensor.crc32c = read_hex(node.at("crc32c"));
  node.reject_unread_keys(ignored);
  return tensor;
}

std::pair<std::int64_t, std::int64_t> read_pair(const base::JsonNode& node, std::int64_t least) {
  const std::vector<base::JsonNode> items = node.items(2, 2);
  return {items[0].integer(least, most_i31), items[1].integer(least, most_i31)};
}

LayerRecord read_layer(const base::JsonNode& node) {
  LayerRecord layer;
  layer.geometry = {};
  layer.id = read_u32(node.at("id"));
  layer.name = node.at("name").string(1, 100);
  if (!base::is_name(layer.name))
    throw node.at("name").error("found '{}'; expected A-Z a-z 0-9 _ . -", base::printable(layer.name));
  layer.kind = node.at("kind").one_of<LayerKind>();
  Geometry& g = layer.geometry;
  switch (layer.kind) {
    case LayerKind::linear:
      g.in_channels = node.at("in_features").integer(1, most_i31);
      g.out_channels = node.at("out_features").integer(1, most_i31);
      break;
    case LayerKind::conv2d:
      g.in_channels = node.at("in_channels").integer(1, most_i31);
      g.out_channels = node.at("out_channels").integer(1, most_i31);
      std::tie(g.kernel_height, g.kernel_width) = read_pair(node.at("kernel"), 1);
      std::tie(g.stride_height, g.stride_width) = read_pair(node.at("stride"), 1);
      std::tie(g.padding_height, g.padding_width) = read_pair(node.at("padding"), 0);
      g.groups = node.at("groups").integer(1, most_i31);
      if (g.in_channels % g.groups != 0 || g.out_channels % g.groups != 0)
        throw node.at("groups").error("{} groups do not divide {} input and {} output channels", g.groups,
                                      g.in_channels, g.out_channels);
      break;
  }
  g = open_geometry(layer.kind, g);
  node.reject_unread_keys(ignored);
  return layer;
}

/// Which rules go with which role, and that an evaluation has no gradients.
void require_fit(const QuantizerRecord& record, const base::JsonNode& node) {
  if (!serves(record.rule, record.role))
    throw node.at("rule").error("found '{}'; not a rule for the role '{}'", name_of(record.rule),
                                name_of(record.role));
  if (record.role == Role::gradient && record.pass == Pass::evaluation)
    throw node.at("role").error("found 'gradient'; an evaluation has inputs and weights only");
}

void read_facts(const base::JsonNode& node, SawbFacts& facts, QuantizerRecord&) {
  facts.exponent =
      static_cast<std::int32_t>(node.at("exponent").integer(-99, 128));  // 2^-100 to the largest fp32
  facts.count = read_u64(node.at("count"));
  facts.sum1 = read_u64(node.at("sum1"));
  facts.sum2 = read_u64(node.at("sum2"));
  facts.clip = read_bits(node.at("clip"));
}

/// And how the codes were drawn.
void read_facts(const base::JsonNode& node, Fp4Facts& facts, QuantizerRecord& record) {
  record.sample = static_cast<std::uint32_t>(node.at("sample").integer(0, 15));
  const base::JsonNode bits = node.at("random_bits");
  record.random_bits = static_cast<unsigned>(bits.integer(0, 16));
  const bool draws = info_of(record.rule).draws;
  if (draws ? !is_random_bit_count(record.random_bits) : record.random_bits != 0)
    throw bits.error("found {}; expected {}", record.random_bits, draws ? "4, 8 or 16" : "0");
  record.alpha = node.at("alpha").one_of<Alpha>();
  record.maximum = node.at("maximum").one_of<Maximum>();
  facts.max_used = read_bits(node.at("max_used"));
}

QuantizerRecord read_quantizer(const base::JsonNode& node) {
  QuantizerRecord record;
  record.id = read_record_id(node.at("id"));
  record.layer = read_u32(node.at("layer"));
  record.step = read_u32(node.at("step"));
  record.pass = node.at("pass").one_of<Pass>();
  record.role = node.at("role").one_of<Role>();
  record.rule = node.at("rule").one_of<Rule>();
  require_fit(record, node);
  record.source = read_optional_id(node.at("source"));
  record.codes = read_record_id(node.at("codes"));
  record.max = read_bits(node.at("max"));
  record.scale = read_bits(node.at("scale"));
  record.facts = info_of(record.rule).facts;
  std::visit([&](auto& facts) { read_facts(node, facts, record); }, record.facts);
  node.reject_unread_keys(ignored);
  return record;
}

/// Absent for int32.
Accumulator read_inexact_accumulator(const base::JsonNode& node) {
  const Accumulator accumulator = read_accumulator(node, false);
  node.reject_unread_keys(ignored);
  return accumulator;
}

GemmRecord read_gemm(const base::JsonNode& node) {
  GemmRecord record;
  record.layer = read_u32(node.at("layer"));
  record.step = read_u32(node.at("step"));
  record.pass = node.at("pass").one_of<Pass>();
  record.phase = node.at("phase").one_of<Phase>();
  record.left = read_ids(node.at("left"));
  record.right = read_ids(node.at("right"));
  record.samples = static_cast<unsigned>(node.at("samples").integer(1, 16));
  record.size = {node.at("m").integer(1, INT64_MAX), node.at("n").integer(1, INT64_MAX),
                 node.at("k").integer(1, INT64_MAX), node.at("groups").integer(1, INT64_MAX)};
  if (node.has("accumulator")) record.accumulator = read_inexact_accumulator(node.at("accumulator"));
  record.result_shape = read_shape(node.at("result_shape"));
  record.scale = read_bits(node.at("scale"));
  record.accumulators = read_optional_id(node.at("accumulators"));
  record.accumulators_crc32c = read_hex(node.at("accumulators_crc32c"));
  record.output = read_optional_id(node.at("output"));
  record.output_crc32c = read_hex(node.at("output_crc32c"));
  node.reject_unread_keys(ignored);
  return record;
}

}  // namespace

Shape read_shape(const base::JsonNode& node) {
  Shape shape;
  std::int64_t elements = 1;
  for (const base::JsonNode& item : node.items(1, 8)) {
    shape.push_back(item.integer(1, most_i31));
    if (shape.back() > most_i31 / elements) throw node.error("2^31 elements or more; expected fewer");
    elements *= shape.back();
  }
  return shape;
}

void require_tensor_id(const base::JsonNode& node, std::string_view id) {
  if (id.empty() || id.size() > 200 || !is_printable_ascii(id) || id.substr(0, 2) == "x_" ||
      id.substr(0, 2) == "__")
    throw node.error(
        "not a tensor's id; expected 1 to 200 printable ASCII characters, not beginning with x_ or __");
}

bool is_data_file_name(std::string_view text) {
  constexpr std::string_view ending = ".safetensors";
  return base::is_name(text) && text[0] != '.' && text.size() > ending.size() &&
         text.substr(text.size() - ending.size()) == ending;
}

Manifest read_manifest(const base::JsonNode& root) {
  require_version(root);
  Manifest manifest;
  manifest.producer = read_producer(root.at("producer"));
  manifest.run = read_run(root.at("run"));
  for (const auto& [id, node] : root.at("tensors").members(most_records))
    manifest.tensors.emplace(id, read_tensor(id, node));
  for (const base::JsonNode& node : root.at("layers").items(0, most_records))
    manifest.layers.push_back(read_layer(node));
  for (const base::JsonNode& node : root.at("quantizers").items(0, most_records))
    manifest.quantizers.push_back(read_quantizer(node));
  for (const base::JsonNode& node : root.at("gemms").items(0, most_records))
    manifest.gemms.push_back(read_gemm(node));
  root.reject_unread_keys(ignored);
  return manifest;
}

}  // namespace quatrain::traces
