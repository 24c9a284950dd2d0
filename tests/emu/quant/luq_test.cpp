#include "emu/quant/luq.hpp"

#include "tests/emu/quant/quantize.hpp"
#include "tests/support/exact_oracle.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <ostream>

namespace quatrain::tests {
namespace {

using emu::SimdPath;
using traces::Alpha;

/// Which magnitudes the codes of one x have over all draws, and how many have the upper one.
struct Counted {
  unsigned lower = 0;  ///< e of the lower one; the upper one is e + 1
  std::uint32_t upward = 0;
  std::uint32_t others = 0;  ///< neither of the two
  friend bool operator==(const Counted&, const Counted&) = default;
};

std::ostream& operator<<(std::ostream& out, const Counted& counted) {
  return out << counted.upward << " above e = " << counted.lower << ", " << counted.others << " elsewhere";
}

/// Words that hold the draws 0, 1, ..., 2^r - 1.
std::vector<std::uint32_t> words_of_all_draws(unsigned bits) {
  const std::uint32_t draws = std::uint32_t{1} << bits;
  std::vector<std::uint32_t> words(std::max(draws, 32U) * bits / 32);
  for (std::uint32_t u = 0; u < draws; ++u) words[u * bits / 32] |= u << (u * bits % 32);
  return words;
}

/// What the 2^r draws make of x, by the loop of the fast path.
Counted all_draws(float x, float maximum, unsigned bits, unsigned lower, SimdPath path) {
  const std::size_t draws = std::size_t{1} << bits;
  const std::vector<std::uint32_t> words = words_of_all_draws(bits);
  std::vector<std::uint8_t> codes(draws);
  const std::vector<float> same(emu::fp4_block_elements, x);
  for (std::size_t at = 0; at < draws; at += emu::fp4_block_elements)
    emu::luq_codes(same.data(), std::min(emu::fp4_block_elements, draws - at), 64.0F / maximum, bits,
                   &words[at * bits / 32], path, &codes[at]);
  Counted result{.lower = lower};
  for (const std::uint8_t code : codes) {
    const unsigned e = code & 7U;
    result.upward += e == lower + 1 ? 1 : 0;
    result.others += e == lower || e == lower + 1 ? 0 : 1;
  }
  return result;
}

/// y of numerics.md section 3, each step rounded once.
float scaled(float x, float maximum) { return exact::product(std::fabs(x), exact::quotient(64, maximum)); }

/// Step 6 for all draws: t = (2u + 1) / 2^(r+1) rises with u, so as many go up as there are u <= 2^r part -
/// 1/2. Exact in fp64 but for parts so small that none goes up.
Counted by_formula(float x, float maximum, unsigned bits) {
  const float y = scaled(x, maximum);
  if (y >= 64) return {.lower = 7};
  const int q = y < 1 ? -1 : std::ilogb(y);
  const double part = y < 1 ? double{y} : std::ldexp(double{y}, -q) - 1;
  return {.lower = static_cast<unsigned>(q + 1),
          .upward = static_cast<std::uint32_t>(std::floor(std::ldexp(part, static_cast<int>(bits)) + 0.5))};
}

/// Every power of two with its neighbours, places between them, both ends of the dead zone, the maximum and
/// above.
std::vector<float> chosen_inputs(float maximum, unsigned bits) {
  std::vector<float> inputs = {0, -0.0F, maximum * 0x1p-40F, maximum * 1.5F};
  const float alpha = maximum * 0x1p-6F;
  const float dead_zone = std::ldexp(alpha, -static_cast<int>(bits) - 1);
  for (const float at : {dead_zone, alpha, 2 * alpha, 4 * alpha, 8 * alpha, 16 * alpha, 32 * alpha, maximum})
    for (const float factor : {1.0F, 1.25F, 1.7F}) {
      float below = at * factor, above = below;
      inputs.push_back(below);
      for (int ulp = 0; ulp < 3; ++ulp) {
        inputs.push_back(below = std::nextafter(below, 0.0F));
        inputs.push_back(above = std::nextafter(above, std::numeric_limits<float>::max()));
      }
    }
  return inputs;
}

class EveryDraw : public testing::TestWithParam<unsigned> {};

TEST_P(EveryDraw, CodesAreThoseOfTheFormula) {
  const unsigned bits = GetParam();
  for (const float maximum : {64.0F, 0.37F})
    for (const float x : chosen_inputs(maximum, bits)) {
      const Counted expected = by_formula(x, maximum, bits);
      for (const SimdPath path : emu::supported_paths())
        EXPECT_EQ(all_draws(x, maximum, bits, expected.lower, path), expected)
            << "x = " << x << ", M = " << maximum;
    }
}

TEST_P(EveryDraw, TheFormulaCountsAsExactArithmeticDoes) {
  const unsigned bits = GetParam();
  for (const float maximum : {64.0F, 0.37F}) {
    const std::vector<float> inputs = chosen_inputs(maximum, bits);
    // Trying all draws takes a quarter of a second for 65,536 of them: every 23rd input then.
    const std::size_t stride = bits == 16 ? 23 : 1;
    for (std::size_t i = 0; i < inputs.size(); i += stride)
      EXPECT_EQ(by_formula(inputs[i], maximum, bits).upward,
                exact::draws_upward(inputs[i], maximum, Alpha::exact, bits))
          << "x = " << inputs[i] << ", M = " << maximum;
  }
}

TEST_P(EveryDraw, TypedCounts) {
  // alpha = 1: 1.5 goes up with half of the draws; 2 never moves, and what is just below it always does;
  // 0.75 becomes 1 with three of four draws; the dead zone ends at 2^-(r+1), where one draw (u = 0) goes up.
  const unsigned bits = GetParam();
  const std::uint32_t draws = std::uint32_t{1} << bits;
  const auto expect = [&](float x, unsigned lower, std::uint32_t upward) {
    for (const SimdPath path : emu::supported_paths())
      EXPECT_EQ(all_draws(x, 64, bits, lower, path), (Counted{lower, upward, 0})) << x;
  };
  expect(1.5F, 1, draws / 2);
  expect(-3.0F, 2, draws / 2);
  expect(2.0F, 2, 0);
  expect(std::nextafter(2.0F, 0.0F), 1, draws);
  expect(std::nextafter(1.0F, 0.0F), 0, draws);
  expect(64.0F, 7, 0);
  expect(std::nextafter(64.0F, 0.0F), 6, draws);
  expect(100.0F, 7, 0);
  expect(0.75F, 0, draws / 4 * 3);
  expect(std::ldexp(1.0F, -static_cast<int>(bits) - 1), 0, 1);
  expect(std::nextafter(std::ldexp(1.0F, -static_cast<int>(bits) - 1), 0.0F), 0, 0);
}

INSTANTIATE_TEST_SUITE_P(Luq, EveryDraw, testing::Values(4U, 8U, 16U),
                         [](const auto& which) { return std::to_string(which.param) + "_bits"; });

TEST(Luq, DrawsAreThoseOfTheFlatIndex) {
  const emu::DrawSource source{5, emu::Stream::luq, 1, 2, 3};
  for (const SimdPath path : emu::supported_paths())
    for (const unsigned bits : {4U, 8U, 16U})
      for (const std::size_t first : {std::size_t{0}, std::size_t{32}, std::size_t{1} << 30}) {
        std::vector<std::uint16_t> draws(1000);
        const emu::DrawWords words(source, bits, first, draws.size(), path);
        emu::cut_draws(words.words, bits, draws.size(), draws.data());
        for (std::size_t i = 0; i < draws.size(); ++i) ASSERT_EQ(draws[i], source.draw(first + i, bits)) << i;
      }
}

TEST(Luq, EveryPlaceHasItsThreshold) {
  // alpha = 1. In every gap, an element on the threshold of its draw goes up, as does the next one above; the
  // next one below does not. 1001 elements: no whole vector at the end.
  const traces::DrawKey key{5, 1, 2, 3};
  const emu::DrawSource source{5, emu::Stream::luq, 1, 2, 3};
  for (const unsigned bits : {4U, 8U, 16U})
    for (const int ulp : {-1, 0, 1}) {
      std::vector<float> x(1001);
      std::vector<std::uint8_t> expected(x.size());
      for (std::size_t i = 0; i < x.size(); ++i) {
        const int q = static_cast<int>(i % 7) - 1;  // -1 stands for y < 1
        const float part =
            std::ldexp(static_cast<float>(2 * source.draw(i, bits) + 1), -1 - static_cast<int>(bits));
        const float on = q < 0 ? part : std::ldexp(1 + part, q);
        const float towards = ulp < 0 ? 0.0F : 100.0F;
        const bool is_negative = i % 3 == 0;
        x[i] = (ulp == 0 ? on : std::nextafter(on, towards)) * (is_negative ? -1.0F : 1.0F);
        const int e = q + (ulp < 0 ? 1 : 2);
        expected[i] = static_cast<std::uint8_t>(e + (is_negative && e != 0 ? 8 : 0));
      }
      for (const SimdPath path : emu::supported_paths())
        EXPECT_EQ(
            quantized(*emu::make_quantizer({traces::Rule::luq_fp4, bits, Alpha::exact}, path), x, key, 64.0F)
                .codes,
            expected)
            << emu::name_of(path) << ", " << bits << " bits, " << ulp << " ulp beside the thresholds";
    }
}

TEST(Luq, SamplesStepsLayersAndSeedsDrawDifferently) {
  const std::vector<float> x(64, 1.5F);  // with a given maximum of 64: up or down by the draw's top bit alone
  for (const SimdPath path : emu::supported_paths()) {
    const auto luq = emu::make_quantizer({traces::Rule::luq_fp4, 16, Alpha::exact}, path);
    const auto codes = [&](const traces::DrawKey& key) { return quantized(*luq, x, key, 64.0F).codes; };
    const auto one = codes({1, 2, 3, 0});
    EXPECT_EQ(one, codes({1, 2, 3, 0}));
    EXPECT_NE(one, codes({1, 2, 3, 1}));
    EXPECT_NE(one, codes({1, 2, 4, 0}));
    EXPECT_NE(one, codes({1, 3, 3, 0}));
    EXPECT_NE(one, codes({2, 2, 3, 0}));
  }
}

}  // namespace
}  // namespace quatrain::tests
