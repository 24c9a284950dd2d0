#pragma once
/// What a tile asks of an array, whatever the dataflow: how much enters, and which words leave.

#include "rtl_models/array/dataflow.hpp"
#include "rtl_models/schedule/tile_schedule.hpp"

#include <cstdint>

namespace quatrain::rtl_models {

struct TileWork {
  std::uint32_t rows = 0, columns = 0;  ///< of PEs in use
  std::uint64_t preload = 0;            ///< words that enter each column first, to be held
  std::uint64_t stream = 0;             ///< operands that pass through each PE
  std::uint64_t words = 0;              ///< that each column in use sends
  std::uint64_t first_word = 0;  ///< edges from its stream's cycle 0 until column 0 sends the first of them

  /// Of a stream that begins in this cycle: the edge at which its last word leaves.
  std::uint64_t last_edge(std::uint64_t cycle) const { return cycle + first_word + words + columns - 2; }
};

/// `samples`: of the right operand; `k`: of one sample.
TileWork work_of(const Dataflow& dataflow, const Tile& tile, std::uint64_t samples, std::uint64_t k);

/// Which result, counted from the tile's first row and column, a word is part of.
struct ResultPlace {
  std::uint64_t row = 0, column = 0;
};
/// Word `word` of array column `column`.
ResultPlace place_of(const Dataflow& dataflow, const Tile& tile, std::uint64_t word, std::uint32_t column);

}  // namespace quatrain::rtl_models
