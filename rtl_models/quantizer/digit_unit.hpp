#pragma once
/// Division, square root and product, a digit a step, as sequential hardware makes them: a few registers, an
/// adder and a comparison. Rounded once, behind the last step.

#include "rtl_models/quantizer/ieee.hpp"

#include <cstdint>

namespace quatrain::rtl_models {

/// Loaded with an operation on finite numbers. A quotient by zero and a root of a negative number mean
/// nothing.
template <typename Format>
class DigitUnit {
 public:
  using Bits = typename Format::Bits;
  /// A quotient or a root: every bit that its significand keeps and the one behind. The remainder says
  /// whether more follow.
  static constexpr int quotient_steps = significand_bits<Format> + 1;
  /// A product: the bits of a factor.
  static constexpr int product_steps = significand_bits<Format>;

  constexpr DigitUnit() = default;

  static constexpr DigitUnit quotient(Bits a, Bits b) {
    const Number x = normalized(a), y = normalized(b);
    const int shift = x.significand < y.significand ? 1 : 0;  // so that the first digit is a 1
    DigitUnit unit(Kind::quotient, quotient_steps);
    unit.register_ = x.significand << shift;
    unit.operand_ = y.significand;
    unit.digits_ = {x.negative != y.negative, 0, x.exponent - y.exponent - shift - bits};
    return unit;
  }

  static constexpr DigitUnit root(Bits a) {
    const Number x = normalized(a);
    // The radicand is significand 2^k: its root has quotient_steps bits, and what is left of the exponent is
    // even.
    const int k = bits + ((x.exponent - bits) % 2 == 0 ? 2 : 1);
    DigitUnit unit(Kind::root, quotient_steps);
    unit.operand_ = x.significand << (k - 2 * bits + 62);  // two bits a step, from the top
    unit.digits_ = {false, 0, (x.exponent - k) / 2};
    return unit;
  }

  static constexpr DigitUnit product(Bits a, Bits b) {
    const Number x = normalized(a), y = normalized(b);
    DigitUnit unit(Kind::product, product_steps);
    unit.register_ = y.significand;
    unit.operand_ = x.significand;
    unit.digits_ = {x.negative != y.negative, 0, x.exponent + y.exponent + 2 * bits - 64};
    return unit;
  }

  constexpr bool finished() const { return steps_left_ == 0; }

  constexpr void step() {
    --steps_left_;
    switch (kind_) {
      case Kind::quotient:
        return subtract_if_possible(operand_, register_, 1);
      case Kind::root: {
        const std::uint64_t radicand = register_ << 2 | operand_ >> 62;
        operand_ <<= 2;
        return subtract_if_possible(digits_.significand << 2 | 1, radicand, 0);
      }
      case Kind::product: {
        const std::uint64_t sum = digits_.significand + ((register_ & 1) != 0 ? operand_ : 0);
        register_ >>= 1;
        below_ = below_ >> 1 | sum << 63;
        digits_.significand = sum >> 1;
        return;
      }
    }
  }

  /// Rounded, after the last step.
  constexpr Bits result() const {
    if (kind_ != Kind::product) return rounded<Format>(digits_, register_ != 0);
    constexpr int room = 64 - bits;
    return rounded<Format>({digits_.negative, digits_.significand << room | below_ >> bits, digits_.exponent},
                           below_ << room != 0);
  }

 private:
  enum class Kind : std::uint8_t { quotient, root, product };
  static constexpr int bits = significand_bits<Format>;

  constexpr DigitUnit(Kind kind, int steps) : kind_(kind), steps_left_(steps) {}

  /// With its first bit where a normal number has the hidden one.
  static constexpr Number normalized(Bits a) {
    Number x = number<Format>(a);
    const int shift = std::countl_zero(x.significand) - (64 - bits);
    x.significand <<= shift;
    x.exponent -= shift;
    return x;
  }

  /// One digit of a quotient or a root; what is left goes into the register, `shift` places up.
  constexpr void subtract_if_possible(std::uint64_t trial, std::uint64_t from, int shift) {
    const bool fits = from >= trial;
    digits_.significand = digits_.significand << 1 | (fits ? 1U : 0U);
    register_ = (fits ? from - trial : from) << shift;
  }

  Kind kind_ = Kind::quotient;
  int steps_left_ = 0;
  std::uint64_t operand_ = 0;   ///< divisor, radicand's bits that are left, first factor
  std::uint64_t register_ = 0;  ///< remainder; second factor's bits that are left
  std::uint64_t below_ = 0;     ///< of a product: the low half, at the top
  Number digits_;               ///< of the result so far
};

}  // namespace quatrain::rtl_models
