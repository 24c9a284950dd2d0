#include "sim/report/gradient_study.hpp"

#include "traces/base/error.hpp"
#include "traces/base/joined.hpp"
#include "traces/encoding/nibbles.hpp"

#include <algorithm>
#include <numeric>
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
                                         const StudyOptions& options, base::ThreadPool& pool) {
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
  if (traces::info_of(gradient->rule).draws) tensor.random_bits = gradient->random_bits;
  tensor.alpha = gradient->alpha;
  if (gradient->maximum == traces::Maximum::hindsight)
    tensor.maximum = std::get<traces::Fp4Facts>(gradient->facts).max_used;
  tensor.stops = options.stops;

  LayerFidelity fidelity{.layer = manifest.layer(gemm.layer).name,
                         .step = gemm.step,
                         .images = tensor.geometry.batch,
                         .batch = tensor.geometry.batch,
                         .random_bits = tensor.random_bits,
                         .alpha = tensor.alpha,
                         .maximum = gradient->maximum,
                         .effects = {}};
  const std::int64_t macs_an_image = traces::mac_count(gemm.size) / fidelity.batch;
  const std::int64_t elements_an_image = traces::output_elements(tensor.geometry) / fidelity.batch;
  const std::int64_t fitting = std::min(options.most_macs / macs_an_image, most_elements / elements_an_image);
  fidelity.images = std::clamp<std::int64_t>(fitting, 1, fidelity.batch);
  tensor.geometry.batch = fidelity.images;
  fidelity.effects = rounding_effects(tensor, pool);
  return fidelity;
}

/// Adds the record's codes to the counts of its layer.
void count_codes(const traces::TraceReader& trace, const traces::QuantizerRecord& record,
                 CodeHistogram& histogram) {
  const auto elements = traces::element_count(trace.manifest().tensors.at(record.codes).shape);
  std::array<std::uint64_t, 16> by_code{};
  for (const std::uint8_t code : traces::unpack_nibbles(trace.read_codes(record.codes), as_size(elements)))
    ++by_code[code];
  for (std::size_t code = 0; code < 16; ++code) {
    const auto place = std::find(CodeHistogram::values.begin(), CodeHistogram::values.end(),
                                 int{traces::fp4_e3m0_values[code]});
    histogram.counts[as_size(place - CodeHistogram::values.begin())] += by_code[code];
  }
}

/// Computes; a record whose bytes do not fit the manifest is named in `study` instead.
template <typename Compute>
void try_record(const std::string& layer, std::uint32_t step, const StudyOptions& options,
                GradientStudy& study, const Compute& compute) {
  if (options.stops && options.stops()) throw base::Interrupted();
  try {
    compute();
  } catch (const base::Interrupted&) {
    throw;
  } catch (const base::Error& error) {
    study.unreadable.push_back({layer, step, error.what()});
  }
}

/// In the order of the network.
std::vector<traces::LayerRecord> layers_of(const traces::Manifest& manifest) {
  std::vector<traces::LayerRecord> layers = manifest.layers;
  std::ranges::sort(layers, {}, &traces::LayerRecord::id);
  return layers;
}

std::vector<traces::GemmRecord> weight_gradients_of(const traces::Manifest& manifest, std::uint32_t layer) {
  std::vector<traces::GemmRecord> gemms;
  for (const traces::GemmRecord& gemm : manifest.gemms)
    if (gemm.layer == layer && gemm.phase == traces::Phase::backward_weight) gemms.push_back(gemm);
  std::ranges::stable_sort(gemms, {}, &traces::GemmRecord::step);
  return gemms;
}

}  // namespace

std::uint64_t CodeHistogram::total() const {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

GradientStudy study_gradients(const traces::TraceReader& trace, base::ThreadPool& pool,
                              base::Progress& progress, const StudyOptions& options) {
  GradientStudy study;
  const traces::Manifest& manifest = trace.manifest();
  for (const traces::GemmRecord& gemm : manifest.gemms)
    if (gemm.pass == traces::Pass::train) study.steps.insert(gemm.step);
  progress.begin("gradients", manifest.layers.size());
  std::uint64_t done = 0;
  std::vector<std::string> rules;
  for (const traces::LayerRecord& layer : layers_of(manifest)) {
    CodeHistogram histogram{.layer = layer.name};
    for (const traces::QuantizerRecord& record : manifest.quantizers) {
      if (record.layer != layer.id || record.role != traces::Role::gradient) continue;
      if (const std::string rule(traces::name_of(record.rule)); std::ranges::find(rules, rule) == rules.end())
        rules.push_back(rule);
      try_record(layer.name, record.step, options, study, [&] { count_codes(trace, record, histogram); });
    }
    if (histogram.total() > 0) study.histograms.push_back(std::move(histogram));

    for (const traces::GemmRecord& gemm : weight_gradients_of(manifest, layer.id))
      try_record(layer.name, gemm.step, options, study, [&] {
        if (auto fidelity = fidelity_of(trace, gemm, options, pool))
          study.fidelity.push_back(std::move(*fidelity));
      });
    progress.update(++done, layer.name);
  }
  progress.finish();
  study.rule = base::joined(rules);
  return study;
}

}  // namespace quatrain::sim::report
