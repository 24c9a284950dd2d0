#pragma once
/// Sums of products as plain integer matrix products, and the bits that change in the registers which hold
/// them, step by step. Compiled for the vectors of the processor at hand (simd_path.hpp).

#include "rtl_models/array/sum_lanes.hpp"

#include <cstddef>
#include <cstdint>

namespace quatrain::rtl_models {

/// [step][stride] or [row][stride] of int32. Strides are multiples of sum_lanes, and operands are zero behind
/// the columns.
struct SumOperand {
  const std::int32_t* values;
  std::size_t stride;
};
struct SumRegisters {
  std::int32_t* values;
  std::size_t stride;
};

/// Output stationary: registers (i,j) += left (k,i) * right (k,j), for k = 0 .. length - 1 one after the
/// other. `restarts`: the first product replaces what is there. Returns the bits that changed.
std::uint64_t accumulate(SimdPath path, SumOperand left, SumOperand right, std::uint32_t rows,
                         std::size_t columns, std::uint64_t length, bool restarts, SumRegisters registers);
/// Held operands: at step t register (i,j) takes register (i-1,j)'s new value, or 0 for i = 0, plus moving
/// (t,i) * held (i,j). words (t,j) are the last row's. Returns the bits that changed.
std::uint64_t pass_down(SimdPath path, SumOperand moving, SumOperand held, std::uint32_t rows,
                        std::size_t columns, std::uint64_t length, SumRegisters registers,
                        SumRegisters words);

}  // namespace quatrain::rtl_models
