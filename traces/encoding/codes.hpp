#pragma once
/// The encodings of 4-bit operands (numerics.md section 1): what a code's value is, and nothing else.
/// A code is a nibble in the low half of a byte. No machine gets its arithmetic from here: only the tables.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace quatrain::traces {

enum class Encoding : std::uint8_t { fp32, int32, int4, uint4, fp4_e3m0 };

constexpr bool is_four_bit(Encoding encoding) {
  return encoding == Encoding::int4 || encoding == Encoding::uint4 || encoding == Encoding::fp4_e3m0;
}

/// Value of each code in units of the tensor's scale.
inline constexpr std::array<std::int8_t, 16> int4_values = {0,  1,  2,  3,  4,  5,  6,  7,
                                                            -8, -7, -6, -5, -4, -3, -2, -1};
inline constexpr std::array<std::int8_t, 16> uint4_values = {0, 1, 2,  3,  4,  5,  6,  7,
                                                             8, 9, 10, 11, 12, 13, 14, 15};
/// LUQ's gradient format s eee: 0 for e = 0, else (-1)^s 2^(e-1). Code 0x8 is illegal (its entry is never
/// used).
inline constexpr std::array<std::int8_t, 16> fp4_e3m0_values = {0, 1,  2,  4,  8,  16,  32,  64,
                                                                0, -1, -2, -4, -8, -16, -32, -64};

/// The table of a 4-bit encoding.
constexpr const std::array<std::int8_t, 16>& code_values(Encoding encoding) {
  return encoding == Encoding::int4    ? int4_values
         : encoding == Encoding::uint4 ? uint4_values
                                       : fp4_e3m0_values;
}

/// Largest magnitude that the quantizers make: 7 (int4), 15 (uint4), 64 (fp4_e3m0); numerics.md section 6.
constexpr int largest_magnitude(Encoding encoding) {
  return encoding == Encoding::int4 ? 7 : encoding == Encoding::uint4 ? 15 : 64;
}

/// A code that a quantizer may have written: not FP4 0x8, and not INT4 -8.
constexpr bool is_legal_code(Encoding encoding, std::uint8_t code) {
  return code < 16 && !(code == 8 && (encoding == Encoding::int4 || encoding == Encoding::fp4_e3m0));
}

/// The word that traces and configs use; nullopt for an unknown one.
std::string_view name_of(Encoding encoding);
std::optional<Encoding> encoding_named(std::string_view name);

}  // namespace quatrain::traces
