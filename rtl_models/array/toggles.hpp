#pragma once
/// Counts of bits in lanes, in forms that compilers turn into vector code.

#include "rtl_models/array/simd_path.hpp"
#include "rtl_models/pe/four_bit_operands.hpp"
#include "rtl_models/pe/link.hpp"

#include <cstdint>
#include <type_traits>

namespace quatrain::rtl_models {

inline constexpr std::uint32_t lane_block = 32;

[[gnu::always_inline]] inline std::uint8_t nibble_bits(std::uint8_t x) {
  const auto pairs = static_cast<std::uint8_t>((x & 0x5) + ((x >> 1) & 0x5));
  return static_cast<std::uint8_t>((pairs & 0x3) + ((pairs >> 2) & 0x3));
}

/// Bits of an operand that has room for 16.
[[gnu::always_inline]] inline std::uint8_t operand_bits(std::uint16_t x) {
  x = static_cast<std::uint16_t>(x - ((x >> 1) & 0x5555));
  x = static_cast<std::uint16_t>((x & 0x3333) + ((x >> 2) & 0x3333));
  x = static_cast<std::uint16_t>((x + (x >> 4)) & 0x0F0F);
  return static_cast<std::uint8_t>((x + (x >> 8)) & 0x1F);
}

/// Bits that differ in the operands that a kind of PE makes of two codes.
template <typename Kind, traces::Encoding encoding>
[[gnu::always_inline]] inline std::uint8_t link_toggles(Link before, Link after) {
  if constexpr (std::is_base_of_v<FourBitOperands, Kind>) {
    return nibble_bits(static_cast<Link>((before ^ after) & code_bits));
  } else {
    const auto old = Kind::template operand<encoding>(static_cast<std::int16_t>(before & code_bits)),
               now = Kind::template operand<encoding>(static_cast<std::int16_t>(after & code_bits));
    return operand_bits(static_cast<std::uint16_t>(old ^ now));
  }
}

/// Rows whose toggles of one column fit a byte.
template <typename Kind>
inline constexpr std::uint32_t rows_in_a_byte = 255 / Kind::operand_bits;

/// 1 when one of the low four bits is set.
[[gnu::always_inline]] inline std::uint8_t any_bit(std::uint8_t x) {
  x = static_cast<std::uint8_t>(x | (x >> 2));
  return static_cast<std::uint8_t>((x | (x >> 1)) & 1);
}

/// `path`: whose instructions the caller is compiled for.
template <SimdPath path>
[[gnu::always_inline]] inline std::uint32_t word_bits(std::uint32_t x) {
  if constexpr (path == SimdPath::avx512) return static_cast<std::uint32_t>(__builtin_popcount(x));
  x = x - ((x >> 1) & 0x55555555U);
  x = (x & 0x33333333U) + ((x >> 2) & 0x33333333U);
  x = (x + (x >> 4)) & 0x0F0F0F0FU;
  x = x + (x >> 8);
  return (x + (x >> 16)) & 0x3FU;
}

template <std::size_t count>
[[gnu::always_inline]] inline std::uint64_t lane_sum(const std::uint8_t (&lanes)[count]) {
  std::uint64_t sum = 0;
  for (const std::uint8_t lane : lanes) sum += lane;
  return sum;
}

}  // namespace quatrain::rtl_models
