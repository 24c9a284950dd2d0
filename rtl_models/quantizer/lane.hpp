#pragma once
/// What a lane does to one element, on its bits (numerics.md sections 3 and 4): shifts, comparisons and small
/// adders behind one fp32 multiplier. Numbers are fp32 bit patterns.

#include "rtl_models/quantizer/ieee.hpp"

#include <algorithm>
#include <cstdint>

namespace quatrain::rtl_models {

constexpr std::uint32_t magnitude_of(std::uint32_t x) { return x & ~sign_bit<Fp32>; }
constexpr bool is_negative(std::uint32_t x) { return (x & sign_bit<Fp32>) != 0; }

/// significand 2^-shift as an integer, half to even. significand < 2^24, shift > 0.
constexpr std::uint32_t shifted_to_even(std::uint32_t significand, int shift) {
  if (shift > significand_bits<Fp32> + 1) return 0;  // below a half
  const std::uint32_t kept = significand >> shift;
  const std::uint32_t half = significand >> (shift - 1) & 1;
  const bool rest = (significand & ((std::uint32_t{1} << (shift - 1)) - 1)) != 0;
  return kept + (rest ? half : half & kept);
}

/// m of section 4, step 3: |x| 2^(16-p), 2^(p-1) <= maximum < 2^p. Nothing above 65,536.
constexpr std::uint32_t fixed_point(std::uint32_t x, std::uint32_t maximum) {
  const Number element = number<Fp32>(x);
  const int below_maximum = exponent_field<Fp32>(maximum) - std::max(exponent_field<Fp32>(x), 1);
  return shifted_to_even(static_cast<std::uint32_t>(element.significand), below_maximum + 8);
}

/// p of a normal maximum.
constexpr int exponent_above(std::uint32_t maximum) { return exponent_field<Fp32>(maximum) - bias<Fp32> + 1; }

/// Code of y = f32(x inv) (section 4, step 7): INT4 in -7 .. 7, UINT4 in 0 .. 15.
constexpr std::uint8_t integer_code(std::uint32_t y, bool is_signed) {
  const std::uint32_t largest = is_signed ? 7 : 15;
  const int field = exponent_field<Fp32>(y);
  const auto significand = static_cast<std::uint32_t>(number<Fp32>(y).significand);
  const bool is_large = field > bias<Fp32> + 3;  // 16 or more
  const std::uint32_t magnitude =
      is_large ? largest
               : std::min(shifted_to_even(significand, bias<Fp32> + Fp32::fraction_bits - std::max(field, 1)),
                          largest);
  const std::uint32_t code = is_negative(y) ? (is_signed ? 16 - magnitude : 0) : magnitude;
  return static_cast<std::uint8_t>(code & 0xF);
}

/// Levels of FP4: e = 7 from 64 on; level 1 is y = 1.
inline constexpr int largest_level = 7;
inline constexpr int field_of_64 = bias<Fp32> + 6;

/// t of section 3, step 6, in units of 2^-23, from a draw of `random_bits` bits.
constexpr std::uint32_t luq_threshold(std::uint32_t draw, unsigned random_bits) {
  return (2 * draw + 1) << (Fp32::fraction_bits - 1 - random_bits);
}

/// e of y = f32(|x| inv). Above 1 the fraction is g. Below 1 the whole significand is, shifted to its place:
/// what falls off cannot reach a threshold.
constexpr unsigned luq_level(std::uint32_t y, std::uint32_t threshold) {
  const int field = exponent_field<Fp32>(y);
  if (field >= field_of_64) return largest_level;
  const int below_one = bias<Fp32> - field;
  if (below_one > 0) {
    if (below_one > Fp32::fraction_bits) return 0;
    return (fraction<Fp32>(y) | hidden_bit<Fp32>) >> below_one >= threshold ? 1 : 0;
  }
  return static_cast<unsigned>(1 - below_one) + (fraction<Fp32>(y) >= threshold ? 1U : 0U);
}

/// The same without a draw: to the nearer level, ties to the even e.
constexpr unsigned nearest_level(std::uint32_t y) {
  constexpr std::uint32_t half = hidden_bit<Fp32> / 2;
  const int field = exponent_field<Fp32>(y);
  if (field >= field_of_64) return largest_level;
  if (field < bias<Fp32>) return field == bias<Fp32> - 1 && fraction<Fp32>(y) != 0 ? 1 : 0;  // y > 1/2
  const auto lower = static_cast<unsigned>(field - bias<Fp32> + 1);
  const std::uint32_t g = fraction<Fp32>(y);
  const bool upper_is_even = lower % 2 != 0;
  return lower + (g > half || (g == half && upper_is_even) ? 1U : 0U);
}

/// FP4 code of a level: zero has no sign.
constexpr std::uint8_t fp4_code(unsigned level, bool negative) {
  return static_cast<std::uint8_t>(level == 0 ? 0 : level | (negative ? 8U : 0U));
}

}  // namespace quatrain::rtl_models
