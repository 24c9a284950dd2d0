#include "emu/quant/sawb.hpp"

#include "tests/emu/quant/quantize.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace quatrain::tests {
namespace {

using emu::SimdPath;
using traces::Rule;

emu::QuantizedTensor sawb(Rule rule, const std::vector<float>& x) {
  emu::QuantizedTensor first;
  for (const emu::SimdPath path : emu::supported_paths()) {
    const emu::QuantizedTensor out = quantized(*emu::make_quantizer({.rule = rule}, path), x);
    if (path == SimdPath::portable) first = out;
    expect_same(out, first);
  }
  return first;
}

TEST(Sawb, WorkedExampleOfInt4) {
  // M = 4 = 2^2: p = 3, units of 2^-13. m = 32768, 16384, 8192, 0: S1 = 57344, S2 = 1409286144.
  // A = 352321536, B = 14336; C = 12.035 sqrt(A) - 12.03 B = 53440.3.. > 2^15 (M): clip = M.
  const auto out = sawb(Rule::sawb_int4, {4, -2, 1, 0});
  EXPECT_EQ(sawb_facts(out).exponent, 3);
  EXPECT_EQ(sawb_facts(out).count, 4U);
  EXPECT_EQ(sawb_facts(out).sum1, 57344U);
  EXPECT_EQ(sawb_facts(out).sum2, 1409286144U);
  EXPECT_EQ(sawb_facts(out).clip, 4.0F);
  EXPECT_EQ(out.scale, 4.0F / 7);
  EXPECT_THAT(out.codes, testing::ElementsAre(7, 16 - 4, 2, 0));  // 7, -3.5 -> -4, 1.75 -> 2
}

TEST(Sawb, Uint4CountsWhatRoundsAboveZero) {
  // p = 1, units of 2^-15: 2^-16 is half a unit, a tie to zero; 1.5 * 2^-16 rounds to one unit.
  const auto out = sawb(Rule::sawb_uint4, {1, 0x1p-16F, 0x1.8p-16F, 0});
  EXPECT_EQ(sawb_facts(out).exponent, 1);
  EXPECT_EQ(sawb_facts(out).count, 2U);
  EXPECT_EQ(sawb_facts(out).sum1, 32769U);
  EXPECT_EQ(sawb_facts(out).sum2, 1073741825U);
}

TEST(Sawb, ClipIsBelowTheMaximumOfAHeavyTail) {
  // 16384 of magnitude 1 and one of 100: the clip leaves the outlier to the clamp, far beyond 8 bits of code.
  std::vector<float> x(16384, 1.0F);
  for (std::size_t i = 0; i < x.size(); i += 2) x[i] = -0.25F;
  x.push_back(-100);
  const auto out = sawb(Rule::sawb_int4, x);
  EXPECT_LT(sawb_facts(out).clip, 10.0F);
  EXPECT_EQ(out.codes.back(), 16 - 7);
}

TEST(Sawb, MagnitudesThatRoundToTheTopOfTheRange) {
  // p = 0: the largest float below 1 has m = 65536, which no 16 bits hold; 65535 / 65536 has m = 65535.
  const float top = std::nextafter(1.0F, 0.0F), next = 65535.0F / 65536;
  for (const Rule rule : {Rule::sawb_int4, Rule::sawb_uint4})
    for (const std::size_t count : {1U, 5U, 40U, 1000U}) {
      const auto highest = sawb(rule, std::vector<float>(count, top));
      EXPECT_EQ(sawb_facts(highest).sum1, count * 65536);
      EXPECT_EQ(sawb_facts(highest).sum2, count * 65536 * 65536);
      EXPECT_EQ(sawb_facts(highest).count, count);
      const auto second = sawb(rule, std::vector<float>(count, next));
      EXPECT_EQ(sawb_facts(second).sum1, count * 65535);
      EXPECT_EQ(sawb_facts(second).sum2, count * 65535 * 65535);
      EXPECT_EQ(sawb_facts(second).count, count);
    }
}

TEST(Sawb, OneElementAtEveryPlace) {
  // m = 32768 for 1, one of 1 for 2^-15, and 0 for the rest: a place that is left out or counted twice shows.
  for (const std::size_t count : {1U, 7U, 31U, 33U, 63U})
    for (std::size_t place = 0; place < count; ++place) {
      std::vector<float> x(count, 0x1p-17F);
      x[place] = 1;
      if (place + 1 < count) x[place + 1] = 0x1p-15F;
      const std::uint64_t small = place + 1 < count ? 1 : 0;
      const auto out = sawb(Rule::sawb_uint4, x);
      EXPECT_EQ(sawb_facts(out).sum1, 32768 + small);
      EXPECT_EQ(sawb_facts(out).sum2, (std::uint64_t{1} << 30) + small);
      EXPECT_EQ(sawb_facts(out).count, 1 + small);
      EXPECT_EQ(out.codes[place], 15);
    }
}

TEST(Sawb, ZeroTensorHasNothing) {
  for (const Rule rule : {Rule::sawb_int4, Rule::sawb_uint4}) {
    const auto out = sawb(rule, {0, -0.0F, 0x1p-101F});
    EXPECT_EQ(out.max, 0x1p-101F);
    EXPECT_EQ(out.scale, 0.0F);
    EXPECT_EQ(sawb_facts(out).clip, 0.0F);
    EXPECT_EQ(sawb_facts(out).exponent, 0);
    EXPECT_EQ(sawb_facts(out).count + sawb_facts(out).sum1 + sawb_facts(out).sum2, 0U);
    EXPECT_THAT(out.codes, testing::ElementsAre(0, 0, 0));
  }
}

}  // namespace
}  // namespace quatrain::tests
