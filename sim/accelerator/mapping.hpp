#pragma once
/// How a GEMM is laid over the array. Output stationary: tiles of at most rows x columns outputs, all of k
/// and all samples in one stream. Weight and input stationary: folds (dataflow/stationary.hpp), no blocks.
/// Without blocks, tiles of rows follow each other inside a column of tiles, in the order of
/// rtl_models::whole_gemm_schedule. With blocks, those of a block follow each other in the same way.

#include "rtl_models/array/dataflow.hpp"
#include "rtl_models/schedule/holds.hpp"
#include "rtl_models/schedule/tile_schedule.hpp"
#include "sim/accelerator/checked.hpp"
#include "sim/accelerator/dataflow/convention.hpp"
#include "sim/accelerator/mapping/blocks.hpp"
#include "traces/geometry.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace quatrain::sim {

struct Mapping {
  traces::GemmSize size;  ///< of one group
  unsigned samples = 1;
  rtl_models::ArrayShape array;
  std::optional<Blocks> blocks = {};
  rtl_models::Dataflow dataflow = {};
  Convention convention = Convention::quatrain;

  std::uint64_t groups() const { return static_cast<std::uint64_t>(size.groups); }
  std::uint64_t m() const { return static_cast<std::uint64_t>(size.m); }
  std::uint64_t n() const { return static_cast<std::uint64_t>(size.n); }
  /// Operands that pass through a tile.
  std::uint64_t stream_length() const {
    return checked_product(std::uint64_t{samples}, static_cast<std::uint64_t>(size.k));
  }
  /// Tiles of one group, output stationary.
  std::uint64_t row_tiles() const { return (m() + array.rows - 1) / array.rows; }
  std::uint64_t column_tiles() const { return (n() + array.columns - 1) / array.columns; }
  /// Tiles or folds of all groups.
  std::uint64_t tiles() const;
  /// Multiply-accumulates, including the terms that lie outside a tensor.
  std::uint64_t macs() const { return checked_product(groups(), m(), n(), stream_length()); }
  /// Times that the array gives a part of each sum: 1 where a tile's stream is not interrupted. The
  /// accumulator buffer adds the parts.
  std::uint64_t passes() const;
};

Trips trips_of(const Blocks& blocks, const traces::GemmSize& size);

/// Without blocks, or where no stream is interrupted, every tile has all of k.
rtl_models::TileSchedule schedule_of(const Mapping& mapping);
/// Where in this schedule each block begins. `mapping` has blocks.
std::vector<rtl_models::BlockBegin> block_begins(const Mapping& mapping,
                                                 const rtl_models::TileSchedule& schedule);

}  // namespace quatrain::sim
