#pragma once
/// Counts of bits in lanes, in forms that compilers turn into vector code.

#include <cstdint>

namespace quatrain::rtl_models {

inline constexpr std::uint32_t lane_block = 32;

[[gnu::always_inline]] inline std::uint8_t nibble_bits(std::uint8_t x) {
  const auto pairs = static_cast<std::uint8_t>((x & 0x5) + ((x >> 1) & 0x5));
  return static_cast<std::uint8_t>((pairs & 0x3) + ((pairs >> 2) & 0x3));
}

/// 1 when one of the low four bits is set.
[[gnu::always_inline]] inline std::uint8_t any_bit(std::uint8_t x) {
  x = static_cast<std::uint8_t>(x | (x >> 2));
  return static_cast<std::uint8_t>((x | (x >> 1)) & 1);
}

[[gnu::always_inline]] inline std::uint32_t word_bits(std::uint32_t x) {
  x = x - ((x >> 1) & 0x55555555U);
  x = (x & 0x33333333U) + ((x >> 2) & 0x33333333U);
  x = (x + (x >> 4)) & 0x0F0F0F0FU;
  x = x + (x >> 8);
  return (x + (x >> 16)) & 0x3FU;
}

[[gnu::always_inline]] inline std::uint64_t lane_sum(const std::uint8_t (&lanes)[lane_block]) {
  std::uint64_t sum = 0;
  for (const std::uint8_t lane : lanes) sum += lane;
  return sum;
}

}  // namespace quatrain::rtl_models
