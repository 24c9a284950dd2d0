#include "sim/study/weight_gradient.hpp"

#include "traces/base/error.hpp"

#include <algorithm>

namespace quatrain::sim::study {
namespace {

using traces::Geometry;

std::size_t as_size(std::int64_t value) { return static_cast<std::size_t>(value); }

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
    if (stops && stops()) throw base::Interrupted();
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

}  // namespace quatrain::sim::study
