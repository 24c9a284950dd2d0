#pragma once
/// A PE of one's own: integer products by Booth's recoding. Two neighbouring bits of the left code become one
/// digit of -2 to 2, so that a 4-bit operand gives two partial products (an unsigned one three) in place of
/// four. FP4 operands shift, as in the default PE. docs/guides/pe.md explains this file.

#include "rtl_models/pe/four_bit_operands.hpp"
#include "rtl_models/pe/multiplier.hpp"

struct Booth4 : quatrain::rtl_models::FourBitOperands {
  using PeMode = quatrain::rtl_models::PeMode;
  static constexpr bool has(PeMode) { return true; }

  template <PeMode mode, typename Lane>
  static constexpr Lane product(Lane left, Lane right) {
    using namespace quatrain::rtl_models;
    using quatrain::traces::Encoding;
    constexpr Encoding of_left = left_encoding(mode), of_right = right_encoding(mode);
    if constexpr (of_left == Encoding::fp4_e3m0) {
      return shifted(sign_extended(right), left);
    } else if constexpr (of_right == Encoding::fp4_e3m0) {
      return shifted(of_left == Encoding::int4 ? sign_extended(left) : left, right);
    } else {
      const Lane value = sign_extended(right);
      const Lane low = digit_product(static_cast<Lane>(left << 1), value),  // bits 1, 0 and nothing below
          high = digit_product(static_cast<Lane>(left >> 1), value);        // bits 3, 2 and 1
      const Lane sum = static_cast<Lane>(low + static_cast<Lane>(high << 2));
      if constexpr (of_left == Encoding::int4) return sum;
      // The top bit was taken as a sign. Unsigned, it weighs 8 and not -8: a third digit of 16.
      return static_cast<Lane>(sum + (spread(left, 3) & static_cast<Lane>(value << 4)));
    }
  }

 private:
  /// value times the digit that bits 2, 1 and 0 stand for: -2 bit2 + bit1 + bit0.
  template <typename Lane>
  static constexpr Lane digit_product(Lane bits, Lane value) {
    using quatrain::rtl_models::spread;
    const Lane b0 = spread(bits, 0), b1 = spread(bits, 1), minus = spread(bits, 2);
    const Lane one = static_cast<Lane>(b0 ^ b1), two = static_cast<Lane>(~one & (b0 ^ minus));
    const Lane magnitude = static_cast<Lane>((value & one) | (static_cast<Lane>(value << 1) & two));
    return static_cast<Lane>((magnitude ^ minus) - minus);
  }
};
