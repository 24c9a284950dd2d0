#pragma once
/// INT8 x INT8. Every value of INT4, UINT4 and FP4 is an integer from -64 to 64, so operands are widened to 8
/// bits before they enter the array: one multiplier serves all three products, and no format is left in the
/// PE.

#include "rtl_models/pe/multiplier.hpp"

namespace quatrain::rtl_models {

struct Int8 {
  static constexpr unsigned operand_bits = 8;

  /// The code's value as two's complement of 8 bits.
  template <traces::Encoding encoding, typename Lane>
  static constexpr Lane operand(Lane code) {
    switch (encoding) {
      case traces::Encoding::int4:
        return static_cast<Lane>(sign_extended(code) & 0xFF);
      case traces::Encoding::uint4:
        return code;
      case traces::Encoding::fp4_e3m0:
        return static_cast<Lane>(shifted(Lane{1}, code) & 0xFF);
      case traces::Encoding::int32:
      case traces::Encoding::fp32:
        break;  // no operand
    }
    __builtin_unreachable();
  }
  static constexpr unsigned zero_mask(traces::Encoding) { return 0xFF; }

  static constexpr bool has(PeMode) { return true; }
  template <PeMode, typename Lane>
  static constexpr Lane product(Lane left, Lane right) {
    const Lane multiplicand = static_cast<Lane>(static_cast<Lane>(right ^ 0x80) - 0x80);
    const Lane low = partial_products<false>(static_cast<Lane>(left & 0xF), multiplicand),
               high = partial_products<true>(static_cast<Lane>(left >> 4), multiplicand);
    return static_cast<Lane>(low + static_cast<Lane>(high << 4));
  }
};

}  // namespace quatrain::rtl_models
