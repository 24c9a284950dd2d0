#pragma once
/// Scratch memory of the fast products (blocked.hpp, fp32.hpp), reused from call to call.

#include "emu/simd/aligned_vector.hpp"

#include <cstdint>
#include <vector>

namespace quatrain::emu {

struct GemmWorkspace {
  AlignedVector<std::uint32_t> left, right;  ///< words of 4 codes
  std::vector<std::int32_t> parts;           ///< results of the parts of a sum but the first
  std::vector<std::int32_t> accumulators;    ///< where only the scaled output is wanted
  AlignedVector<float> left_fp32, right_fp32;
};

}  // namespace quatrain::emu
