#pragma once
/// A PE of floating-point operands, on fields of bits: significands are multiplied, exponents added, and the
/// exact product joins an fp32 accumulator with one rounding (a fused multiply-add; numerics.md section 10).

#include "rtl_models/pe/float_sum.hpp"
#include "rtl_models/pe/link.hpp"
#include "traces/encoding/float_formats.hpp"

#include <cstdint>

namespace quatrain::rtl_models {

struct Bf16 {
  using Bits = std::uint16_t;
  static constexpr int exponent_bits = 8, fraction_bits = 7;
};
struct Fp8E4M3 {
  using Bits = std::uint8_t;
  static constexpr int exponent_bits = 4, fraction_bits = 3;
};
struct Fp8E5M2 {
  using Bits = std::uint8_t;
  static constexpr int exponent_bits = 5, fraction_bits = 2;
};

/// Bits of a code that are all 0 exactly when its value is zero: the sign does not count.
template <typename Format>
inline constexpr unsigned number_bits = (1U << (Format::exponent_bits + Format::fraction_bits)) - 1;

/// Operands are numbers. An accumulator that has become infinite stays that.
template <typename Format>
constexpr std::uint32_t multiply_add(std::uint32_t sum, typename Format::Bits a, typename Format::Bits b) {
  if (is_infinite<Fp32>(sum)) return sum;
  const Number x = number<Format>(a), y = number<Format>(b);
  return rounded_sum<Fp32>(
      number<Fp32>(sum), {x.negative != y.negative, x.significand * y.significand, x.exponent + y.exponent});
}

/// What an accumulator becomes when a pair of valid operands stands on a PE's wires. `before`: the sum so
/// far, or what it begins with. A term outside its tensor is not added.
template <typename Format>
constexpr std::uint32_t sum_of_pair(std::uint32_t before, WideLink left, WideLink right) {
  if ((left & outside_bit) != 0) return before;
  return multiply_add<Format>(before, static_cast<typename Format::Bits>(left & operand_wire_bits),
                              static_cast<typename Format::Bits>(right & operand_wire_bits));
}

/// A kind of PE by its format. Its links carry operands as wide as they are (link.hpp).
template <typename Of>
struct FloatPe {
  using Format = Of;
  using Word = WideLink;
  static constexpr unsigned zero_mask(traces::Encoding) { return number_bits<Format>; }
};

/// Calls body with the format as a type.
template <typename Body>
constexpr decltype(auto) with_format(traces::FloatFormat format, Body&& body) {
  switch (format) {
    case traces::FloatFormat::bf16:
      return body.template operator()<Bf16>();
    case traces::FloatFormat::fp8_e4m3:
      return body.template operator()<Fp8E4M3>();
    case traces::FloatFormat::fp8_e5m2:
      return body.template operator()<Fp8E5M2>();
  }
  __builtin_unreachable();
}

}  // namespace quatrain::rtl_models
