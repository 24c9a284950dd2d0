#include "emu/nn/elementary.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace quatrain::emu {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

float from_bits(std::uint32_t bits) { return std::bit_cast<float>(bits); }
std::uint32_t bits_of(float value) { return std::bit_cast<std::uint32_t>(value); }

/// Error in units in the last place of fp32 at the exact value; `exact` has 64 bits of mantissa.
long double error_in_ulps(float value, long double exact) {
  int exponent = 0;
  std::frexp(exact, &exponent);
  const long double ulp = std::ldexp(1.0L, std::max(exponent - 24, -149));
  return std::fabs((static_cast<long double>(value) - exact) / ulp);
}

constexpr long double stated_bound = 0.5L + 0x1p-16L;

TEST(Exponential, ExamplesOfTheText) {  // docs/training-step.md section 6
  for (const auto& [x, expected] : {std::pair{0x00000000U, 0x3f800000U},
                                    {0x3f800000U, 0x402df854U},
                                    {0xbf800000U, 0x3ebc5ab2U},
                                    {0xc1200000U, 0x383e6bceU},
                                    {0x42b17217U, 0x7f7fff84U},
                                    {0xc2af0000U, 0x006cb2bcU},
                                    {0xc2ce0000U, 0x00000001U}})
    EXPECT_EQ(bits_of(exponential(from_bits(x))), expected) << std::hex << x;
}

TEST(Exponential, Ends) {
  EXPECT_EQ(exponential(88.8F), infinity);
  EXPECT_EQ(exponential(std::nextafter(88.8F, infinity)), infinity);
  EXPECT_EQ(exponential(infinity), infinity);
  EXPECT_EQ(bits_of(exponential(-104.0F)), 0U);
  EXPECT_EQ(bits_of(exponential(std::nextafter(-104.0F, -infinity))), 0U);
  EXPECT_EQ(bits_of(exponential(-infinity)), 0U);
  EXPECT_TRUE(std::isnan(exponential(std::numeric_limits<float>::quiet_NaN())));
}

TEST(Exponential, ErrorStaysBelowTheStatedBound) {
  long double largest = 0;
  for (std::uint32_t bits = 0; bits < bits_of(104.0F);
       bits += 1031)  // every exponent, about a million values
    for (const float x : {from_bits(bits), -from_bits(bits)}) {
      const long double exact = std::exp(static_cast<long double>(x));
      if (exact > std::numeric_limits<float>::max()) continue;
      const long double error = error_in_ulps(exponential(x), exact);
      ASSERT_LE(error, stated_bound) << "x = " << std::hexfloat << x;
      largest = std::max(largest, error);
    }
  EXPECT_GT(largest, 0.49L) << "the sample reached no hard case";
}

TEST(Logarithm, ExamplesOfTheText) {
  for (const auto& [x, expected] : {std::pair{0x3f800000U, 0x00000000U},
                                    {0x40000000U, 0x3f317218U},
                                    {0x3f000000U, 0xbf317218U},
                                    {0x41200000U, 0x40135d8eU},
                                    {0x3fb504f3U, 0x3eb17217U},
                                    {0x00000001U, 0xc2ce8ed0U},
                                    {0x7f7fffffU, 0x42b17218U}})
    EXPECT_EQ(bits_of(logarithm(from_bits(x))), expected) << std::hex << x;
}

TEST(Logarithm, Ends) {
  EXPECT_EQ(logarithm(0.0F), -infinity);
  EXPECT_EQ(logarithm(-0.0F), -infinity);
  EXPECT_EQ(logarithm(infinity), infinity);
  EXPECT_TRUE(std::isnan(logarithm(-1.0F)));
  EXPECT_TRUE(std::isnan(logarithm(-infinity)));
  EXPECT_TRUE(std::isnan(logarithm(std::numeric_limits<float>::quiet_NaN())));
}

TEST(Logarithm, ErrorStaysBelowTheStatedBound) {
  long double largest = 0;
  const auto check = [&](std::uint32_t bits) {
    const float x = from_bits(bits);
    const long double error = error_in_ulps(logarithm(x), std::log(static_cast<long double>(x)));
    ASSERT_LE(error, stated_bound) << "x = " << std::hexfloat << x;
    largest = std::max(largest, error);
  };
  for (std::uint32_t bits = 1; bits < bits_of(infinity); bits += 2053) check(bits);
  for (std::uint32_t bits = bits_of(1.0F) - 30'000; bits < bits_of(1.0F) + 30'000;
       ++bits)  // where log is small
    if (bits != bits_of(1.0F)) check(bits);
  EXPECT_GT(largest, 0.49L) << "the sample reached no hard case";
}

TEST(CosineOfTurns, ExamplesOfTheText) {  // section 11
  EXPECT_EQ(cosine_of_turns(0), 1.0);
  EXPECT_EQ(cosine_of_turns(0.0625), 0x1.d906bcf328d46p-1);
  EXPECT_EQ(cosine_of_turns(0.125), 0x1.6a09e667f3bcdp-1);
  EXPECT_EQ(cosine_of_turns(0.2), 0x1.3c6ef372fe94ep-2);
  EXPECT_EQ(cosine_of_turns(0.25), 0.0);
}

TEST(CosineOfTurns, ErrorStaysBelowTheStatedBound) {
  for (int i = 0; i <= 100'000; ++i) {
    const double x = 0.25 * i / 100'000;
    const long double angle = 2 * 3.14159265358979323846264338327950288L * static_cast<long double>(x);
    ASSERT_LE(std::abs(static_cast<long double>(cosine_of_turns(x)) - std::cos(angle)), 0x1p-51L) << x;
  }
}

}  // namespace
}  // namespace quatrain::emu
