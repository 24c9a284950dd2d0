#include "sim/records/window.hpp"

#include <algorithm>

namespace quatrain::sim {
namespace {

std::uint64_t pairs_in_range(const WindowAxis& axis) {
  std::int64_t pairs = 0;
  for (std::int64_t tap = 0; tap < axis.taps; ++tap) pairs += axis.outputs_in_range(tap).count();
  return static_cast<std::uint64_t>(pairs);
}

}  // namespace

std::optional<std::int64_t> WindowAxis::input_met(std::int64_t output, std::int64_t tap) const {
  const std::int64_t input = input_at(output, tap);
  if (input < 0 || input >= inputs) return std::nullopt;
  return input;
}

std::optional<std::int64_t> WindowAxis::output_met(std::int64_t input, std::int64_t tap) const {
  const std::int64_t distance = input + padding - tap;
  if (distance < 0 || distance % stride != 0 || distance / stride >= outputs) return std::nullopt;
  return distance / stride;
}

Positions WindowAxis::outputs_in_range(std::int64_t tap) const {
  const std::int64_t offset = tap - padding;  // input = output * stride + offset
  const std::int64_t first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  const std::int64_t room = inputs - 1 - offset;
  return {first, room < 0 ? first : std::min(outputs, room / stride + 1)};
}

WindowAxis rows_of(const traces::Geometry& g) {
  return {g.height, g.out_height, g.kernel_height, g.stride_height, g.padding_height};
}

WindowAxis columns_of(const traces::Geometry& g) {
  return {g.width, g.out_width, g.kernel_width, g.stride_width, g.padding_width};
}

std::uint64_t in_range_macs(const traces::Geometry& g, unsigned samples) {
  return samples * static_cast<std::uint64_t>(g.batch * (g.in_channels / g.groups) * g.out_channels) *
         pairs_in_range(rows_of(g)) * pairs_in_range(columns_of(g));
}

}  // namespace quatrain::sim
