#pragma once
/// Floating-point operands of PEs that do without 4-bit codes (numerics.md section 10): what a code's value
/// is, and which code a number becomes. No machine gets its arithmetic from here.

#include <cstdint>
#include <string_view>

namespace quatrain::traces {

/// bf16; the two 8-bit formats of the OCP (Open Compute Project, 8-bit Floating Point Specification, 2023).
enum class FloatFormat : std::uint8_t { bf16, fp8_e4m3, fp8_e5m2 };

/// Sign, exponent, fraction. E4M3 has no infinities: of its codes with the largest exponent only the one of
/// all ones is no number.
struct FloatFormatInfo {
  std::string_view word;
  unsigned bits = 0;
  int exponent_bits = 0, fraction_bits = 0;
  float largest = 0;
};

constexpr FloatFormatInfo info_of(FloatFormat format) {
  switch (format) {
    case FloatFormat::bf16:
      return {"bf16", 16, 8, 7, 0x1.FEp127F};
    case FloatFormat::fp8_e4m3:
      return {"fp8_e4m3", 8, 4, 3, 448};
    case FloatFormat::fp8_e5m2:
      return {"fp8_e5m2", 8, 5, 2, 57344};
  }
  return {};
}
constexpr std::string_view name_of(FloatFormat format) { return info_of(format).word; }

/// A code's value: a number, an infinity or a NaN.
float float_value(FloatFormat format, std::uint16_t code);

/// The code of the number nearest to a finite x, ties to even. What would round beyond the largest number
/// becomes that. Zero keeps its sign.
std::uint16_t float_code(FloatFormat format, float x);

}  // namespace quatrain::traces
