#include "sim/report/gradient_fidelity.hpp"

#include "emu/quant/quantizer.hpp"
#include "traces/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

namespace quatrain::sim::report {
namespace {

using traces::Geometry;

constexpr unsigned most_samples = 16;
constexpr std::array<unsigned, 3> sample_counts = {1, 4, most_samples};

std::size_t as_size(std::int64_t value) { return static_cast<std::size_t>(value); }

void throw_if_stopped(const std::function<bool()>& stops) {
  if (stops && stops()) throw base::Interrupted();
}

/// Gradients rearranged to [group][position][gradient][output channel of the group]: what one input element
/// is multiplied with lies together.
class PositionMajor {
 public:
  PositionMajor(const Geometry& g, std::span<const std::vector<double>> gradients)
      : positions_(g.batch * g.out_height * g.out_width),
        width_(static_cast<std::int64_t>(gradients.size()) * (g.out_channels / g.groups)),
        values_(as_size(g.groups * positions_ * width_)) {
    const std::int64_t plane = g.out_height * g.out_width, out = g.out_channels / g.groups;
    for (std::size_t v = 0; v < gradients.size(); ++v)
      for (std::int64_t b = 0; b < g.batch; ++b)
        for (std::int64_t o = 0; o < g.out_channels; ++o)
          for (std::int64_t p = 0; p < plane; ++p)
            values_[as_size(((o / out) * positions_ + b * plane + p) * width_ +
                            static_cast<std::int64_t>(v) * out + o % out)] =
                gradients[v][as_size((b * g.out_channels + o) * plane + p)];
  }
  std::int64_t width() const { return width_; }
  const double* at(std::int64_t group, std::int64_t position) const {
    return &values_[as_size((group * positions_ + position) * width_)];
  }

 private:
  std::int64_t positions_, width_;
  std::vector<double> values_;
};

/// Sums of one input channel: [kernel tap][gradient][output channel of the group].
void add_channel(const Geometry& g, std::int64_t channel, std::span<const double> input,
                 const PositionMajor& gradients, const std::function<bool()>& stops, std::span<double> sums) {
  const std::int64_t group = channel / (g.in_channels / g.groups), width = gradients.width();
  for (std::int64_t b = 0; b < g.batch; ++b) {
    throw_if_stopped(stops);
    const double* plane = &input[as_size((b * g.in_channels + channel) * g.height * g.width)];
    for (std::int64_t ho = 0; ho < g.out_height; ++ho)
      for (std::int64_t wo = 0; wo < g.out_width; ++wo) {
        const double* gradient = gradients.at(group, (b * g.out_height + ho) * g.out_width + wo);
        for (std::int64_t i = 0; i < g.kernel_height; ++i)
          for (std::int64_t j = 0; j < g.kernel_width; ++j) {
            const std::int64_t h = ho * g.stride_height + i - g.padding_height;
            const std::int64_t w = wo * g.stride_width + j - g.padding_width;
            if (h < 0 || h >= g.height || w < 0 || w >= g.width) continue;
            const double x = plane[h * g.width + w];
            if (x == 0) continue;  // half of a rectified input
            double* sum = &sums[as_size((i * g.kernel_width + j) * width)];
            for (std::int64_t n = 0; n < width; ++n) sum[n] += x * gradient[n];
          }
      }
  }
}

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

std::vector<double> mean_of(std::span<const std::vector<double>> vectors) {
  std::vector<double> mean(vectors.front().size());
  for (const std::vector<double>& vector : vectors)
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += vector[i];
  for (double& value : mean) value /= static_cast<double>(vectors.size());
  return mean;
}

double dead_share_of(std::span<const float> gradient, std::span<const std::vector<double>> samples) {
  std::uint64_t alive = 0, dead = 0;
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    if (gradient[i] == 0) continue;
    const bool is_dead =
        std::all_of(samples.begin(), samples.end(), [i](const auto& s) { return s[i] == 0; });
    ++(is_dead ? dead : alive);
  }
  return alive + dead == 0 ? 0 : static_cast<double>(dead) / static_cast<double>(alive + dead);
}

/// `values` and `products`: the decoded gradient and its dW, one for each quantization.
RoundingEffect effect_of(std::string rule, unsigned samples, std::span<const float> gradient,
                         std::span<const std::vector<double>> values,
                         std::span<const std::vector<double>> products, std::span<const double> exact) {
  RoundingEffect effect{.rule = std::move(rule),
                        .samples = samples,
                        .trials = static_cast<unsigned>(products.size()) / samples};
  const double exact_square = dot(exact, exact), trials = effect.trials;
  double square_error = 0;
  std::vector<double> gains;
  for (std::size_t first = 0; first < products.size(); first += samples) {
    std::vector<double> mean = mean_of(products.subspan(first, samples));
    gains.push_back(dot(mean, exact) / exact_square);
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] -= exact[i];
    square_error += dot(mean, mean) / exact_square;
    effect.dead_share += dead_share_of(gradient, values.subspan(first, samples)) / trials;
  }
  effect.relative_error = std::sqrt(square_error / trials);
  for (const double gain : gains) effect.gain += gain / trials;
  double spread = 0;
  for (const double gain : gains) spread += (gain - effect.gain) * (gain - effect.gain);
  if (gains.size() > 1) effect.gain_deviation = std::sqrt(spread / (trials - 1));
  return effect;
}

}  // namespace

