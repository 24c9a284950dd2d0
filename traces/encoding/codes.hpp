#pragma once
/// The encodings of 4-bit operands (numerics.md section 1): what a code's value is, and nothing else.
/// A code is a nibble in the low half of a byte. No machine gets its arithmetic from here: only the tables.

#include <array>
#include <cstdint>
#include <string_view>

namespace quatrain::traces {

enum class Encoding : std::uint8_t { fp32, int32, int4, uint4, fp4_e3m0 };

using CodeValues = std::array<std::int8_t, 16>;

/// Value of each code in units of the tensor's scale.
inline constexpr CodeValues int4_values = {0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1};
inline constexpr CodeValues uint4_values = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
/// LUQ's gradient format s eee: 0 for e = 0, else (-1)^s 2^(e-1). Code 0x8 is illegal (its entry is never
/// used).
inline constexpr CodeValues fp4_e3m0_values = {0, 1, 2, 4, 8, 16, 32, 64, 0, -1, -2, -4, -8, -16, -32, -64};
inline constexpr CodeValues no_values = {};

struct EncodingInfo {
  std::string_view word;           ///< in traces and messages
  unsigned bits = 0;               ///< of one element
  int largest_magnitude = 0;       ///< that the quantizers make (numerics.md section 6); 4-bit encodings only
  bool is_signed = true;           ///< has values below zero
  bool has_illegal_eight = false;  ///< code 0x8 is none that a quantizer writes
};

constexpr EncodingInfo info_of(Encoding encoding) {
  switch (encoding) {
    case Encoding::fp32:
      return {.word = "fp32", .bits = 32};
    case Encoding::int32:
      return {.word = "int32", .bits = 32};
    case Encoding::int4:
      return {.word = "int4", .bits = 4, .largest_magnitude = 7, .has_illegal_eight = true};
    case Encoding::uint4:
      return {.word = "uint4", .bits = 4, .largest_magnitude = 15, .is_signed = false};
    case Encoding::fp4_e3m0:
      return {.word = "fp4_e3m0", .bits = 4, .largest_magnitude = 64, .has_illegal_eight = true};
  }
  return {};
}

/// The table of a 4-bit encoding.
constexpr const CodeValues& code_values(Encoding encoding) {
  switch (encoding) {
    case Encoding::int4:
      return int4_values;
    case Encoding::uint4:
      return uint4_values;
    case Encoding::fp4_e3m0:
      return fp4_e3m0_values;
    case Encoding::fp32:
    case Encoding::int32:
      break;  // they have no codes
  }
  return no_values;
}

constexpr std::string_view name_of(Encoding encoding) { return info_of(encoding).word; }
constexpr bool is_four_bit(Encoding encoding) { return info_of(encoding).bits == 4; }
constexpr int largest_magnitude(Encoding encoding) { return info_of(encoding).largest_magnitude; }

/// A code that a quantizer may have written: not FP4 0x8, and not INT4 -8.
constexpr bool is_legal_code(Encoding encoding, std::uint8_t code) {
  return code < 16 && !(code == 8 && info_of(encoding).has_illegal_eight);
}

}  // namespace quatrain::traces
