#pragma once
/// An integer register that sums, in fewer than 32 bits (numerics.md section 7). Wires beyond its width are
/// not there (wrap), or they tell when the largest or smallest value takes the sum's place (saturate).

#include "traces/accumulator.hpp"

#include <cstdint>
#include <limits>

namespace quatrain::rtl_models {

/// As numbers that serve either kind, and one of 32 bits, without a branch: |sum| < 2^31.
struct SumLimits {
  int lost_bits = 0;  ///< at the top
  std::int32_t smallest = std::numeric_limits<std::int32_t>::min(),
               largest = std::numeric_limits<std::int32_t>::max();

  constexpr SumLimits() = default;
  constexpr explicit SumLimits(const traces::Accumulator& accumulator) {
    if (!accumulator.is_narrow()) return;
    switch (accumulator.overflow) {
      case traces::Overflow::wrap:
        lost_bits = 32 - static_cast<int>(accumulator.bits);
        break;
      case traces::Overflow::saturate:
        largest = (std::int32_t{1} << (accumulator.bits - 1)) - 1;
        smallest = -largest - 1;
        break;
      case traces::Overflow::infinity:  // no integer's
        break;
    }
  }
  [[gnu::always_inline]] constexpr std::int32_t keep(std::int32_t sum) const {
    const std::int32_t wrapped =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(sum) << lost_bits) >> lost_bits;
    const std::int32_t at_least = wrapped < smallest ? smallest : wrapped;
    return at_least > largest ? largest : at_least;
  }
};

/// The bits that the register has whose words leave, and the one of a chunk.
constexpr std::uint32_t sum_mask(const traces::Accumulator& accumulator) {
  return ~std::uint32_t{0} >> (32 - accumulator.result_bits());
}
constexpr std::uint32_t part_mask(const traces::Accumulator& accumulator) {
  return ~std::uint32_t{0} >> (32 - accumulator.bits);
}

}  // namespace quatrain::rtl_models
