#include "sim/records/in_range.hpp"

#include <algorithm>

namespace quatrain::sim {
namespace {

Positions in_range(std::int64_t tap, std::int64_t outputs, std::int64_t inputs, std::int64_t stride,
                   std::int64_t padding) {
  const std::int64_t offset = tap - padding;  // input = position * stride + offset
  const std::int64_t first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  const std::int64_t room = inputs - 1 - offset;
  return {first, room < 0 ? first : std::min(outputs, room / stride + 1)};
}

}  // namespace

Positions rows_in_range(const traces::Geometry& g, std::int64_t tap) {
  return in_range(tap, g.out_height, g.height, g.stride_height, g.padding_height);
}

Positions columns_in_range(const traces::Geometry& g, std::int64_t tap) {
  return in_range(tap, g.out_width, g.width, g.stride_width, g.padding_width);
}

std::uint64_t in_range_macs(const traces::Geometry& g, unsigned samples) {
  std::int64_t rows = 0, columns = 0;
  for (std::int64_t tap = 0; tap < g.kernel_height; ++tap) rows += rows_in_range(g, tap).count();
  for (std::int64_t tap = 0; tap < g.kernel_width; ++tap) columns += columns_in_range(g, tap).count();
  return samples * static_cast<std::uint64_t>(g.batch * (g.in_channels / g.groups) * g.out_channels) *
         static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(columns);
}

}  // namespace quatrain::sim
