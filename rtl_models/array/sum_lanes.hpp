#pragma once
/// Sixteen 32-bit registers side by side, and what is done to them at once. GCC lowers these vectors to what
/// the target has. No function that is not inlined takes or returns one.

#include "rtl_models/array/simd_path.hpp"

#include <cstddef>
#include <cstdint>

namespace quatrain::rtl_models {

inline constexpr std::size_t sum_lanes = 16;

using SumLanes [[gnu::vector_size(64), gnu::aligned(4), gnu::may_alias]] = std::int32_t;
using BitLanes [[gnu::vector_size(64)]] = std::uint32_t;

[[gnu::always_inline]] inline SumLanes& lanes_at(std::int32_t* registers) {
  return *reinterpret_cast<SumLanes*>(registers);
}
[[gnu::always_inline]] inline const SumLanes& lanes_at(const std::int32_t* registers) {
  return *reinterpret_cast<const SumLanes*>(registers);
}

/// sum += a * b. Values have 16 bits, and the upper halves of b are 0 where the path asks for that.
template <SimdPath path>
[[gnu::always_inline]] inline void multiply_add(SumLanes& sum, const SumLanes& a, const SumLanes& b) {
  if constexpr (path == SimdPath::avx512)
    asm("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));  // the low halves' product, the high ones' is 0
  else
    sum += a * b;
}
/// An operand as `multiply_add` wants it for b.
template <SimdPath path, typename Value>
[[gnu::always_inline]] inline void prepare(Value& b) {
  if constexpr (path == SimdPath::avx512) b &= 0xFFFF;
}

/// Adds the bits of `after` ^ `before` to the lanes of `toggles`.
template <SimdPath path>
[[gnu::always_inline]] inline void count_changes(const SumLanes& before, const SumLanes& after,
                                                 BitLanes& toggles) {
  const BitLanes changed = reinterpret_cast<BitLanes>(before ^ after);
  if constexpr (path == SimdPath::avx512) {
    BitLanes bits;
    for (std::size_t lane = 0; lane < sum_lanes; ++lane)
      bits[lane] = static_cast<std::uint32_t>(__builtin_popcount(changed[lane]));
    toggles += bits;
  } else {
    BitLanes x = changed - ((changed >> 1) & 0x55555555U);
    x = (x & 0x33333333U) + ((x >> 2) & 0x33333333U);
    x = (x + (x >> 4)) & 0x0F0F0F0FU;
    x = x + (x >> 8);
    toggles += (x + (x >> 16)) & 0x3FU;
  }
}

[[gnu::always_inline]] inline std::uint64_t sum_of(const BitLanes& toggles) {
  std::uint64_t sum = 0;
  for (std::size_t lane = 0; lane < sum_lanes; ++lane) sum += toggles[lane];
  return sum;
}

/// All ones in the lanes of the set bits.
[[gnu::always_inline]] inline void spread_bits(std::uint16_t bits, SumLanes& lanes) {
  constexpr SumLanes places = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  lanes = -(((SumLanes{} + std::int32_t{bits}) >> places) & 1);
}

}  // namespace quatrain::rtl_models
