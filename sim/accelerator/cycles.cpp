#include "sim/accelerator/cycles.hpp"

namespace quatrain::sim {
namespace {

double ratio(std::uint64_t part, double whole) { return whole == 0 ? 0 : static_cast<double>(part) / whole; }

}  // namespace

std::uint64_t cycles_of(const Mapping& mapping) {
  // Summed over the tiles of a group, r gives m for each column of tiles, and c gives n for each row of
  // tiles.
  const std::uint64_t row_tiles = mapping.row_tiles(), column_tiles = mapping.column_tiles();
  return mapping.groups() *
         (row_tiles * column_tiles * mapping.stream_length() + 2 * column_tiles * mapping.m() +
          row_tiles * mapping.n() - 2 * row_tiles * column_tiles);
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
double UseOfArray::overall_of(std::uint64_t some_macs) const {
  return ratio(some_macs, static_cast<double>(pes) * static_cast<double>(cycles));
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
