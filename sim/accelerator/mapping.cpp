#include "sim/accelerator/mapping.hpp"

#include "sim/accelerator/ceil_div.hpp"
#include "sim/accelerator/dataflow/stationary.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

namespace quatrain::sim {
namespace {

/// The block of a tile: its group, then its place in each loop, the outermost first.
std::array<std::uint64_t, 4> block_of(const Blocks& blocks, const rtl_models::Tile& tile) {
  std::array<std::uint64_t, 4> block{tile.group};
  std::size_t loop = 1;
  for (const char axis : name_of(blocks.order))
    if (axis == 'm')
      block[loop++] = tile.first_row / blocks.m;
    else if (axis == 'n')
      block[loop++] = tile.first_column / blocks.n;
    else if (axis == 'k')
      block[loop++] = tile.k ? tile.k->first : 0;
  return block;
}

}  // namespace

Trips trips_of(const Blocks& blocks, const traces::GemmSize& size) {
  return {ceil_div(static_cast<std::uint64_t>(size.m), blocks.m),
          ceil_div(static_cast<std::uint64_t>(size.n), blocks.n),
          ceil_div(static_cast<std::uint64_t>(size.k), blocks.k)};
}

std::uint64_t Mapping::tiles() const {
  if (std::holds_alternative<rtl_models::OutputStationary>(dataflow))
    return checked_product(groups(), row_tiles(), column_tiles());
  return checked_product(groups(), folds_of(*this).count());
}

std::uint64_t Mapping::passes() const {
  if (!std::holds_alternative<rtl_models::OutputStationary>(dataflow))
    return checked_product(folds_of(*this).slices, std::uint64_t{samples});
  if (!blocks) return 1;
  const Trips trips = trips_of(*blocks, size);
  // The next block of k follows at once where no other tile comes between; samples come between.
  const bool has_one_tile =
      std::min(blocks->m, m()) <= array.rows && std::min(blocks->n, n()) <= array.columns;
  return has_one_tile && samples == 1 && visits(blocks->order, trips, 'k') == 1 ? 1 : trips.k;
}

rtl_models::TileSchedule schedule_of(const Mapping& mapping) {
  rtl_models::TileSchedule schedule =
      rtl_models::whole_gemm_schedule(mapping.size, mapping.samples, mapping.array, mapping.dataflow);
  if (!mapping.blocks) return schedule;
  const std::uint64_t k = static_cast<std::uint64_t>(mapping.size.k), passes = mapping.passes();
  if (passes > 1) {
    std::vector<rtl_models::Tile> parts;
    for (rtl_models::Tile tile : schedule.tiles)
      for (std::uint64_t first = 0; first < k; first += mapping.blocks->k) {
        tile.k = {first, std::min(first + mapping.blocks->k, k)};
        parts.push_back(tile);
      }
    schedule.tiles = std::move(parts);
  }
  std::ranges::stable_sort(schedule.tiles, {},
                           [&](const rtl_models::Tile& tile) { return block_of(*mapping.blocks, tile); });
  return schedule;
}

std::vector<rtl_models::BlockBegin> block_begins(const Mapping& mapping,
                                                 const rtl_models::TileSchedule& schedule) {
  const Blocks& blocks = mapping.blocks.value();
  const auto k = static_cast<std::uint64_t>(mapping.size.k);
  const bool streams_on = mapping.passes() == 1;  // through all blocks of k
  std::vector<rtl_models::BlockBegin> begins;
  for (std::size_t i = 0; i < schedule.tiles.size(); ++i) {
    if (i > 0 && block_of(blocks, schedule.tiles[i]) == block_of(blocks, schedule.tiles[i - 1])) continue;
    begins.push_back({i, 0});
    for (std::uint64_t first = blocks.k; streams_on && first < k; first += blocks.k)
      begins.push_back({i, first});
  }
  return begins;
}

}  // namespace quatrain::sim
