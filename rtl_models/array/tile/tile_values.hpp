#pragma once
/// The values of one tile at once: every sum, and the activity that the clock edges of the tile would have
/// shown. One class per kind of dataflow.

#include "rtl_models/array/activity.hpp"
#include "rtl_models/array/dataflow.hpp"
#include "rtl_models/array/tile/sums.hpp"
#include "rtl_models/pe/pe_table.hpp"
#include "rtl_models/schedule/timeline.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <memory>
#include <span>

namespace quatrain::rtl_models {

/// A GEMM on an array. Spans and pointers live as long as the values.
struct TileJob {
  traces::Gemm gemm;
  traces::Operand left;
  std::span<const traces::Operand> right;
  ArrayShape array;
  OperandTable (*operands)(traces::Encoding) = nullptr;  ///< of the kind of PE
  std::uint64_t end = 0;                                 ///< the last edge that counts (Timeline)
  std::span<std::int32_t> accumulators;  ///< words in natural shape; tiles add to them, or go on from them
  SimdPath path = SimdPath::portable;
};

class TileValues {
 public:
  virtual ~TileValues() = default;
  /// One tile after the other, in the order of their times.
  virtual void compute(const Tile& tile, const TileTimes& times) = 0;
  /// Of all tiles; after the last.
  virtual Activity activity() = 0;
};

std::unique_ptr<TileValues> make_tile_values(const Dataflow& dataflow, const TileJob& job);

}  // namespace quatrain::rtl_models
