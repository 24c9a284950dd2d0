#pragma once
/// Which part of a GEMM the array computes when. The simulator's mapping makes a schedule; the replay follows
/// it.

#include "traces/geometry.hpp"

#include <cstdint>
#include <vector>

namespace quatrain::rtl_models {

inline constexpr std::uint32_t largest_side = 1024;  ///< rows or columns of an array

struct ArrayShape {
  std::uint32_t rows = 32, columns = 32;
  friend bool operator==(const ArrayShape&, const ArrayShape&) = default;
};

/// Rows first_row .. first_row + rows - 1 of m and columns first_column .. of n, in one group; all of k, all
/// samples.
struct Tile {
  std::uint32_t group = 0;
  std::uint64_t first_row = 0, first_column = 0;
  std::uint32_t rows = 0, columns = 0;  ///< at most the array's
};

/// Tiles in the order in which the array computes them. Every output is in exactly one tile.
struct TileSchedule {
  ArrayShape array;
  std::uint64_t stream_length = 0;  ///< operands that pass through a tile: samples * k
  std::vector<Tile> tiles;
};

/// All tiles of a GEMM, rows of tiles inner (m first), ragged at the edges.
TileSchedule whole_gemm_schedule(const traces::GemmSize& size, unsigned samples, ArrayShape shape);

}  // namespace quatrain::rtl_models
