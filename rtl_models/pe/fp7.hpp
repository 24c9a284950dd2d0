#pragma once
/// Cast and multiply, the circuit that MF-BPROP replaces (arXiv 2112.10769, appendix A.8): both operands
/// become floating-point numbers of one format, their significands are multiplied and their exponents added.
/// The format is FP7: sign, 4 exponent bits, 2 mantissa bits. UINT4 has values of four significant bits (9,
/// 11, 13, 15), so its side keeps 3 mantissa bits. Nothing is rounded: the product becomes an integer by a
/// shift.

#include "rtl_models/pe/four_bit_operands.hpp"
#include "rtl_models/pe/multiplier.hpp"

namespace quatrain::rtl_models {

/// An operand after the cast: (-1)^sign significand 2^(exponent - 3). The significand has its leading one in
/// bit 3 (with 2 mantissa bits bit 0 is 0); zero has significand 0.
template <typename Lane>
struct CastOperand {
  Lane sign;  ///< all ones: negative
  Lane significand, exponent;
};

/// The leading one of a magnitude below 16 moves to bit 3; its old place is the exponent.
template <typename Lane>
constexpr CastOperand<Lane> normalized(Lane sign, Lane magnitude) {
  const Lane at3 = spread(magnitude, 3), at2 = static_cast<Lane>(spread(magnitude, 2) & ~at3),
             at1 = static_cast<Lane>(spread(magnitude, 1) & ~at3 & ~at2),
             at0 = static_cast<Lane>(~(at3 | at2 | at1));
  return {sign,
          static_cast<Lane>((magnitude & at3) | (magnitude << 1 & at2) | (magnitude << 2 & at1) |
                            (magnitude << 3 & at0)),
          static_cast<Lane>((at3 & 3) | (at2 & 2) | (at1 & 1))};
}

template <traces::Encoding encoding, typename Lane>
constexpr CastOperand<Lane> cast(Lane code) {
  switch (encoding) {
    case traces::Encoding::int4: {
      const Lane sign = spread(code, 3), value = sign_extended(code);
      return normalized(sign, static_cast<Lane>((value ^ sign) - sign));
    }
    case traces::Encoding::uint4:
      return normalized(Lane{0}, code);
    case traces::Encoding::fp4_e3m0: {  // the exponent is stored one too large; 0 is zero
      const Lane is_number = static_cast<Lane>(spread(code, 0) | spread(code, 1) | spread(code, 2));
      return {spread(code, 3), static_cast<Lane>(is_number & 8),
              static_cast<Lane>(((code & 7) - 1) & is_number)};
    }
    case traces::Encoding::int32:
    case traces::Encoding::fp32:
      break;  // no operand
  }
  __builtin_unreachable();
}

/// significands 2^(exponent - 6), for exponents up to 9: a whole number, as the product of integers is. Seven
/// places to the left fit 15 bits; beyond that the result moves instead.
template <typename Lane>
constexpr Lane aligned(Lane significands, Lane exponent) {
  Lane value = significands;
  value = static_cast<Lane>(value + (spread(exponent, 0) & value));
  value = static_cast<Lane>(value + (spread(exponent, 1) & static_cast<Lane>((value << 2) - value)));
  value = static_cast<Lane>(value + (spread(exponent, 2) & static_cast<Lane>((value << 4) - value)));
  const Lane is_large = spread(exponent, 3);
  return static_cast<Lane>((value << 2 & is_large) | (value >> 6 & ~is_large));
}

struct Fp7 : FourBitOperands {
  static constexpr bool has(PeMode) { return true; }
  template <PeMode mode, typename Lane>
  static constexpr Lane product(Lane left, Lane right) {
    const CastOperand<Lane> a = cast<left_encoding(mode)>(left), b = cast<right_encoding(mode)>(right);
    const Lane sign = static_cast<Lane>(a.sign ^ b.sign),
               magnitude = aligned(partial_products<false>(a.significand, b.significand),
                                   static_cast<Lane>(a.exponent + b.exponent));
    return static_cast<Lane>((magnitude ^ sign) - sign);
  }
};

}  // namespace quatrain::rtl_models
