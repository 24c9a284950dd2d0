#include "emu/quant/measure.hpp"

#include "tests/emu/quant/quantize.hpp"
#include "tests/support/message_of.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <string>

namespace quatrain::tests {
namespace {

using traces::Alpha;
using traces::Rule;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr traces::DrawKey key{1, 20, 6, 0};

std::string refusal(Rule rule, const std::vector<float>& x, std::optional<float> maximum = {},
                    Alpha alpha = Alpha::exact, unsigned threads = 1) {
  std::set<std::string> messages;
  for (const emu::SimdPath path : emu::supported_paths())
    messages.insert(message_of([&] {
      quantized(*emu::make_quantizer({rule, 16, alpha}, path), x, key, maximum, threads);
    }));
  EXPECT_EQ(messages.size(), 1U) << "the paths differ";
  return *messages.begin();
}

TEST(Measure, FirstBadElementIsNamedForAnyThreadCount) {
  // Two pieces hold one each; the threads may meet the later one first.
  for (const Rule rule : {Rule::sawb_int4, Rule::sawb_uint4, Rule::luq_fp4, Rule::nearest_fp4})
    for (const unsigned threads : {1U, 2U, 7U}) {
      std::vector<float> x(50000, 1.0F);
      x[17000] = nan;
      x[40000] = infinity;
      EXPECT_EQ(refusal(rule, x, {}, Alpha::exact, threads),
                "layer 6, step 20: element 17000 is NaN; expected a finite number");
      x[16999] = -infinity;
      EXPECT_EQ(refusal(rule, x, {}, Alpha::exact, threads),
                "layer 6, step 20: element 16999 is -infinity; expected a finite number");
    }
}

TEST(Measure, OneElementAtEveryPlace) {
  // Among negative zeros, so that nothing else is below zero. 3 vectors of 16 and what is left.
  base::ThreadPool pool(1);
  constexpr std::int32_t one_and_a_half = 0x3FC00000, infinite = 0x7F800000;
  for (const emu::SimdPath path : emu::supported_paths())
    for (const std::size_t count : {1U, 7U, 31U, 32U, 33U, 63U})
      for (std::size_t place = 0; place < count; ++place) {
        SCOPED_TRACE(testing::Message() << emu::name_of(path) << " place " << place << " of " << count);
        std::vector<float> x(count, -0.0F);
        EXPECT_EQ(emu::magnitudes_of(x, path, pool).largest, 0);
        EXPECT_FALSE(emu::magnitudes_of(x, path, pool).may_be_below_zero);
        for (const float sign : {1.0F, -1.0F}) {
          const auto with = [&](float element) {
            x[place] = sign * element;
            return emu::magnitudes_of(x, path, pool);
          };
          EXPECT_EQ(with(1.5F).largest, one_and_a_half);
          EXPECT_EQ(with(1.5F).may_be_below_zero, sign < 0);
          EXPECT_EQ(with(0x1p-149F).largest, 1);
          EXPECT_EQ(with(0x1p-149F).may_be_below_zero, sign < 0);
          EXPECT_EQ(with(infinity).largest, infinite);
          EXPECT_GT(with(nan).largest, infinite);
        }
      }
}

TEST(Measure, NegativeElementIsAnErrorForUint4Only) {
  EXPECT_EQ(refusal(Rule::sawb_uint4, {1, -0.0F, -1.5F, nan}),
            "layer 6, step 20: element 2 is -1.5; expected none below zero for sawb_uint4");
  EXPECT_EQ(refusal(Rule::sawb_uint4, {1, -0.0F, 0.25F}), "nothing was thrown");
  EXPECT_EQ(refusal(Rule::sawb_int4, {1, -1.5F}), "nothing was thrown");
}

TEST(Measure, MaximumOutOfRange) {
  EXPECT_EQ(refusal(Rule::luq_fp4, {1, 0x1.8p127F}, {}, Alpha::pow2),
            "layer 6, step 20: maximum out of range: 2.5521178e+38 is over 2^127, and alpha is pow2");
  EXPECT_EQ(refusal(Rule::luq_fp4, {1, 0x1.8p127F}), "nothing was thrown");
  EXPECT_EQ(refusal(Rule::nearest_fp4, {1}, -2.0F),
            "layer 6, step 20: maximum out of range: -2 is not a finite number >= 0");
  EXPECT_EQ(refusal(Rule::luq_fp4, {1}, nan),
            "layer 6, step 20: maximum out of range: nan is not a finite number >= 0");
}

TEST(Measure, GivenMaximumBelowTheSmallestGivesZeros) {
  for (const emu::SimdPath path : emu::supported_paths()) {
    const auto out = quantized(*emu::make_quantizer({Rule::luq_fp4, 16, Alpha::exact}, path),
                               std::vector<float>{3, -4}, key, 0x1p-101F);
    EXPECT_EQ(out.max, 4.0F);
    EXPECT_EQ(std::get<traces::Fp4Facts>(out.facts).max_used, 0x1p-101F);
    EXPECT_EQ(out.scale, 0.0F);
    EXPECT_EQ(out.codes, (std::vector<std::uint8_t>{0, 0}));
  }
}

}  // namespace
}  // namespace quatrain::tests
