/// Mean, deviation and interval against values from elsewhere.
#include "sim/experiment/statistics.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

namespace quatrain::sim::experiment {
namespace {

/// The 97.5 % points of Student's distribution as every table of it prints them.
constexpr std::array<std::pair<int, double>, 6> table_of_t = {
    {{1, 12.706}, {2, 4.303}, {4, 2.776}, {9, 2.262}, {29, 2.045}, {99, 1.984}}};

TEST(Statistics, TheIntervalIsThatOfTheTable) {
  for (const auto& [freedom, t] : table_of_t) {
    std::vector<double> values;
    for (int i = 0; i <= freedom; ++i) values.push_back(i % 2 == 0 ? 1.0 : 5.0);
    const Sample sample = sample_of(values);
    ASSERT_TRUE(sample.spread) << freedom;
    const double n = freedom + 1, half = (sample.spread->high - sample.spread->low) / 2;
    EXPECT_NEAR(half / (sample.spread->deviation / std::sqrt(n)), t, 0.0005) << freedom;
    EXPECT_DOUBLE_EQ((sample.spread->high + sample.spread->low) / 2, sample.mean) << freedom;
  }
}

/// By hand: 2, 4, 9 have the mean 5 and the squares 9 + 1 + 16 = 26, so the variance 13.
TEST(Statistics, ThreeNumbersByHand) {
  const std::vector<double> values = {4, 9, 2};
  const Sample sample = sample_of(values);
  EXPECT_EQ(sample.count, 3U);
  EXPECT_DOUBLE_EQ(sample.mean, 5);
  EXPECT_DOUBLE_EQ(sample.smallest, 2);
  EXPECT_DOUBLE_EQ(sample.largest, 9);
  ASSERT_TRUE(sample.spread);
  EXPECT_DOUBLE_EQ(sample.spread->deviation, std::sqrt(13.0));
  EXPECT_NEAR(sample.spread->low, 5 - 4.302653 * std::sqrt(13.0 / 3), 1e-5);
  EXPECT_NEAR(sample.spread->high, 5 + 4.302653 * std::sqrt(13.0 / 3), 1e-5);
}

TEST(Statistics, OneNumberHasNoSpread) {
  const Sample sample = sample_of(std::vector<double>{7});
  EXPECT_EQ(sample.count, 1U);
  EXPECT_EQ(sample.mean, 7);
  EXPECT_FALSE(sample.spread);
}

TEST(Statistics, EqualNumbersHaveAnIntervalOfOnePoint) {
  const Sample sample = sample_of(std::vector<double>{3, 3, 3});
  ASSERT_TRUE(sample.spread);
  EXPECT_EQ(sample.spread->deviation, 0);
  EXPECT_EQ(sample.spread->low, 3);
  EXPECT_EQ(sample.spread->high, 3);
}

}  // namespace
}  // namespace quatrain::sim::experiment
