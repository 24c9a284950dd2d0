/// The oracle itself against numbers that do not come from it: published vectors, values typed from the
/// definition, and the processor's own IEEE operations.
#include "tests/support/exact_oracle.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/sharp_tensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

namespace quatrain::tests {
namespace {

using testing::ElementsAre;
using traces::Alpha;
using traces::Rule;

TEST(OraclePhilox, PublishedVectors) {  // Random123 1.14.0, kat_vectors
  constexpr std::uint32_t ones = 0xFFFFFFFF;
  EXPECT_THAT(exact::random_words({0, 0, 0, 0}, {0, 0}),
              ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  EXPECT_THAT(exact::random_words({ones, ones, ones, ones}, {ones, ones}),
              ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(exact::random_words({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
              ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST(OraclePhilox, DrawsAreCutFromTheLowEndOfTheBlock) {  // block 0 of key 0: the first published vector
  EXPECT_EQ(exact::draw({}, 0, 4), 0x5U);
  EXPECT_EQ(exact::draw({}, 7, 4), 0x6U);
  EXPECT_EQ(exact::draw({}, 8, 4), 0xDU);
  EXPECT_EQ(exact::draw({}, 31, 4), 0x9U);
  EXPECT_EQ(exact::draw({}, 3, 8), 0x66U);
  EXPECT_EQ(exact::draw({}, 15, 8), 0x9bU);
  EXPECT_EQ(exact::draw({}, 2, 16), 0xc58dU);
  EXPECT_EQ(exact::draw({}, 7, 16), 0x9b00U);
  EXPECT_EQ(exact::draw({}, 2, 32), 0xbc57ac4cU);
}

float float_of(std::uint32_t bits) { return std::bit_cast<float>(bits); }

/// Both operands finite, of any exponent.
std::pair<float, float> random_floats(std::mt19937& random) {
  const auto one = [&] {
    const float x = float_of(static_cast<std::uint32_t>(random()));
    return std::isfinite(x) ? x : -0.0F;
  };
  return {one(), one()};
}

TEST(OracleRounding, ProductsAndQuotientsAreTheProcessors) {
  std::mt19937 random(1);
  int subnormal = 0, infinite = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto [a, b] = random_floats(random);
    ASSERT_EQ(std::bit_cast<std::uint32_t>(exact::product(a, b)), std::bit_cast<std::uint32_t>(a * b))
        << a << ' ' << b;
    if (b == 0) continue;
    const float quotient = a / b;
    ASSERT_EQ(std::bit_cast<std::uint32_t>(exact::quotient(a, b)), std::bit_cast<std::uint32_t>(quotient))
        << a << ' ' << b;
    subnormal += std::fpclassify(quotient) == FP_SUBNORMAL ? 1 : 0;
    infinite += std::isinf(quotient) ? 1 : 0;
  }
  EXPECT_GT(subnormal, 100);
  EXPECT_GT(infinite, 100);
}

TEST(OracleLuq, UpwardDrawsTypedByHand) {  // M = 64: alpha = 1, y = |x|
  const auto upward = [](float x, unsigned bits) { return exact::draws_upward(x, 64, Alpha::exact, bits); };
  EXPECT_EQ(upward(1, 4), 0U) << "a level does not move";
  EXPECT_EQ(upward(3, 4), 8U) << "half-way: 16 / 2";
  EXPECT_EQ(upward(2.5F, 4), 4U);
  EXPECT_EQ(upward(40, 4), 4U);
  EXPECT_EQ(upward(0.5F, 8), 128U);
  EXPECT_EQ(upward(0x1p-5F, 4), 1U) << "1/32 = t of u = 0, and it goes up";
  EXPECT_EQ(upward(0x1.fffffep-6F, 4), 0U) << "one ulp below";
  EXPECT_EQ(upward(0x1p-17F, 16), 1U);
  EXPECT_EQ(upward(2.1F, 4), 1U) << "g = 0.05: 0.05 x 16 + 1/2 = 1.3";
  EXPECT_EQ(upward(2.09375F, 4), 1U) << "g = 3/64: 3/4 + 1/2 = 1.25";
  EXPECT_EQ(upward(2.03125F, 4), 0U) << "g = 1/64: 1/4 + 1/2";
  EXPECT_EQ(upward(63.999996F, 16), 65536U);
  EXPECT_EQ(upward(64, 16), 0U);
}

TEST(OracleLuq, KnifeEdgesAlternate) {
  for (const unsigned bits : {4U, 8U, 16U}) {
    const auto sharp = knife_edge({{1, 2, 3, 4}, bits, Alpha::exact, 0.37F}, 501, Side::up_first);
    const auto codes = traces::unpack_nibbles(sharp.expected.codes, 501);
    for (std::size_t i = 0; i < 500; ++i) ASSERT_EQ(codes[i] & 7U, i % 7 + (i % 2 == 0 ? 1 : 0)) << i;
    ASSERT_EQ(codes[500], 0xFU);
  }
}

TEST(OracleLuq, ReadOutSpellsTheDraws) {
  const traces::DrawKey key{};
  for (const unsigned bits : {4U, 8U, 16U})
    for (unsigned bit = 0; bit < bits; ++bit) {
      const auto sharp = read_out({key, bits, Alpha::exact, 64}, bit, 65);
      const auto codes = traces::unpack_nibbles(sharp.expected.codes, 65);
      for (std::size_t i = 1; i < 65; ++i)
        ASSERT_EQ(codes[i] & 7U, (exact::draw(key, i, bits) >> bit & 1U) == 0 ? 4U : 3U)
            << bits << ' ' << bit;
    }
}

TEST(OracleSawb, TiesTypedByHand) {
  const auto int4 = sawb_ties(Rule::sawb_int4).expected;
  EXPECT_EQ(std::get<traces::SawbFacts>(int4.facts).clip, 7);
  EXPECT_EQ(int4.scale, 1);
  auto codes = traces::unpack_nibbles(int4.codes, 64);
  EXPECT_THAT(std::vector(codes.begin() + 16, codes.begin() + 29),
              ElementsAre(0xA, 0xC, 0xC, 0xE, 0xE, 0, 0, 2, 2, 4, 4, 6, 6));
  const auto uint4 = sawb_ties(Rule::sawb_uint4).expected;
  EXPECT_EQ(std::get<traces::SawbFacts>(uint4.facts).clip, 15);
  EXPECT_EQ(uint4.scale, 1);
  codes = traces::unpack_nibbles(uint4.codes, 127);
  EXPECT_THAT(std::vector(codes.begin() + 112, codes.end()),
              ElementsAre(0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10, 12, 12, 14, 14));
}

TEST(OracleNearest, TiesTypedByHand) {  // 1.5 -> 2, 3 -> 2, 6 -> 8, 12 -> 8, 24 -> 32, 48 -> 32, 1/2 -> 0
  const std::vector<float> source{64, 0.5F, 1.5F, 3, 6, 12, 24, 48, -1.5F, -0.5F};
  traces::QuantizerTask task;
  task.rule = Rule::nearest_fp4;
  task.random_bits = 0;
  task.source = source;
  EXPECT_THAT(traces::unpack_nibbles(exact::quantize(task).codes, 10),
              ElementsAre(7, 0, 2, 2, 4, 4, 6, 6, 0xA, 0));
}

/// Every term of a convolution joins one x, one w and one z; the phase says which of the three is the result.
std::vector<std::int32_t> direct_product(const GemmCase& c) {
  const traces::Geometry& g = c.gemm.geometry;
  std::vector<std::int32_t> result(static_cast<std::size_t>(traces::result_elements(c.gemm.phase, g)));
  const auto value = [](traces::Encoding encoding, const std::vector<std::uint8_t>& codes, std::int64_t at) {
    return std::int32_t{
        traces::code_values(encoding)[traces::nibble_at(codes, static_cast<std::size_t>(at))]};
  };
  const std::int64_t in = g.in_channels / g.groups, out = g.out_channels / g.groups;
  for (const auto& right : c.right)
    for (std::int64_t b = 0; b < g.batch; ++b)
      for (std::int64_t o = 0; o < g.out_channels; ++o)
        for (std::int64_t ho = 0; ho < g.out_height; ++ho)
          for (std::int64_t wo = 0; wo < g.out_width; ++wo)
            for (std::int64_t channel = 0; channel < in; ++channel)
              for (std::int64_t i = 0; i < g.kernel_height; ++i)
                for (std::int64_t j = 0; j < g.kernel_width; ++j) {
                  const std::int64_t h = ho * g.stride_height + i - g.padding_height;
                  const std::int64_t w = wo * g.stride_width + j - g.padding_width;
                  if (h < 0 || h >= g.height || w < 0 || w >= g.width) continue;
                  const std::int64_t c_in = o / out * in + channel;
                  const std::int64_t x = ((b * g.in_channels + c_in) * g.height + h) * g.width + w;
                  const std::int64_t weight = ((o * in + channel) * g.kernel_height + i) * g.kernel_width + j;
                  const std::int64_t z = ((b * g.out_channels + o) * g.out_height + ho) * g.out_width + wo;
                  const bool forward = c.gemm.phase == traces::Phase::forward;
                  const bool data = c.gemm.phase == traces::Phase::backward_data;
                  const std::int64_t left_at = data ? z : x, right_at = forward || data ? weight : z;
                  const std::int64_t to = forward ? z : data ? x : weight;
                  result[static_cast<std::size_t>(to)] +=
                      value(c.left_encoding, c.left, left_at) * value(c.right_encoding, right, right_at);
                }
  return result;
}

TEST(OracleGemm, GathersWhatDirectProductScatters) {
  unsigned seed = 1;
  for (const Mode& mode : five_modes) {
    const traces::Geometry g = with_output({2, 4, 6, 5, 6, 0, 0, 3, 2, 2, 1, 1, 1, 2});
    const unsigned samples = mode.phase == traces::Phase::backward_weight ? 4 : 1;
    const GemmCase c = random_case({mode.phase, g}, mode.left, mode.right, samples, seed++);
    const auto result = exact::multiply(c);
    EXPECT_THAT(result.accumulators, testing::Contains(testing::Ne(0)));
    EXPECT_EQ(result.accumulators, direct_product(c));
    for (std::size_t i = 0; i < result.output.size(); ++i)
      ASSERT_EQ(result.output[i], static_cast<float>(result.accumulators[i]) * result.scale);
  }
}

/// Guards the sharp tensors of section 4, step 6: both sides of every condition must be there.
TEST(SharpQuantizers, ReachEveryBranch) {
  int clipped = 0, unclipped = 0, nearly_constant_kept = 0, nearly_constant = 0, zero = 0;
  for (const SharpQuantizer& sharp : sharp_quantizers()) {
    if (sharp.expected.scale == 0) ++zero;
    const auto* sawb = std::get_if<traces::SawbFacts>(&sharp.expected.facts);
    if (sawb == nullptr || sawb->exponent == 0) continue;
    (sawb->clip < sharp.expected.max ? clipped : unclipped) += 1;
    if (sharp.name.find("sawb_int4: nearly constant") == 0)
      (sawb->clip < sharp.expected.max ? nearly_constant_kept : nearly_constant) += 1;
  }
  EXPECT_GE(clipped, 5);
  EXPECT_GE(unclipped, 5);
  EXPECT_GE(nearly_constant_kept, 2);
  EXPECT_GE(nearly_constant, 2);
  EXPECT_GE(zero, 6);
}

}  // namespace
}  // namespace quatrain::tests
