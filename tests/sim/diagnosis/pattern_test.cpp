#include "sim/diagnosis/pattern.hpp"

#include "tests/support/gemm_cases.hpp"

#include <limits>

namespace quatrain::sim::diagnosis {
namespace {

using testing::ElementsAre;
using traces::Encoding;
using traces::Gemm;
using traces::Phase;

/// 100 x 40 of one linear layer, every element 8 (row + 1) + column.
struct Result {
  Gemm gemm{Phase::forward, {.batch = 100, .in_channels = 3, .out_channels = 40}};
  std::vector<std::int32_t> expected, got;
  Result() {
    for (int row = 0; row < 100; ++row)
      for (int column = 0; column < 40; ++column) expected.push_back(8 * (row + 1) + column);
    got = expected;
  }
  std::int32_t& at(int row, int column) { return got[static_cast<std::size_t>(row * 40 + column)]; }
  Pattern pattern() const { return pattern_of(gemm, std::span(expected), std::span(got)).value(); }
};

TEST(Pattern, EqualResultsHaveNone) {
  const Result result;
  EXPECT_FALSE(pattern_of(result.gemm, std::span(result.expected), std::span(result.got)));
}

TEST(Pattern, BoxCountsAndMapOfABlock) {
  Result result;
  for (int row = 96; row < 100; ++row)
    for (int column = 30; column < 33; ++column) result.at(row, column) += row == 97 ? 24 : 8;
  const Pattern pattern = result.pattern();
  EXPECT_EQ(pattern.of, "accumulators");
  EXPECT_EQ(pattern.elements, 4000U);
  EXPECT_EQ(pattern.different, 12U);
  EXPECT_EQ(pattern.rows, (AxisPattern{100, 96, 99, 4, 0, {}}));
  EXPECT_EQ(pattern.columns, (AxisPattern{40, 30, 32, 3, 0, {}}));
  EXPECT_EQ(pattern.groups, (AxisPattern{1, 0, 0, 1, 0, {}}));
  EXPECT_EQ(pattern.too_large, 12U);
  EXPECT_EQ(pattern.too_small, 0U);
  EXPECT_EQ(pattern.multiple_of_two_to, 3U);
  EXPECT_EQ(pattern.map.rows, 25);
  EXPECT_EQ(pattern.map.columns, 20);
  EXPECT_EQ(pattern.map.rows_a_cell, 4);
  EXPECT_EQ(pattern.map.columns_a_cell, 2);
  EXPECT_EQ(pattern.map.counts[24 * 20 + 15], 8U);  // columns 30, 31
  EXPECT_EQ(pattern.map.counts[24 * 20 + 16], 4U);  // column 32
  EXPECT_THAT(
      describe(pattern),
      ElementsAre(
          "12 of 4000 accumulators differ: 4 rows from 96 to 99 of 100; 3 columns from 30 to 32 of 40",
          "all too large, by 8 to 24, all multiples of 2^3"));
}

TEST(Pattern, PeriodOfATile) {
  Result result;
  for (int row = 0; row < 100; ++row)
    for (int column = 7; column < 40; column += 8) result.at(row, column) = 0;
  const Pattern pattern = result.pattern();
  EXPECT_EQ(pattern.columns, (AxisPattern{40, 7, 39, 5, 8, {7}}));
  EXPECT_EQ(pattern.factor, "0");
  EXPECT_THAT(describe(pattern),
              ElementsAre("500 of 4000 accumulators differ: all 100 rows; 5 columns from 7 to 39 of 40",
                          "every one where column % 8 is 7", "all too small, by 15 to 839; every one is 0"));
}

TEST(Pattern, FactorsAndSigns) {
  Result result;
  result.at(3, 4) *= 2;
  result.at(50, 1) *= 2;
  EXPECT_EQ(result.pattern().factor, "2");
  result.at(7, 7) = -result.at(7, 7);
  EXPECT_EQ(result.pattern().factor, "");
  EXPECT_EQ(result.pattern().too_small, 1U);
  EXPECT_EQ(result.pattern().smallest, "36");
  EXPECT_EQ(result.pattern().largest, "409");
}

TEST(Pattern, ExtremesDoNotOverflow) {
  Result result;
  result.expected[5] = std::numeric_limits<std::int32_t>::min();
  result.got[5] = std::numeric_limits<std::int32_t>::max();
  EXPECT_EQ(result.pattern().largest, "4294967295");
}

TEST(Pattern, GroupsOfAConvolution) {
  const Gemm gemm{Phase::backward_weight, {.batch = 2, .in_channels = 4, .out_channels = 6, .groups = 2}};
  std::vector<std::int32_t> expected(12, 1), got = expected;
  got[11] = 3;  // dW [6, 2]: output channel 5 is group 1, column 2; row 1
  const Pattern pattern =
      pattern_of(gemm, std::span<const std::int32_t>(expected), std::span<const std::int32_t>(got)).value();
  EXPECT_EQ(pattern.groups, (AxisPattern{2, 1, 1, 1, 0, {}}));
  EXPECT_EQ(pattern.rows, (AxisPattern{2, 1, 1, 1, 0, {}}));
  EXPECT_EQ(pattern.columns, (AxisPattern{3, 2, 2, 1, 0, {}}));
  EXPECT_EQ(pattern.map.rows, 4);
  EXPECT_EQ(pattern.map.counts[3 * 3 + 2], 1U);
}

TEST(Pattern, CodesCountInStepsOfTheirValues) {
  const std::vector<std::uint8_t> expected{0x1, 0x9, 0x7, 0x0, 0x2}, got{0x2, 0x0, 0x7, 0x0, 0x4};
  const Pattern pattern = pattern_of_codes(Encoding::fp4_e3m0, expected, got).value();
  EXPECT_EQ(pattern.different, 3U);
  EXPECT_EQ(pattern.smallest, "1");
  EXPECT_EQ(pattern.largest, "2");
  EXPECT_EQ(pattern.too_large, 3U);
  EXPECT_EQ(pattern.columns, (AxisPattern{5, 0, 4, 3, 0, {}}));
  EXPECT_EQ(pattern.groups.size, 0);
  EXPECT_THAT(describe(pattern), ElementsAre("3 of 5 codes differ: 3 elements from 0 to 4 of 5",
                                             "all too large, by 1 to 2 steps"));
}

}  // namespace
}  // namespace quatrain::sim::diagnosis
