/// Every code of the 8-bit formats, every neighbour and tie between them, and bf16 against the top half of
/// fp32.
#include "traces/encoding/float_formats.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

namespace quatrain::traces {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

/// The table of the OCP specification: bias, smallest and largest numbers, special codes.
TEST(FloatFormats, ValuesOfTheSpecification) {
  struct Known {
    FloatFormat format;
    std::uint16_t code;
    float value;
  };
  for (const Known& known : {Known{FloatFormat::fp8_e4m3, 0x01, 0x1p-9F},
                             {FloatFormat::fp8_e4m3, 0x07, 0x1.Cp-7F},
                             {FloatFormat::fp8_e4m3, 0x08, 0x1p-6F},
                             {FloatFormat::fp8_e4m3, 0x38, 1},
                             {FloatFormat::fp8_e4m3, 0x78, 256},
                             {FloatFormat::fp8_e4m3, 0x7E, 448},
                             {FloatFormat::fp8_e4m3, 0xFE, -448},
                             {FloatFormat::fp8_e5m2, 0x01, 0x1p-16F},
                             {FloatFormat::fp8_e5m2, 0x03, 0x1.8p-15F},
                             {FloatFormat::fp8_e5m2, 0x04, 0x1p-14F},
                             {FloatFormat::fp8_e5m2, 0x3C, 1},
                             {FloatFormat::fp8_e5m2, 0x7B, 57344},
                             {FloatFormat::fp8_e5m2, 0x7C, infinity},
                             {FloatFormat::fp8_e5m2, 0xFC, -infinity},
                             {FloatFormat::bf16, 0x3F80, 1},
                             {FloatFormat::bf16, 0x7F80, infinity}})
    EXPECT_EQ(float_value(known.format, known.code), known.value)
        << name_of(known.format) << " " << known.code;
  for (const int code : {0x7F, 0xFF})
    EXPECT_TRUE(std::isnan(float_value(FloatFormat::fp8_e4m3, static_cast<std::uint16_t>(code))));
  for (const int code : {0x7D, 0x7E, 0x7F, 0xFD, 0xFE, 0xFF})
    EXPECT_TRUE(std::isnan(float_value(FloatFormat::fp8_e5m2, static_cast<std::uint16_t>(code))));
  for (const FloatFormat format : {FloatFormat::fp8_e4m3, FloatFormat::fp8_e5m2}) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(float_value(format, 0x00)), 0U);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(float_value(format, 0x80)), 0x80000000U);
  }
}

/// Codes ascend with their values, and a number goes to the nearer of two neighbours, at the tie to the even
/// code.
TEST(FloatFormats, EveryNumberRoundsToTheNearestCode) {
  for (const FloatFormat format : {FloatFormat::fp8_e4m3, FloatFormat::fp8_e5m2}) {
    const std::uint16_t last = format == FloatFormat::fp8_e4m3 ? 0x7E : 0x7B;
    for (std::uint16_t code = 0; code <= last; ++code) {
      const auto minus = static_cast<std::uint16_t>(code | 0x80);
      const float value = float_value(format, code);
      ASSERT_EQ(float_value(format, minus), -value);
      ASSERT_EQ(float_code(format, value), code);
      ASSERT_EQ(float_code(format, -value), minus);
      if (code == last) break;
      const float next = float_value(format, static_cast<std::uint16_t>(code + 1)), tie = (value + next) / 2;
      ASSERT_LT(value, next);
      ASSERT_EQ(float_code(format, tie), code % 2 == 0 ? code : code + 1) << name_of(format) << " " << code;
      ASSERT_EQ(float_code(format, std::nextafter(tie, 0.0F)), code);
      ASSERT_EQ(float_code(format, std::nextafter(tie, infinity)), code + 1);
      ASSERT_EQ(float_code(format, -std::nextafter(tie, infinity)), minus + 1);
    }
    for (const float beyond :
         {info_of(format).largest * 1.01F, info_of(format).largest * 2, std::numeric_limits<float>::max()}) {
      EXPECT_EQ(float_code(format, beyond), last);
      EXPECT_EQ(float_code(format, -beyond), last | 0x80);
    }
    EXPECT_EQ(float_code(format, std::numeric_limits<float>::denorm_min()), 0);
  }
}

/// bf16 is the upper half of an fp32: every code of a number, and the ties behind them.
TEST(FloatFormats, Bf16IsTheUpperHalfOfFp32) {
  for (std::uint32_t code = 0; code <= 0xFFFF; ++code) {
    const auto half = static_cast<std::uint16_t>(code);
    const auto value = std::bit_cast<float>(code << 16);
    if (!std::isfinite(value)) continue;
    ASSERT_EQ(std::bit_cast<std::uint32_t>(float_value(FloatFormat::bf16, half)), code << 16);
    ASSERT_EQ(float_code(FloatFormat::bf16, value), half);
    if ((code & 0x7FFF) == 0x7F7F) continue;
    const auto up = static_cast<std::uint16_t>(half + 1);
    ASSERT_EQ(float_code(FloatFormat::bf16, std::bit_cast<float>(code << 16 | 0x8000)),
              code % 2 == 0 ? half : up);
    ASSERT_EQ(float_code(FloatFormat::bf16, std::bit_cast<float>(code << 16 | 0x7FFF)), half);
    ASSERT_EQ(float_code(FloatFormat::bf16, std::bit_cast<float>(code << 16 | 0x8001)), up);
  }
  EXPECT_EQ(float_code(FloatFormat::bf16, std::numeric_limits<float>::max()), 0x7F7F);
}

}  // namespace
}  // namespace quatrain::traces
