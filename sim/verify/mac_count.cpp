#include "sim/verify/mac_count.hpp"

#include "sim/records/window.hpp"
#include "traces/base/error.hpp"
#include "traces/encoding/nibbles.hpp"

#include <algorithm>
#include <vector>

namespace quatrain::sim {
namespace {

using traces::Geometry;
using traces::Operand;
using traces::Phase;

/// 1 for a code whose value is not zero, else 0; one element per byte.
std::vector<std::uint8_t> non_zero_marks(const Operand& operand, std::int64_t elements) {
  std::vector<std::uint8_t> marks = traces::unpack_nibbles(operand.codes, static_cast<std::size_t>(elements));
  const auto& values = traces::code_values(operand.encoding);
  for (std::uint8_t& mark : marks) mark = values[mark] != 0;
  return marks;
}

/// Walks every (b, output position, tap) that is in range, tap by tap.
/// body(tap, first input index in a plane, first output index in a plane, how many, step of the input index).
template <typename Body>
void for_each_run(const Geometry& g, Body&& body) {
  for (std::int64_t i = 0; i < g.kernel_height; ++i)
    for (std::int64_t j = 0; j < g.kernel_width; ++j) {
      const WindowAxis vertical = rows_of(g), horizontal = columns_of(g);
      const Positions rows = vertical.outputs_in_range(i), columns = horizontal.outputs_in_range(j);
      if (columns.count() == 0) continue;
      for (std::int64_t ho = rows.first; ho < rows.end; ++ho) {
        const std::int64_t h = vertical.input_at(ho, i);
        const std::int64_t w = horizontal.input_at(columns.first, j);
        body(i * g.kernel_width + j, h * g.width + w, ho * g.out_width + columns.first,
             static_cast<std::uint64_t>(columns.count()));
      }
    }
}

/// A term joins one x or dZ of the left with one weight: both depend on it through channel and tap alone, so
/// the terms of a (channel, tap) are a product of two counts. forward: channel c; backward_data: channel o.
std::uint64_t non_zero_with_weight(const traces::Gemm& gemm, const Operand& left, const Operand& right) {
  const Geometry& g = gemm.geometry;
  const bool forward = gemm.phase == Phase::forward;
  const std::int64_t taps = g.kernel_height * g.kernel_width;
  const std::int64_t in = g.in_channels / g.groups, out = g.out_channels / g.groups;
  const auto lefts = non_zero_marks(left, traces::left_elements(gemm.phase, g));
  const auto weights = non_zero_marks(right, traces::weight_elements(g));
  const std::int64_t channels = forward ? g.in_channels : g.out_channels;
  const std::int64_t plane = forward ? g.height * g.width : g.out_height * g.out_width;
  std::vector<std::uint64_t> of_left(static_cast<std::size_t>(channels * taps)), of_weight(of_left.size());
  for (std::int64_t b = 0; b < g.batch; ++b)
    for (std::int64_t channel = 0; channel < channels; ++channel)
      for_each_run(g, [&](std::int64_t tap, std::int64_t input, std::int64_t output, std::uint64_t count) {
        const std::int64_t step = forward ? g.stride_width : 1;
        const std::uint8_t* mark =
            &lefts[static_cast<std::size_t>((b * channels + channel) * plane + (forward ? input : output))];
        std::uint64_t sum = 0;
        for (std::uint64_t at = 0; at < count; ++at) sum += mark[static_cast<std::int64_t>(at) * step];
        of_left[static_cast<std::size_t>(channel * taps + tap)] += sum;
      });
  for (std::int64_t o = 0; o < g.out_channels; ++o)
    for (std::int64_t c = 0; c < in; ++c)
      for (std::int64_t tap = 0; tap < taps; ++tap) {
        const std::int64_t channel = forward ? o / out * in + c : o;
        of_weight[static_cast<std::size_t>(channel * taps + tap)] +=
            weights[static_cast<std::size_t>((o * in + c) * taps + tap)];
      }
  std::uint64_t terms = 0;
  for (std::size_t i = 0; i < of_left.size(); ++i) terms += of_left[i] * of_weight[i];
  return terms;
}

/// backward_weight: x and dZ meet at an output position of their group; a product of two counts again.
std::uint64_t non_zero_with_gradient(const Geometry& g, const Operand& left, const Operand& right) {
  const std::int64_t in = g.in_channels / g.groups, out = g.out_channels / g.groups;
  const std::int64_t plane = g.height * g.width, out_plane = g.out_height * g.out_width;
  const auto inputs = non_zero_marks(left, traces::input_elements(g));
  const auto gradients = non_zero_marks(right, traces::output_elements(g));
  std::uint64_t terms = 0;
  std::vector<std::uint64_t> of_gradient(static_cast<std::size_t>(out_plane));
  for (std::int64_t b = 0; b < g.batch; ++b)
    for (std::int64_t group = 0; group < g.groups; ++group) {
      std::fill(of_gradient.begin(), of_gradient.end(), 0);
      for (std::int64_t o = group * out; o < (group + 1) * out; ++o)
        for (std::int64_t z = 0; z < out_plane; ++z)
          of_gradient[static_cast<std::size_t>(z)] +=
              gradients[static_cast<std::size_t>((b * g.out_channels + o) * out_plane + z)];
      for (std::int64_t c = group * in; c < (group + 1) * in; ++c)
        for_each_run(g, [&](std::int64_t, std::int64_t input, std::int64_t output, std::uint64_t count) {
          const std::uint8_t* mark =
              &inputs[static_cast<std::size_t>((b * g.in_channels + c) * plane + input)];
          const std::uint64_t* met = &of_gradient[static_cast<std::size_t>(output)];
          for (std::uint64_t at = 0; at < count; ++at)
            if (mark[static_cast<std::int64_t>(at) * g.stride_width] != 0) terms += met[at];
        });
    }
  return terms;
}

std::uint64_t non_zero_macs(const traces::Gemm& gemm, const Operand& left, const Operand& right) {
  switch (gemm.phase) {
    case Phase::forward:
    case Phase::backward_data:
      return non_zero_with_weight(gemm, left, right);
    case Phase::backward_weight:
      return non_zero_with_gradient(gemm.geometry, left, right);
  }
  __builtin_unreachable();
}

}  // namespace

MacCount& MacCount::operator+=(const MacCount& other) {
  if (__builtin_add_overflow(all, other.all, &all))
    throw base::Error("the trace has 2^64 MACs or more; expected fewer");
  in_range += other.in_range;  // parts of all: they fit where it does
  non_zero += other.non_zero;
  return *this;
}

std::uint64_t macs_of(const traces::Manifest& manifest) {
  MacCount sum;
  for (const traces::GemmRecord& record : manifest.gemms)  // the samples one by one: no product can overflow
    for (unsigned sample = 0; sample < record.samples; ++sample)
      sum += {.all = static_cast<std::uint64_t>(traces::mac_count(record.size))};
  return sum.all;
}

MacCount count_macs(const traces::Gemm& gemm, const Operand& left, std::span<const Operand> right) {
  const Geometry& g = gemm.geometry;
  MacCount count;
  count.all = right.size() * static_cast<std::uint64_t>(traces::mac_count(traces::gemm_size(gemm.phase, g)));
  count.in_range = in_range_macs(g, static_cast<unsigned>(right.size()));
  for (const Operand& operand : right) count.non_zero += non_zero_macs(gemm, left, operand);
  return count;
}

}  // namespace quatrain::sim
