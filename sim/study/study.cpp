#include "sim/study/study.hpp"

#include "traces/base/error.hpp"
#include "traces/base/joined.hpp"
#include "traces/encoding/nibbles.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace quatrain::sim::study {
namespace {

constexpr std::int64_t most_elements = 1 << 20;  // of dZ: 16 quantizations in fp64, held twice, are 256 MB

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

/// A layer whose input the trace does not hold: only the batch of it counts.
traces::Shape input_shape(const traces::LayerRecord& layer, const traces::Shape& output) {
  return {output.at(0), layer.geometry.in_channels, 1, 1};
}

std::vector<double> decoded_codes(const traces::TraceReader& trace, const traces::QuantizerRecord& record) {
  const traces::TensorRecord& tensor = trace.manifest().tensors.at(record.codes);
  const auto codes =
      traces::unpack_nibbles(trace.read_codes(record.codes), as_size(traces::element_count(tensor.shape)));
  return decoded(tensor.encoding, codes, record.scale);
}

/// What each of the plan's lists leaves open is the record's own.
std::vector<Setting> settings_of(const StudyRequest& asked, const traces::QuantizerRecord& gradient) {
  const bool draws = traces::info_of(gradient.rule).draws;
  const std::vector<unsigned> bits = !asked.random_bits.empty() ? asked.random_bits
                                     : draws                    ? std::vector{gradient.random_bits}
                                                                : std::vector{16U};
  const std::vector<traces::Alpha> alphas = asked.alphas.empty() ? std::vector{gradient.alpha} : asked.alphas;
  std::vector<Setting> settings;
  for (const traces::Alpha alpha : alphas) {
    for (const unsigned r : bits)
      settings.push_back({.rule = traces::Rule::luq_fp4, .random_bits = r, .alpha = alpha});
    settings.push_back({.rule = traces::Rule::nearest_fp4, .random_bits = 0, .alpha = alpha});
  }
  return settings;
}

/// Of a gradient with a source.
StudiedGradient study_of(const traces::TraceReader& trace, const traces::QuantizerRecord& gradient,
                         const StudyOptions& options, base::ThreadPool& pool) {
  const traces::Manifest& manifest = trace.manifest();
  const traces::LayerRecord& layer = manifest.layer(gradient.layer);
  const auto* input = find_quantizer(manifest, gradient.layer, gradient.step, traces::Role::input);
  const auto shape_of = [&](const std::string& tensor) { return manifest.tensors.at(tensor).shape; };

  GradientCase tensor;
  const traces::Shape output = shape_of(gradient.codes);
  tensor.geometry = traces::geometry_of(
      layer, input == nullptr ? input_shape(layer, output) : shape_of(input->codes), output);
  const std::vector<double> x = input == nullptr ? std::vector<double>{} : decoded_codes(trace, *input);
  const std::vector<float> dz = trace.read_fp32(*gradient.source);
  tensor.input = x;
  tensor.gradient = dz;
  tensor.draws = {.seed = manifest.run.seed, .step = gradient.step, .layer = gradient.layer, .sample = 0};
  if (gradient.maximum == traces::Maximum::hindsight)
    tensor.maximum = std::get<traces::Fp4Facts>(gradient.facts).max_used;
  tensor.stops = options.stops;

  StudiedGradient studied{.layer = layer.name,
                          .step = gradient.step,
                          .images = tensor.geometry.batch,
                          .batch = tensor.geometry.batch,
                          .compared = input == nullptr ? Compared::gradient : Compared::weight_gradient,
                          .maximum = gradient.maximum,
                          .effects = {}};
  const std::int64_t elements_an_image = traces::output_elements(tensor.geometry) / studied.batch;
  std::int64_t fitting = most_elements / elements_an_image;
  if (input != nullptr) {
    const auto size = traces::gemm_size(traces::Phase::backward_weight, tensor.geometry);
    fitting = std::min(fitting, options.asked.most_macs / (traces::mac_count(size) / studied.batch));
  }
  studied.images = std::clamp<std::int64_t>(fitting, 1, studied.batch);
  tensor.geometry.batch = studied.images;
  studied.effects = rounding_effects(tensor,
                                     {.settings = settings_of(options.asked, gradient),
                                      .samples = options.asked.samples,
                                      .trials = options.asked.trials},
                                     pool);
  return studied;
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

/// Those with a source, by step; of several samples the first stands for all.
std::vector<traces::QuantizerRecord> gradients_of(const traces::Manifest& manifest, std::uint32_t layer) {
  std::vector<traces::QuantizerRecord> records;
  for (const traces::QuantizerRecord& record : manifest.quantizers)
    if (record.layer == layer && record.role == traces::Role::gradient && record.sample == 0 && record.source)
      records.push_back(record);
  std::ranges::stable_sort(records, {}, &traces::QuantizerRecord::step);
  return records;
}

}  // namespace

std::uint64_t CodeHistogram::total() const {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

GradientStudy study_gradients(const traces::TraceReader& trace, base::ThreadPool& pool,
                              base::Progress& progress, const StudyOptions& options) {
  GradientStudy study;
  const traces::Manifest& manifest = trace.manifest();
  study.manifest_sha256 = trace.manifest_sha256();
  study.asked = options.asked;
  study.model = manifest.run.model;
  std::uint64_t all = 0;
  for (const traces::QuantizerRecord& record : manifest.quantizers) {
    if (record.pass == traces::Pass::train) study.steps.insert(record.step);
    all += record.role == traces::Role::gradient && record.sample == 0 && record.source;
  }
  progress.begin("gradients", all);
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

    for (const traces::QuantizerRecord& gradient : gradients_of(manifest, layer.id))
      try_record(layer.name, gradient.step, options, study, [&] {
        study.gradients.push_back(study_of(trace, gradient, options, pool));
        progress.update(++done, fmt::format("{}, step {}", layer.name, gradient.step));
      });
  }
  progress.finish();
  study.rule = base::joined(rules);
  return study;
}

}  // namespace quatrain::sim::study