std::vector<double> decoded(traces::Encoding encoding, std::span<const std::uint8_t> codes, float scale) {
  const auto& table = traces::code_values(encoding);
  std::vector<double> values(codes.size());
  for (std::size_t i = 0; i < codes.size(); ++i) values[i] = table[codes[i]] * static_cast<double>(scale);
  return values;
}

std::vector<std::vector<double>> weight_gradients(const Geometry& geometry, std::span<const double> input,
                                                  std::span<const std::vector<double>> gradients,
                                                  base::ThreadPool& pool,
                                                  const std::function<bool()>& stops) {
  const std::int64_t in = geometry.in_channels / geometry.groups,
                     out = geometry.out_channels / geometry.groups;
  const std::int64_t taps = geometry.kernel_height * geometry.kernel_width;
  std::vector<std::vector<double>> results(gradients.size(),
                                           std::vector<double>(as_size(traces::weight_elements(geometry))));
  const PositionMajor by_position(geometry, gradients);
  constexpr std::int64_t channels_a_task = 4;
  const std::int64_t tasks = (geometry.in_channels + channels_a_task - 1) / channels_a_task;
  pool.parallel_for(as_size(tasks), [&](std::size_t task) {
    std::vector<double> sums(as_size(taps * by_position.width()));
    const std::int64_t first = static_cast<std::int64_t>(task) * channels_a_task;
    for (std::int64_t channel = first; channel < std::min(first + channels_a_task, geometry.in_channels);
         ++channel) {
      std::fill(sums.begin(), sums.end(), 0.0);
      add_channel(geometry, channel, input, by_position, stops, sums);
      const std::int64_t group = channel / in;
      for (std::int64_t tap = 0; tap < taps; ++tap)
        for (std::size_t v = 0; v < gradients.size(); ++v)
          for (std::int64_t o = 0; o < out; ++o)
            results[v][as_size(((group * out + o) * in + channel % in) * taps + tap)] =
                sums[as_size(tap * by_position.width() + static_cast<std::int64_t>(v) * out + o)];
    }
  });
  return results;
}

std::vector<RoundingEffect> rounding_effects(const GradientCase& tensor, base::ThreadPool& pool) {
  const emu::SimdPath path = emu::chosen_path();
  const auto luq = emu::make_quantizer(
      {.rule = traces::Rule::luq_fp4, .random_bits = tensor.random_bits, .alpha = tensor.alpha}, path);
  const auto nearest = emu::make_quantizer({.rule = traces::Rule::nearest_fp4, .alpha = tensor.alpha}, path);

  const std::span gradient = tensor.gradient.first(as_size(traces::output_elements(tensor.geometry)));
  std::vector<std::vector<double>> gradients;  // samples 0..15, nearest, exact
  const auto add_quantized = [&](const emu::Quantizer& quantizer, unsigned sample) {
    throw_if_stopped(tensor.stops);
    traces::DrawKey draws = tensor.draws;
    draws.sample = sample;
    emu::QuantizedTensor quantized;
    quantizer.quantize(tensor.gradient, draws, tensor.maximum, pool, quantized);
    gradients.push_back(
        decoded(quantized.encoding, std::span(quantized.codes).first(gradient.size()), quantized.scale));
  };
  for (unsigned sample = 0; sample < most_samples; ++sample) add_quantized(*luq, sample);
  add_quantized(*nearest, 0);
  gradients.emplace_back(gradient.begin(), gradient.end());

  const auto products = weight_gradients(tensor.geometry, tensor.input, gradients, pool, tensor.stops);
  const std::vector<double>& exact = products.back();
  if (const double square = dot(exact, exact); square == 0 || !std::isfinite(square)) return {};
  const std::span<const std::vector<double>> all_values(gradients), all_products(products);
  std::vector<RoundingEffect> effects;
  for (const unsigned samples : sample_counts)
    effects.push_back(effect_of("luq", samples, gradient, all_values.first(most_samples),
                                all_products.first(most_samples), exact));
  effects.push_back(effect_of("nearest", 1, gradient, all_values.subspan(most_samples, 1),
                              all_products.subspan(most_samples, 1), exact));
  return effects;
}

}  // namespace quatrain::sim::report
