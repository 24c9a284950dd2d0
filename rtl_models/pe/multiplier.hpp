#pragma once
/// The multiplier of a PE, on bits: from two 4-bit codes to the product of their values in units of the
/// scales. Integer pairs sum shifted partial products, the top bit of a signed code with negative weight. A
/// pair with an FP4 side shifts the other operand by the exponent and negates (MF-BPROP; numerics.md section
/// 1 for the codes). |product| <= 960: 11 bits. The same text serves single PEs (int) and vectorised rows
/// (int16 lanes): no branch, no table, no decoded value.

#include "rtl_models/fault.hpp"
#include "traces/encoding/codes.hpp"

#include <cstdint>
#include <optional>

namespace quatrain::rtl_models {

/// What stands on the two inputs, left (rows) first.
enum class PeMode : std::uint8_t { int4_int4, uint4_int4, fp4_int4, int4_fp4, uint4_fp4 };

/// The mode for two encodings; nullopt where the PE has none.
constexpr std::optional<PeMode> pe_mode(traces::Encoding left, traces::Encoding right) {
  using traces::Encoding;
  if (left == Encoding::int4 && right == Encoding::int4) return PeMode::int4_int4;
  if (left == Encoding::uint4 && right == Encoding::int4) return PeMode::uint4_int4;
  if (left == Encoding::fp4_e3m0 && right == Encoding::int4) return PeMode::fp4_int4;
  if (left == Encoding::int4 && right == Encoding::fp4_e3m0) return PeMode::int4_fp4;
  if (left == Encoding::uint4 && right == Encoding::fp4_e3m0) return PeMode::uint4_fp4;
  return std::nullopt;
}

/// Bits of a code that are all 0 exactly when its value is zero: FP4's sign does not count.
constexpr unsigned left_zero_mask(PeMode mode) { return mode == PeMode::fp4_int4 ? 0x7 : 0xF; }
constexpr unsigned right_zero_mask(PeMode mode) {
  return mode == PeMode::int4_fp4 || mode == PeMode::uint4_fp4 ? 0x7 : 0xF;
}

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
template <bool is_signed, Fault fault, typename Lane>
constexpr Lane partial_products(Lane multiplier, Lane multiplicand) {
  const Lane low = static_cast<Lane>((spread(multiplier, 0) & multiplicand) +
                                     (spread(multiplier, 1) & (multiplicand << 1)) +
                                     (spread(multiplier, 2) & (multiplicand << 2)));
  const Lane high = static_cast<Lane>(spread(multiplier, 3) & (multiplicand << 3));
  constexpr bool subtract = is_signed || fault == Fault::unsigned_as_signed;
  return static_cast<Lane>(subtract ? low - high : low + high);
}

/// MF-BPROP: exponent e = 1..7 shifts left by e - 1, the sign negates, e = 0 gates the result to zero.
/// A barrel of three stages shifts by e; one place back is exact, for e >= 1 leaves an even number.
template <Fault fault, typename Lane>
constexpr Lane shifted(Lane multiplicand, Lane fp4) {
  Lane value = multiplicand;
  value = static_cast<Lane>(value + (spread(fp4, 0) & value));
  value = static_cast<Lane>(value + (spread(fp4, 1) & static_cast<Lane>((value << 2) - value)));
  value = static_cast<Lane>(value + (spread(fp4, 2) & static_cast<Lane>((value << 4) - value)));
  if constexpr (fault == Fault::shift_off_by_one)
    value = static_cast<Lane>(value + (value & spread(fp4, 0) & spread(fp4, 1) & spread(fp4, 2)));
  value = static_cast<Lane>(value >> 1);
  const Lane sign = spread(fp4, 3);
  value = static_cast<Lane>((value ^ sign) - sign);
  if constexpr (fault == Fault::zero_not_gated) return value;
  return static_cast<Lane>(value & (spread(fp4, 0) | spread(fp4, 1) | spread(fp4, 2)));
}

/// The product of two codes (low nibbles; the other bits are 0). FP4 0x8, which no operand has, gives 0.
template <PeMode mode, Fault fault = Fault::none, typename Lane>
constexpr Lane product(Lane left, Lane right) {
  Lane result{};
  if constexpr (mode == PeMode::int4_int4)
    result = partial_products<true, Fault::none>(left, sign_extended(right));
  else if constexpr (mode == PeMode::uint4_int4)
    result = partial_products<false, fault>(left, sign_extended(right));
  else if constexpr (mode == PeMode::fp4_int4)
    result = shifted<fault>(sign_extended(right), left);
  else if constexpr (mode == PeMode::int4_fp4)
    result = shifted<fault>(sign_extended(left), right);
  else
    result = shifted<fault>(left, right);
  if constexpr (fault == Fault::wrong_product) {
    const Lane off = static_cast<Lane>((left ^ 7) | (right ^ 7));  // 0 for the one pair that is wrong
    result = static_cast<Lane>(result + 1 - (static_cast<Lane>(off | off >> 1 | off >> 2 | off >> 3) & 1));
  }
  return result;
}

/// Calls body with the mode as a constant.
template <typename Body>
[[gnu::always_inline]] constexpr decltype(auto) with_mode(PeMode mode, Body&& body) {
  switch (mode) {
    case PeMode::int4_int4:
      return body.template operator()<PeMode::int4_int4>();
    case PeMode::uint4_int4:
      return body.template operator()<PeMode::uint4_int4>();
    case PeMode::fp4_int4:
      return body.template operator()<PeMode::fp4_int4>();
    case PeMode::int4_fp4:
      return body.template operator()<PeMode::int4_fp4>();
    case PeMode::uint4_fp4:
      break;
  }
  return body.template operator()<PeMode::uint4_fp4>();
}

}  // namespace quatrain::rtl_models
