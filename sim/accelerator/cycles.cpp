#include "sim/accelerator/cycles.hpp"

namespace quatrain::sim {
namespace {

double ratio(std::uint64_t part, double whole) { return whole == 0 ? 0 : static_cast<double>(part) / whole; }

}  // namespace

std::uint64_t cycles_of(const Mapping& mapping) {
  // Summed over the tiles of a group, r gives m for each column of tiles, and c gives n for each row of
  // tiles.
  const std::uint64_t row_tiles = mapping.row_tiles(), column_tiles = mapping.column_tiles();
  const std::uint64_t streamed = checked_product(row_tiles, column_tiles, mapping.stream_length());
  const std::uint64_t passes = mapping.passes();
  const std::uint64_t drained = checked_product(
      passes,
      checked_sum(checked_product(2, column_tiles, mapping.m()), checked_product(row_tiles, mapping.n())));
  return checked_product(mapping.groups(),
                         checked_sum(streamed, drained) - 2 * row_tiles * column_tiles * passes);
}

UseOfArray& UseOfArray::operator+=(const UseOfArray& other) {
  pes = other.pes;
  tiles = checked_sum(tiles, other.tiles);
  outputs = checked_sum(outputs, other.outputs);
  streamed_cycles = checked_sum(streamed_cycles, other.streamed_cycles);
  cycles = checked_sum(cycles, other.cycles);
  macs = checked_sum(macs, other.macs);
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
          checked_product(mapping.groups(), mapping.m(), mapping.n()),
          checked_product(mapping.tiles(), mapping.stream_length()),
          cycles_of(mapping),
          mapping.macs()};
}

}  // namespace quatrain::sim
