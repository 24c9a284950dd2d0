#pragma once
/// The integer moments of SAWB (numerics.md section 4, steps 3 and 4).

#include "emu/simd/dispatch.hpp"

#include <cstdint>
#include <span>

namespace quatrain::emu {

/// S1, S2 and the number of magnitudes that are not zero.
struct SawbSums {
  std::uint64_t sum1 = 0, sum2 = 0, above_zero = 0;
};

/// Sums over m_i = rint(|x_i| * to_units), at most 65536 each; at most piece_elements of them. largest: max
/// |x| of the tensor, of which x may be a piece.
SawbSums sawb_sums(std::span<const float> x, float largest, float to_units, SimdPath path);

}  // namespace quatrain::emu
