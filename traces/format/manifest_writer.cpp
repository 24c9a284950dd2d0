#include "traces/base/error.hpp"
#include "traces/base/joined.hpp"
#include "traces/format/accumulator_json.hpp"
#include "traces/format/manifest.hpp"

#include <nlohmann/json.hpp>

#include <bit>

namespace quatrain::traces {
namespace {

std::string bits(float value) { return fmt::format("\"{:08x}\"", std::bit_cast<std::uint32_t>(value)); }

std::string id_or_null(const std::optional<std::string>& id) { return id ? json_string(*id) : "null"; }

std::string id_list(const std::vector<std::string>& ids) {
  std::vector<std::string> words;
  for (const std::string& id : ids) words.push_back(json_string(id));
  return fmt::format("[{}]", base::joined(words));
}

std::string tensor_line(const std::string& id, const TensorRecord& tensor) {
  return fmt::format(R"({}: {{"file": "{}", "encoding": "{}", "shape": {}, "crc32c": "{:08x}"}})",
                     json_string(id), tensor.file, name_of(tensor.encoding), text_of(tensor.shape),
                     tensor.crc32c);
}

std::string layer_line(const LayerRecord& layer) {
  const std::string begin =
      fmt::format(R"({{"id": {}, "name": "{}", "kind": "{}")", layer.id, layer.name, name_of(layer.kind));
  const Geometry& g = layer.geometry;
  switch (layer.kind) {
    case LayerKind::linear:
      return begin +
             fmt::format(R"(, "in_features": {}, "out_features": {}}})", g.in_channels, g.out_channels);
    case LayerKind::conv2d:
      return begin +
             fmt::format(
                 R"(, "in_channels": {}, "out_channels": {}, "kernel": [{}, {}], "stride": [{}, {}], )"
                 R"("padding": [{}, {}], "groups": {}}})",
                 g.in_channels, g.out_channels, g.kernel_height, g.kernel_width, g.stride_height,
                 g.stride_width, g.padding_height, g.padding_width, g.groups);
  }
  return begin;
}

std::string facts_text(const QuantizerRecord& record, const SawbFacts& facts) {
  return fmt::format(R"("max": {}, "exponent": {}, "count": "{}", "sum1": "{}", "sum2": "{}", "clip": {}, )",
                     bits(record.max), facts.exponent, facts.count, facts.sum1, facts.sum2, bits(facts.clip));
}

std::string facts_text(const QuantizerRecord& record, const Fp4Facts& facts) {
  return fmt::format(
      R"("sample": {}, "random_bits": {}, "alpha": "{}", "maximum": "{}", "max": {}, "max_used": {}, )",
      record.sample, record.random_bits, name_of(record.alpha), name_of(record.maximum), bits(record.max),
      bits(facts.max_used));
}

std::string quantizer_line(const QuantizerRecord& record) {
  std::string line = fmt::format(
      R"({{"id": {}, "layer": {}, "step": {}, "pass": "{}", "role": "{}", "rule": "{}", "source": {}, "codes": {}, )",
      json_string(record.id), record.layer, record.step, name_of(record.pass), name_of(record.role),
      name_of(record.rule), id_or_null(record.source), json_string(record.codes));
  line += std::visit([&](const auto& facts) { return facts_text(record, facts); }, record.facts);
  return line + fmt::format(R"("scale": {}}})", bits(record.scale));
}

std::string accumulator_text(const Accumulator& accumulator) {
  if (accumulator.is_exact()) return {};
  return fmt::format(R"("accumulator": {}, )", json_text(accumulator));
}

std::string gemm_line(const GemmRecord& record) {
  return fmt::format(
             R"({{"layer": {}, "step": {}, "pass": "{}", "phase": "{}", "left": {}, "right": {}, "samples": {}, )",
             record.layer, record.step, name_of(record.pass), name_of(record.phase), id_list(record.left),
             id_list(record.right), record.samples) +
         accumulator_text(record.accumulator) +
         fmt::format(R"("m": {}, "n": {}, "k": {}, "groups": {}, "result_shape": {}, "scale": {}, )",
                     record.size.m, record.size.n, record.size.k, record.size.groups,
                     text_of(record.result_shape), bits(record.scale)) +
         fmt::format(
             R"("accumulators": {}, "accumulators_crc32c": "{:08x}", "output": {}, "output_crc32c": "{:08x}"}})",
             id_or_null(record.accumulators), record.accumulators_crc32c, id_or_null(record.output),
             record.output_crc32c);
}

/// `"key": [` or `{`, a line for each record, the closing bracket.
template <typename Records, typename Line>
std::string block(std::string_view key, std::string_view brackets, const Records& records, Line&& line) {
  std::string text = fmt::format("  \"{}\": {}", key, brackets[0]);
  const char* separator = "\n    ";
  for (const auto& record : records) {
    text += separator + line(record);
    separator = ",\n    ";
  }
  return text + (records.empty() ? "" : "\n  ") + brackets[1];
}

}  // namespace

std::string json_string(std::string_view text) try {
  return nlohmann::json(text).dump();
} catch (const nlohmann::json::type_error&) {
  throw base::Error("'{}' is not UTF-8", base::printable(text));
}

std::string write_manifest(const Manifest& manifest) {
  const RunRecord& run = manifest.run;
  return fmt::format("{{\n  \"format\": \"quatrain-trace\",\n  \"version\": {},\n  \"numerics\": \"{}\",\n",
                     trace_format_version, numerics_version) +
         fmt::format("  \"producer\": {{\"name\": {}, \"version\": {}}},\n",
                     json_string(manifest.producer.name), json_string(manifest.producer.version)) +
         fmt::format("  \"run\": {{\"model\": {}, \"seed\": {}, \"config_sha256\": {}, \"note\": {}{}}},\n",
                     json_string(run.model), run.seed, id_or_null(run.config_sha256), json_string(run.note),
                     run.data_sha256.empty() ? "" : ", \"x_data_sha256\": " + json_string(run.data_sha256)) +
         block("tensors", "{}", manifest.tensors,
               [](const auto& entry) { return tensor_line(entry.first, entry.second); }) +
         ",\n" + block("layers", "[]", manifest.layers, layer_line) + ",\n" +
         block("quantizers", "[]", manifest.quantizers, quantizer_line) + ",\n" +
         block("gemms", "[]", manifest.gemms, gemm_line) + "\n}\n";
}

}  // namespace quatrain::traces
