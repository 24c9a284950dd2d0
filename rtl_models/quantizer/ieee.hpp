#pragma once
/// IEEE 754 numbers as fields of bits, and their arithmetic on integers alone: nothing here is computed in
/// floating point. Rounded to nearest, ties to even; subnormal numbers are kept. What takes several cycles
/// in hardware (division, square root, fp64 product) is digit_unit.hpp.

#include <algorithm>
#include <bit>
#include <cstdint>

namespace quatrain::rtl_models {

/// The widths of a format. Its numbers are passed as Bits.
struct Fp32 {
  using Bits = std::uint32_t;
  static constexpr int exponent_bits = 8, fraction_bits = 23;
};
struct Fp64 {
  using Bits = std::uint64_t;
  static constexpr int exponent_bits = 11, fraction_bits = 52;
};

template <typename Format>
inline constexpr int bias = (1 << (Format::exponent_bits - 1)) - 1;
template <typename Format>
inline constexpr int significand_bits = Format::fraction_bits + 1;
template <typename Format>
inline constexpr typename Format::Bits hidden_bit = typename Format::Bits{1} << Format::fraction_bits;
template <typename Format>
inline constexpr typename Format::Bits sign_bit =
    typename Format::Bits{1} << (8 * sizeof(typename Format::Bits) - 1);
template <typename Format>
inline constexpr typename Format::Bits infinity_bits = sign_bit<Format> - hidden_bit<Format>;

template <typename Format>
constexpr int exponent_field(typename Format::Bits bits) {
  return static_cast<int>((bits & infinity_bits<Format>) >> Format::fraction_bits);
}
template <typename Format>
constexpr typename Format::Bits fraction(typename Format::Bits bits) {
  return bits & (hidden_bit<Format> - 1);
}

/// significand x 2^exponent.
struct Number {
  bool negative = false;
  std::uint64_t significand = 0;
  int exponent = 0;
};

/// Of a finite number. A subnormal one has no hidden bit.
template <typename Format>
constexpr Number number(typename Format::Bits bits) {
  const int field = exponent_field<Format>(bits);
  const std::uint64_t hidden = field == 0 ? 0 : hidden_bit<Format>;
  return {(bits & sign_bit<Format>) != 0, hidden | fraction<Format>(bits),
          std::max(field, 1) - bias<Format> - Format::fraction_bits};
}

/// The number of the format nearest to the given one. `more`: the exact significand is larger than the given
/// integer, by less than 1.
template <typename Format>
constexpr typename Format::Bits rounded(const Number& exact, bool more = false) {
  using Bits = typename Format::Bits;
  const Bits sign = exact.negative ? sign_bit<Format> : Bits{0};
  if (exact.significand == 0) return sign;
  const int zeros = std::countl_zero(exact.significand);
  const std::uint64_t significand = exact.significand << zeros;  // its first bit weighs 2^(exponent + 63)
  const int field = exact.exponent - zeros + 63 + bias<Format>;
  if (field > exponent_field<Format>(infinity_bits<Format>)) return sign | infinity_bits<Format>;
  const int dropped =
      63 - Format::fraction_bits + (field < 1 ? 1 - field : 0);  // a subnormal keeps fewer bits
  if (dropped > 64) return sign;                                 // below half of the smallest number
  std::uint64_t kept = dropped == 64 ? 0 : significand >> dropped;
  const bool half = (significand >> (dropped - 1) & 1) != 0;
  const bool rest = more || (significand & ((std::uint64_t{1} << (dropped - 1)) - 1)) != 0;
  kept += half && (rest || (kept & 1) != 0) ? 1U : 0U;
  // The hidden bit adds 1 to the exponent field, and so does the carry of a significand of ones.
  const Bits above =
      field < 1 ? Bits{0} : static_cast<Bits>(static_cast<Bits>(field - 1) << Format::fraction_bits);
  return sign | std::min(static_cast<Bits>(above + static_cast<Bits>(kept)), infinity_bits<Format>);
}

/// f32(a b): a multiplier of 24 x 24 bits and one rounding.
constexpr std::uint32_t product(std::uint32_t a, std::uint32_t b) {
  const Number x = number<Fp32>(a), y = number<Fp32>(b);
  return rounded<Fp32>({x.negative != y.negative, x.significand * y.significand, x.exponent + y.exponent});
}

/// The rounded a - b of two numbers that are not negative.
template <typename Format>
constexpr typename Format::Bits difference(typename Format::Bits a, typename Format::Bits b) {
  constexpr int guard = 63 - significand_bits<Format>;  // room below the significand
  const bool negative = a < b;                          // bits of such numbers are ordered like the numbers
  const Number large = number<Format>(negative ? b : a), small = number<Format>(negative ? a : b);
  const int distance = std::min(large.exponent - small.exponent, 63);
  const std::uint64_t subtrahend = small.significand << guard;
  const bool lost = (subtrahend & ((std::uint64_t{1} << distance) - 1)) != 0;
  const std::uint64_t rest = (large.significand << guard) - (subtrahend >> distance) - (lost ? 1U : 0U);
  return rounded<Format>({negative, rest, large.exponent - guard}, lost);
}

/// An integer as fp64.
constexpr std::uint64_t fp64_of(std::uint64_t integer) { return rounded<Fp64>({false, integer, 0}); }

/// f32(a 2^shift) of an fp64 number.
constexpr std::uint32_t narrowed(std::uint64_t a, int shift) {
  const Number exact = number<Fp64>(a);
  return rounded<Fp32>({exact.negative, exact.significand, exact.exponent + shift});
}

}  // namespace quatrain::rtl_models
