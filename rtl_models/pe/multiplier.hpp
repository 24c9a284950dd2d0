#pragma once
/// The multiplier of a PE, on bits: from two 4-bit codes to the product of their values in units of the
/// scales. Integer pairs sum shifted partial products, the top bit of a signed code with negative weight. A
/// pair with an FP4 side shifts the other operand by the exponent and negates (MF-BPROP; numerics.md section
/// 1 for the codes). |product| <= 960: 11 bits. No branch, no
/// table, no decoded value: single PEs run it, and the fast arrays make their table of it (pe_table.hpp).

#include "rtl_models/pe/mode.hpp"

namespace quatrain::rtl_models {

/// All ones where the bit is set, else 0: an AND gate's other input.
template <typename Lane>
constexpr Lane spread(Lane code, int bit) {
  return static_cast<Lane>(-((code >> bit) & 1));
}

/// Two's complement nibble to the lane's width: bit 3 is copied upwards.
template <typename Lane>
constexpr Lane sign_extended(Lane code) {
  return static_cast<Lane>(static_cast<Lane>(code ^ 8) - 8);
}

/// Sum of the partial products of a 4-bit multiplier code; its bit 3 weighs -8 when it is signed, else +8.
template <bool is_signed, typename Lane>
constexpr Lane partial_products(Lane multiplier, Lane multiplicand) {
  const Lane low = static_cast<Lane>((spread(multiplier, 0) & multiplicand) +
                                     (spread(multiplier, 1) & (multiplicand << 1)) +
                                     (spread(multiplier, 2) & (multiplicand << 2)));
  const Lane high = static_cast<Lane>(spread(multiplier, 3) & (multiplicand << 3));
  return static_cast<Lane>(is_signed ? low - high : low + high);
}

/// MF-BPROP: exponent e = 1..7 shifts left by e - 1, the sign negates, e = 0 gates the result to zero.
/// A barrel of three stages shifts by e; one place back is exact, for e >= 1 leaves an even number.
template <typename Lane>
constexpr Lane shifted(Lane multiplicand, Lane fp4) {
  Lane value = multiplicand;
  value = static_cast<Lane>(value + (spread(fp4, 0) & value));
  value = static_cast<Lane>(value + (spread(fp4, 1) & static_cast<Lane>((value << 2) - value)));
  value = static_cast<Lane>(value + (spread(fp4, 2) & static_cast<Lane>((value << 4) - value)));
  value = static_cast<Lane>(value >> 1);
  const Lane sign = spread(fp4, 3);
  value = static_cast<Lane>((value ^ sign) - sign);
  return static_cast<Lane>(value & (spread(fp4, 0) | spread(fp4, 1) | spread(fp4, 2)));
}

/// The product of two codes (low nibbles; the other bits are 0). FP4 0x8, which no operand has, gives 0.
template <PeMode mode, typename Lane>
constexpr Lane product(Lane left, Lane right) {
  switch (mode) {
    case PeMode::int4_int4:
      return partial_products<true>(left, sign_extended(right));
    case PeMode::uint4_int4:
      return partial_products<false>(left, sign_extended(right));
    case PeMode::fp4_int4:
      return shifted(sign_extended(right), left);
    case PeMode::int4_fp4:
      return shifted(sign_extended(left), right);
    case PeMode::uint4_fp4:
      return shifted(left, right);
  }
  __builtin_unreachable();
}

}  // namespace quatrain::rtl_models
