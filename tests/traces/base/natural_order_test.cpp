#include "traces/base/natural_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace {

using quatrain::base::natural_less;

TEST(NaturalOrder, NumbersCount) {
  const std::vector<std::string> ordered = {"",
                                            "-",
                                            "0/train/conv2/input",
                                            "0/train/conv10/input",
                                            "1",
                                            "1a",
                                            "2",
                                            "9/x/2",
                                            "9/x/10",
                                            "10",
                                            "10/x/1",
                                            "99999999999999999999",
                                            "100000000000000000000",
                                            "a",
                                            "a0",
                                            "a00",
                                            "a1",
                                            "a01b1",
                                            "a1b2",
                                            "a01b3",
                                            "b9",
                                            "b10"};
  std::vector<std::string> shuffled = ordered;
  std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(1));
  std::sort(shuffled.begin(), shuffled.end(), natural_less);
  EXPECT_EQ(shuffled, ordered);
}

/// Exactly one of less, greater and equal, for every pair.
TEST(NaturalOrder, IsStrict) {
  const std::vector<std::string> names = {"1",    "01",   "001",    "a1", "a01", "a1b",
                                          "a01b", "a1b0", "a01b00", "",   "a"};
  for (const std::string& left : names)
    for (const std::string& right : names)
      EXPECT_EQ(natural_less(left, right) + natural_less(right, left), left == right ? 0 : 1)
          << left << ' ' << right;
}

}  // namespace
