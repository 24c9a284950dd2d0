#pragma once
/// The adder of a floating-point accumulator, on bits: it aligns, adds and rounds once to the register's
/// format.

#include "rtl_models/quantizer/ieee.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

namespace quatrain::rtl_models {

struct Fp16 {
  using Bits = std::uint16_t;
  static constexpr int exponent_bits = 5, fraction_bits = 10;
};

/// a + b of two numbers whose significands have at most 62 bits. A zero that comes of a number and its
/// negative is +0.
template <typename Format>
constexpr typename Format::Bits rounded_sum(Number a, Number b) {
  if (a.significand == 0 && b.significand == 0) return rounded<Format>({a.negative && b.negative, 0, 0});
  if (b.significand == 0) return rounded<Format>(a);
  if (a.significand == 0) return rounded<Format>(b);
  const auto normalize = [](Number& x) {  // one bit stays free for the carry
    const int zeros = std::countl_zero(x.significand) - 1;
    x.significand <<= zeros;
    x.exponent -= zeros;
  };
  normalize(a);
  normalize(b);
  if (a.exponent < b.exponent || (a.exponent == b.exponent && a.significand < b.significand)) std::swap(a, b);
  const int distance = std::min(a.exponent - b.exponent, 63);
  const bool lost = (b.significand & ((std::uint64_t{1} << distance) - 1)) != 0;
  const std::uint64_t aligned = b.significand >> distance;
  if (a.negative == b.negative)
    return rounded<Format>({a.negative, a.significand + aligned, a.exponent}, lost);
  const std::uint64_t rest = a.significand - aligned - (lost ? 1U : 0U);
  return rounded<Format>({a.negative && rest != 0, rest, a.exponent}, lost);
}

template <typename Format>
constexpr bool is_infinite(typename Format::Bits bits) {
  return (bits & ~sign_bit<Format>) == infinity_bits<Format>;
}
template <typename Format>
constexpr bool is_nan(typename Format::Bits bits) {
  return (bits & static_cast<typename Format::Bits>(~sign_bit<Format>)) > infinity_bits<Format>;
}

/// The only NaN there is (numerics.md section 7).
inline constexpr std::uint32_t fp32_nan = 0x7FC00000;

/// The same number as fp32.
constexpr std::uint32_t fp32_of_fp16(std::uint16_t bits) {
  if (!is_infinite<Fp16>(bits)) return rounded<Fp32>(number<Fp16>(bits));
  return infinity_bits<Fp32> | ((bits & sign_bit<Fp16>) != 0 ? sign_bit<Fp32> : 0U);
}

/// Of two fp32 registers.
constexpr std::uint32_t fp32_sum(std::uint32_t a, std::uint32_t b) {
  if (is_nan<Fp32>(a) || is_nan<Fp32>(b)) return fp32_nan;
  if (is_infinite<Fp32>(a)) return is_infinite<Fp32>(b) && a != b ? fp32_nan : a;
  if (is_infinite<Fp32>(b)) return b;
  return rounded_sum<Fp32>(number<Fp32>(a), number<Fp32>(b));
}

}  // namespace quatrain::rtl_models
