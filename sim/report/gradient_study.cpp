#include "sim/report/gradient_study.hpp"

#include "traces/encoding/nibbles.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace quatrain::sim::report {
namespace {

constexpr std::int64_t most_elements = 1 << 20;  // of dZ: 18 quantizations in fp64, held twice, are 300 MB

std::size_t as_size(std::int64_t value) { return static_cast<std::size_t>(value); }

/// The layer's record of this step and role, or null.
const traces::QuantizerRecord* find_quantizer(const traces::Manifest& manifest, std::uint32_t layer,
                                              std::uint32_t step, traces::Role role) {
  for (const traces::QuantizerRecord& record : manifest.quantizers)
    if (record.layer == layer && record.step == step && record.pass == traces::Pass::train &&
        record.role == role && record.sample == 0)
      return &record;
  return nullptr;
}

std::vector<double> decoded_codes(const traces::TraceReader& trace, const traces::QuantizerRecord& record) {
  const traces::TensorRecord& tensor = trace.manifest().tensors.at(record.codes);
  const auto codes =
      traces::unpack_nibbles(trace.read_codes(record.codes), as_size(traces::element_count(tensor.shape)));
  return decoded(tensor.encoding, codes, record.scale);
}

std::optional<LayerFidelity> fidelity_of(const traces::TraceReader& trace, const traces::GemmRecord& gemm,
                                         std::int64_t most_macs, traces::ThreadPool& pool) {
  const traces::Manifest& manifest = trace.manifest();
  const auto* input = find_quantizer(manifest, gemm.layer, gemm.step, traces::Role::input);
  const auto* gradient = find_quantizer(manifest, gemm.layer, gemm.step, traces::Role::gradient);
  if (input == nullptr || gradient == nullptr || !gradient->source) return std::nullopt;

  GradientCase tensor;
  tensor.geometry = traces::geometry_of(manifest, gemm);
  const std::vector<double> x = decoded_codes(trace, *input);
  const std::vector<float> dz = trace.read_fp32(*gradient->source);
  tensor.input = x;
  tensor.gradient = dz;
  tensor.draws = {.seed = manifest.run.seed, .step = gemm.step, .layer = gemm.layer, .sample = 0};
  if (gradient->rule == traces::Rule::luq_fp4) tensor.random_bits = gradient->random_bits;
  tensor.alpha = gradient->alpha;
  if (gradient->maximum == traces::Maximum::hindsight) tensor.maximum = gradient->max_used;

  LayerFidelity fidelity{.layer = manifest.layer(gemm.layer).name,
                         .step = gemm.step,
                         .images = tensor.geometry.batch,
                         .batch = tensor.geometry.batch,
                         .effects = {}};
  const std::int64_t macs_an_image = traces::mac_count(gemm.size) / fidelity.batch;
  const std::int64_t elements_an_image = traces::output_elements(tensor.geometry) / fidelity.batch;
  const std::int64_t fitting = std::min(most_macs / macs_an_image, most_elements / elements_an_image);
  fidelity.images = std::clamp<std::int64_t>(fitting, 1, fidelity.batch);
  tensor.geometry.batch = fidelity.images;
  fidelity.effects = rounding_effects(tensor, pool);
  return fidelity;
}

std::vector<CodeHistogram> count_codes(const traces::TraceReader& trace) {
  const traces::Manifest& manifest = trace.manifest();
  std::vector<CodeHistogram> histograms;
  for (const traces::LayerRecord& layer : manifest.layers) {
    std::array<std::uint64_t, 16> by_code{};
    for (const traces::QuantizerRecord& record : manifest.quantizers) {
      if (record.layer != layer.id || record.role != traces::Role::gradient) continue;
      const auto elements = traces::element_count(manifest.tensors.at(record.codes).shape);
      for (const std::uint8_t code :
           traces::unpack_nibbles(trace.read_codes(record.codes), as_size(elements)))
        ++by_code[code];
    }
    if (std::all_of(by_code.begin(), by_code.end(), [](std::uint64_t count) { return count == 0; })) continue;
    CodeHistogram& histogram = histograms.emplace_back();
    histogram.layer = layer.name;
    for (std::size_t code = 0; code < 16; ++code) {
      const auto place = std::find(CodeHistogram::values.begin(), CodeHistogram::values.end(),
                                   int{traces::fp4_e3m0_values[code]});
      histogram.counts[as_size(place - CodeHistogram::values.begin())] += by_code[code];
    }
  }
  return histograms;
}

}  // namespace

GradientStudy study_gradients(const traces::TraceReader& trace, traces::ThreadPool& pool,
                              traces::Progress& progress, std::int64_t most_macs) {
  GradientStudy study;
  const traces::Manifest& manifest = trace.manifest();
  for (const traces::QuantizerRecord& record : manifest.quantizers)
    if (record.role == traces::Role::gradient) study.rule = traces::name_of(record.rule);
  study.histograms = count_codes(trace);

  progress.begin("gradient fidelity", manifest.gemms.size());
  std::uint64_t done = 0;
  for (const traces::LayerRecord& layer : manifest.layers)
    for (const traces::GemmRecord& gemm : manifest.gemms) {
      if (gemm.layer != layer.id) continue;
      if (gemm.phase == traces::Phase::backward_weight)
        if (auto fidelity = fidelity_of(trace, gemm, most_macs, pool))
          study.fidelity.push_back(std::move(*fidelity));
      progress.update(++done, layer.name);
    }
  progress.finish();
  return study;
}

}  // namespace quatrain::sim::report
