/// What a lane does to an element's bits, against the definitions of numerics.md in exact fp64.
#include "rtl_models/quantizer/lane.hpp"

#include "rtl_models/quantizer/philox.hpp"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

namespace quatrain::tests {
namespace {

using rtl_models::PhiloxBlock;
using testing::ElementsAre;

std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }
float float_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }

/// Section 3, step 6: every operation is exact in fp64.
unsigned level_by_text(double y, double t) {
  if (y >= 64) return 7;
  if (y < 1) return y >= t ? 1 : 0;
  const int q = std::ilogb(y);
  return static_cast<unsigned>(q + (y / std::ldexp(1.0, q) - 1 >= t ? 2 : 1));
}

/// The levels, every threshold in every gap, and the two neighbours of each.
std::vector<std::uint32_t> around_thresholds(unsigned random_bits) {
  std::vector<float> exact{0, 64};
  const double parts = std::ldexp(1.0, static_cast<int>(random_bits) + 1);
  for (int gap = 0; gap < 7; ++gap)
    for (double odd = 0; odd <= parts; ++odd) {  // thresholds and the places between
      const double y = gap == 0 ? odd / parts : std::ldexp(1 + odd / parts, gap - 1);
      exact.push_back(static_cast<float>(y));
    }
  std::vector<std::uint32_t> all;
  for (const float y : exact)
    for (const float near : {y, std::nextafter(y, 0.0F), std::nextafter(y, 1e30F)})
      all.push_back(bits_of(near));
  return all;
}

TEST(LuqLane, EveryDrawAtEveryThresholdAndBesideIt) {
  for (const unsigned bits : {4U, 8U})
    for (const std::uint32_t y : around_thresholds(bits))
      for (std::uint32_t u = 0; u < 1U << bits; ++u) {
        const double t = (2.0 * u + 1) / std::ldexp(1.0, static_cast<int>(bits) + 1);
        ASSERT_EQ(rtl_models::luq_level(y, rtl_models::luq_threshold(u, bits)),
                  level_by_text(double{float_of(y)}, t))
            << "r = " << bits << ", y = " << float_of(y) << ", draw " << u;
      }
}

TEST(LuqLane, RandomNumbersOfEveryExponentAndDrawsOf16Bits) {
  std::mt19937 random(1);
  for (int i = 0; i < 500'000; ++i) {
    std::uint32_t y = static_cast<std::uint32_t>(random()) & 0x7FFFFFFF;
    if (i % 2 == 0) y = (y & 0x00FFFFFF) + 0x3B000000 + 0x01000000 * (static_cast<std::uint32_t>(i) % 9);
    if (y >= rtl_models::infinity_bits<rtl_models::Fp32>) continue;
    const std::uint32_t u = static_cast<std::uint32_t>(random()) & 0xFFFF;
    ASSERT_EQ(rtl_models::luq_level(y, rtl_models::luq_threshold(u, 16)),
              level_by_text(double{float_of(y)}, (2.0 * u + 1) / 131072.0))
        << float_of(y) << ' ' << u;
  }
}

TEST(LuqLane, AnInfiniteProductIsTheTopLevel) {
  EXPECT_EQ(rtl_models::luq_level(0x7F800000, rtl_models::luq_threshold(0xFFFF, 16)), 7U);
  EXPECT_EQ(rtl_models::nearest_level(0x7F800000), 7U);
}

/// The level with the nearest value; of two the even one.
unsigned nearest_by_text(double y) {
  unsigned best = 0;
  const auto distance = [y](unsigned e) {
    return std::fabs(y - (e == 0 ? 0.0 : std::ldexp(1.0, static_cast<int>(e) - 1)));
  };
  for (unsigned e = 1; e <= 7; ++e)
    if (distance(e) < distance(best) || (distance(e) == distance(best) && e % 2 == 0)) best = e;
  return best;
}

TEST(NearestLane, EqualsTheText) {
  for (const std::uint32_t y : around_thresholds(4))
    ASSERT_EQ(rtl_models::nearest_level(y), nearest_by_text(double{float_of(y)})) << float_of(y);
  std::mt19937 random(2);
  for (int i = 0; i < 200'000; ++i) {
    const std::uint32_t y = (static_cast<std::uint32_t>(random()) & 0x07FFFFFF) + 0x3C000000;
    ASSERT_EQ(rtl_models::nearest_level(y), nearest_by_text(double{float_of(y)})) << float_of(y);
  }
}

