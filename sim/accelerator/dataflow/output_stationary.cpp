#include "sim/accelerator/dataflow/output_stationary.hpp"

#include "sim/accelerator/checked.hpp"

#include <algorithm>
#include <cstdlib>

namespace quatrain::sim {
namespace {

using rtl_models::Drain;

/// a - b, or 0 where b is larger.
constexpr std::uint64_t excess(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : 0; }

std::uint64_t serial_cycles(const Mapping& mapping) {
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

/// Rows of tiles follow each other in every column of tiles, so that few different intervals occur. A column
/// of tiles ends with its last tile. Of all columns one of the last two ends last: the last may be narrower.
std::uint64_t overlapped_cycles(const Mapping& mapping, Drain drain) {
  const std::uint64_t row_tiles = mapping.row_tiles(), columns = mapping.groups() * mapping.column_tiles();
  const std::uint64_t last_rows = mapping.m() - (row_tiles - 1) * mapping.array.rows;
  const std::uint64_t last_columns = mapping.n() - (mapping.column_tiles() - 1) * mapping.array.columns;
  const std::uint64_t wide = mapping.column_tiles() > 1 ? mapping.array.columns : last_columns;
  const TileExtent full{mapping.array.rows, wide, mapping.stream_length()},
      last{last_rows, wide, mapping.stream_length()}, first = row_tiles > 1 ? full : last;
  std::uint64_t within = 0;  // from the first tile of a column of tiles to its last
  if (row_tiles > 1)
    within = checked_sum(checked_product(row_tiles - 2, tile_interval(drain, full, full)),
                         tile_interval(drain, full, last));
  const std::uint64_t between = tile_interval(drain, last, first);
  const std::uint64_t last_begins =
      checked_sum(checked_product(columns, within), checked_product(columns - 1, between));
  std::uint64_t end = checked_sum(last_begins, tile_cycles({last_rows, last_columns, last.stream}));
  if (columns > 1) end = std::max(end, last_begins - within - between + tile_cycles(last));
  return end;
}

/// The same, tile by tile.
std::uint64_t walked_cycles(const Mapping& mapping, Drain drain) {
  const rtl_models::TileSchedule schedule = schedule_of(mapping);
  const auto extent = [&](const rtl_models::Tile& tile) {
    return TileExtent{tile.rows, tile.columns,
                      tile.k ? mapping.samples * tile.k->count() : schedule.stream_length};
  };
  std::uint64_t begin = 0, end = 0;
  for (std::size_t i = 0; i < schedule.tiles.size(); ++i) {
    const TileExtent tile = extent(schedule.tiles[i]);
    if (i > 0) begin = checked_sum(begin, tile_interval(drain, extent(schedule.tiles[i - 1]), tile));
    end = std::max(end, checked_sum(begin, tile_cycles(tile)));
  }
  return end;
}

}  // namespace

std::uint64_t tile_cycles(const TileExtent& tile) {
  return checked_sum(tile.stream, 2 * tile.rows + tile.columns - 2);
}

std::uint64_t tile_interval(Drain drain, const TileExtent& tile, const TileExtent& next) {
  // A column's exit sends the words of one tile after those of the other.
  const std::uint64_t exit = excess(tile.stream + 2 * tile.rows, next.stream + next.rows);
  switch (drain) {
    case Drain::serial:
      return tile_cycles(tile);
    case Drain::skewed:  // the first product replaces a word that has left
      return std::max(tile.stream + tile.rows - 1, exit);
    case Drain::shadow:  // the last sum does
      return std::max({tile.stream, excess(tile.stream + tile.rows, next.stream), exit});
  }
  std::abort();
}

std::uint64_t output_stationary_cycles(const Mapping& mapping, Drain drain) {
  switch (drain) {
    case Drain::serial:
      return serial_cycles(mapping);
    case Drain::skewed:
    case Drain::shadow:
      return mapping.blocks ? walked_cycles(mapping, drain) : overlapped_cycles(mapping, drain);
  }
  std::abort();
}

}  // namespace quatrain::sim
