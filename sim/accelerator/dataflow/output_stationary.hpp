#pragma once
/// Cycles of an output-stationary array in closed form (docs/hardware-model.md, "Cycles").

#include "sim/accelerator/mapping.hpp"

#include <cstdint>

namespace quatrain::sim {

/// What the cycles of a tile depend on: its rows and columns of results, and the operands of its stream.
struct TileExtent {
  std::uint64_t rows = 1, columns = 1, stream = 1;
};

/// Cycles from a tile's first operand to its last word.
std::uint64_t tile_cycles(const TileExtent& tile);
/// Cycles from the begin of a tile to that of the next one.
std::uint64_t tile_interval(rtl_models::Drain drain, const TileExtent& tile, const TileExtent& next);

/// Of a whole GEMM. Without blocks, or with Drain::serial, the time for this does not depend on its size.
std::uint64_t output_stationary_cycles(const Mapping& mapping, rtl_models::Drain drain);

}  // namespace quatrain::sim
