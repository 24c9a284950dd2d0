#pragma once
/// Which part of a GEMM the array computes when. The simulator's mapping makes a schedule; the replay follows
/// it.

#include "rtl_models/array/dataflow.hpp"
#include "traces/geometry.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace quatrain::rtl_models {

inline constexpr std::uint32_t largest_side = 1024;  ///< rows or columns of an array

struct ArrayShape {
  std::uint32_t rows = 32, columns = 32;
  friend bool operator==(const ArrayShape&, const ArrayShape&) = default;
};

/// first .. end - 1 of k.
struct KRange {
  std::uint64_t first = 0, end = 0;
  std::uint64_t count() const { return end - first; }
  friend bool operator==(const KRange&, const KRange&) = default;
};

/// Rows first_row .. first_row + rows - 1 of m and columns first_column .. of n, in one group: the results of
/// an output-stationary array that holds them, all samples. A stationary array holds a part of k and of n
/// (weights, of one sample) or of m (inputs), and everything along the other axis streams past; such a tile
/// is called a fold.
struct Tile {
  std::uint32_t group = 0;
  std::uint64_t first_row = 0, first_column = 0;
  std::uint32_t rows = 0, columns = 0;
  std::optional<KRange> k = {};  ///< the part of k that passes or is held; nothing: all of it
  std::uint32_t sample = 0;      ///< of the held weights
};

struct Holds;

/// Tiles in the order in which the array computes them. Every output is in exactly one tile for each k: what
/// several tiles give for it is summed in the accumulator buffer.
struct TileSchedule {
  ArrayShape array;
  std::uint64_t stream_length = 0;  ///< operands that pass through a tile with all of k: samples * k
  std::vector<Tile> tiles;
  const Holds* holds = nullptr;  ///< holds.hpp; nullptr: operands are always there
};

/// All tiles of a GEMM, ragged at the edges. Output stationary: rows of tiles inner (m first). Weight and
/// input stationary: for each part of n (or m) the parts of k in order, of each part the samples of the
/// weights.
TileSchedule whole_gemm_schedule(const traces::GemmSize& size, unsigned samples, ArrayShape shape,
                                 const Dataflow& dataflow = OutputStationary{});

}  // namespace quatrain::rtl_models
