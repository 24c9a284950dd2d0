#include "sim/report/numbers.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace quatrain::sim::report {
namespace {

TEST(Numbers, GroupedByThousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(123456), "123,456");
  EXPECT_EQ(grouped(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(Numbers, SignificantDigitsWithoutExponent) {
  EXPECT_EQ(significant(0), "0.000");
  EXPECT_EQ(significant(0.012345678), "0.01235");
  EXPECT_EQ(significant(12.345678), "12.35");
  EXPECT_EQ(significant(1234.5678), "1,235");
  EXPECT_EQ(significant(12345678.9), "12,345,679");
  EXPECT_EQ(significant(-1.5, 2), "-1.5");
  EXPECT_EQ(significant(-2500000), "-2,500,000");
  EXPECT_EQ(microjoules(1'500'000), "1.500");
}

TEST(Numbers, PercentOfAShare) {
  EXPECT_EQ(percent(0.12345), "12.3 %");
  EXPECT_EQ(percent(1, 0), "100 %");
}

}  // namespace
}  // namespace quatrain::sim::report