TEST(Fp4Code, ZeroHasNoSign) {
  EXPECT_EQ(rtl_models::fp4_code(0, true), 0);
  EXPECT_EQ(rtl_models::fp4_code(0, false), 0);
  EXPECT_EQ(rtl_models::fp4_code(7, true), 0xF);
  EXPECT_EQ(rtl_models::fp4_code(1, false), 1);
}

std::uint8_t integer_by_text(float y, bool is_signed) {
  const float top = is_signed ? 7 : 15, bottom = is_signed ? -7 : 0;
  const float code = std::fmin(std::fmax(std::nearbyint(y), bottom), top);
  return static_cast<std::uint8_t>(static_cast<int>(code) & 0xF);
}

TEST(IntegerLane, HalvesTheirNeighboursAndEveryExponent) {
  std::vector<std::uint32_t> all;
  for (float half = 0; half < 20; half += 0.5F)
    for (const float near : {half, std::nextafter(half, -1.0F), std::nextafter(half, 100.0F)})
      all.push_back(bits_of(near));
  std::mt19937 random(4);
  for (std::uint32_t field = 0; field < 255; ++field)
    for (int i = 0; i < 40; ++i)
      all.push_back(field << 23 | (static_cast<std::uint32_t>(random()) & 0x7FFFFF));
  all.push_back(0x7F800000);  // f32(x inv) of an outlier
  for (const std::uint32_t y : all)
    for (const std::uint32_t sign : {0U, 0x80000000U}) {
      ASSERT_EQ(rtl_models::integer_code(y | sign, true), integer_by_text(float_of(y | sign), true))
          << float_of(y | sign);
      if (sign != 0 && float_of(y) != 0) continue;
      ASSERT_EQ(rtl_models::integer_code(y | sign, false), integer_by_text(float_of(y | sign), false))
          << float_of(y | sign);
    }
}

TEST(FixedPoint, EqualsTheTextUnderMaximaOfEveryExponent) {
  std::mt19937 random(6);
  for (std::uint32_t field = 27; field < 255; ++field)
    for (int i = 0; i < 500; ++i) {
      const std::uint32_t maximum = field << 23 | (static_cast<std::uint32_t>(random()) & 0x7FFFFF);
      const std::uint32_t below = field - static_cast<std::uint32_t>(i) % std::min(field + 1, 30U);
      std::uint32_t x = below << 23 | (static_cast<std::uint32_t>(random()) & 0x7FFFFF);
      if (i % 3 == 0) x &= 0xFFFF8000;  // ties
      if (x > maximum) x = maximum;
      int p = 0;
      std::frexp(float_of(maximum), &p);
      ASSERT_EQ(rtl_models::exponent_above(maximum), p);
      const double units = std::ldexp(double{float_of(x)}, 16 - p);
      ASSERT_EQ(rtl_models::fixed_point(x | 0x80000000, maximum), std::nearbyint(units))
          << float_of(x) << " below " << float_of(maximum);
    }
}

PhiloxBlock words_of(PhiloxBlock counter, rtl_models::PhiloxKey key) {
  for (unsigned round = 0; round < rtl_models::philox_rounds; ++round)
    counter = rtl_models::philox_round(counter, key, round);
  return counter;
}

/// The known answers that numerics.md section 2 quotes.
TEST(Philox, KnownAnswers) {
  EXPECT_THAT(words_of({0, 0, 0, 0}, {0, 0}), ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  const std::uint32_t ones = 0xffffffff;
  EXPECT_THAT(words_of({ones, ones, ones, ones}, {ones, ones}),
              ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(words_of({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
              ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

/// Frozen draws of the same page: seed 1, counter 2 3 0, stream 0.
TEST(Philox, DrawsBeginWithTheLowestBits) {
  const PhiloxBlock words = words_of({0, 2, 3, 0}, {1, 0});
  EXPECT_EQ(rtl_models::draw_in(words, 0, 4), 0x1U);
  EXPECT_EQ(rtl_models::draw_in(words, 31, 4), 0x7U);
  EXPECT_EQ(rtl_models::draw_in(words, 0, 8), 0x51U);
  EXPECT_EQ(rtl_models::draw_in(words, 15, 8), 0x78U);
  EXPECT_EQ(rtl_models::draw_in(words, 0, 16), 0x4651U);
  EXPECT_EQ(rtl_models::draw_in(words, 7, 16), 0x78c1U);
}

}  // namespace
}  // namespace quatrain::tests
