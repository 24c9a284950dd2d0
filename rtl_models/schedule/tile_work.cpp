#include "rtl_models/schedule/tile_work.hpp"

#include <variant>

namespace quatrain::rtl_models {

TileWork work_of(const Dataflow& dataflow, const Tile& tile, std::uint64_t samples, std::uint64_t k) {
  const std::uint64_t part = tile.k ? tile.k->count() : k;
  const auto held_rows = static_cast<std::uint32_t>(part);
  return std::visit(
      Overloaded{[&](const OutputStationary&) {
                   const std::uint64_t stream = samples * part;
                   return TileWork{tile.rows, tile.columns, 0, stream, tile.rows, stream + tile.rows};
                 },
                 [&](const WeightStationary&) {
                   return TileWork{held_rows, tile.columns, part, tile.rows, tile.rows, held_rows};
                 },
                 [&](const InputStationary&) {
                   const std::uint64_t stream = samples * tile.columns;
                   return TileWork{held_rows, tile.rows, part, stream, stream, held_rows};
                 }},
      dataflow);
}

ResultPlace place_of(const Dataflow& dataflow, const Tile& tile, std::uint64_t word, std::uint32_t column) {
  return std::visit(Overloaded{[&](const OutputStationary&) {  // the bottom row's word comes first
                                 return ResultPlace{tile.rows - 1 - word, column};
                               },
                               [&](const WeightStationary&) {
                                 return ResultPlace{word, column};
                               },
                               [&](const InputStationary&) {  // the samples follow each other
                                 return ResultPlace{column, word % tile.columns};
                               }},
                    dataflow);
}

}  // namespace quatrain::rtl_models
