#pragma once
/// Integer products whose rows are pixels of lines, on AVX2: vectors run along a line, of the left operand as
/// of the result, and sums go from the registers to their places. Where lines are shorter than a vector,
/// tiles (tiling.hpp) have their columns in vectors, and are transposed.

#include "emu/gemm/tiling.hpp"

#include <cstdint>

namespace quatrain::emu {

/// What the rows of a task are multiplied with.
struct LineOperands {
  const std::uint32_t* left = nullptr;
  const std::uint32_t* panel = nullptr;
  const std::int32_t* start = nullptr;  ///< of the panel's columns, tile_pitch of them
  std::size_t steps_per_sum = 0;        ///< as in add_integer_products
};

/// Runs a task of whole lines; follows_lines(*task.product) holds. Result: int32, the sums; or float,
/// f32(f32(sum) * scale). Needs SimdPath::avx2.
template <typename Result>
void run_line_task(const TileTask& task, const LineOperands& operands, float scale, Result* result);

}  // namespace quatrain::emu
