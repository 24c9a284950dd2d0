#include "sim/accelerator/cycles.hpp"

namespace quatrain::sim {
namespace {

double ratio(std::uint64_t part, double whole) { return whole == 0 ? 0 : static_cast<double>(part) / whole; }

/// Pairs (output, tap) of one axis that meet an input: 0 <= output * stride - padding + tap < size.
std::int64_t meetings(std::int64_t outputs, std::int64_t taps, std::int64_t stride, std::int64_t padding,
                      std::int64_t size) {
  std::int64_t count = 0;
  for (std::int64_t tap = 0; tap < taps; ++tap) {
    const std::int64_t before = padding - tap;  // output * stride >= before
    const std::int64_t first = before <= 0 ? 0 : (before + stride - 1) / stride;
    const std::int64_t past = size + before;  // output * stride < past
    const std::int64_t end = past <= 0 ? 0 : (past + stride - 1) / stride;
    const std::int64_t last = end < outputs ? end : outputs;
    if (last > first) count += last - first;
  }
  return count;
}

}  // namespace

std::uint64_t cycles_of(const Mapping& mapping) {
  // Summed over the tiles of a group, r gives m for each column of tiles, and c gives n for each row of
  // tiles.
  const std::uint64_t row_tiles = mapping.row_tiles(), column_tiles = mapping.column_tiles();
  return mapping.groups() *
         (row_tiles * column_tiles * mapping.stream_length() + 2 * column_tiles * mapping.m() +
          row_tiles * mapping.n() - 2 * row_tiles * column_tiles);
}

std::uint64_t in_range_macs(const traces::Geometry& g, unsigned samples) {
  const std::int64_t rows =
      meetings(g.out_height, g.kernel_height, g.stride_height, g.padding_height, g.height);
  const std::int64_t columns =
      meetings(g.out_width, g.kernel_width, g.stride_width, g.padding_width, g.width);
  return samples * static_cast<std::uint64_t>(g.batch * (g.in_channels / g.groups) * g.out_channels) *
         static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(columns);
}

UseOfArray& UseOfArray::operator+=(const UseOfArray& other) {
  pes = other.pes;
  tiles += other.tiles;
  outputs += other.outputs;
  streamed_cycles += other.streamed_cycles;
  cycles += other.cycles;
  macs += other.macs;
  return *this;
}

double UseOfArray::spatial() const {
  return ratio(outputs, static_cast<double>(tiles) * static_cast<double>(pes));
}
double UseOfArray::temporal() const { return ratio(streamed_cycles, static_cast<double>(cycles)); }
double UseOfArray::overall() const {
  return ratio(macs, static_cast<double>(pes) * static_cast<double>(cycles));
}

UseOfArray use_of_array(const Mapping& mapping) {
  return {std::uint64_t{mapping.array.rows} * mapping.array.columns,
          mapping.tiles(),
          mapping.groups() * mapping.m() * mapping.n(),
          mapping.tiles() * mapping.stream_length(),
          cycles_of(mapping),
          mapping.macs()};
}

}  // namespace quatrain::sim
