#include "rtl_models/array/observer.hpp"

#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

using namespace rtl_models;

/// Of every PE four left bits, three right bits and all accumulator bits change at one edge; every fifth row
/// has a zero on its left. No counter on the way may be too narrow for that, however tall the array is.
TEST(Observer, CountsEveryBitOfATallArray) {
  for (const std::uint32_t rows : {1U, 30U, 31U, 32U, 62U, 63U, 64U, 65U, 85U, 128U, 255U, 256U, 257U, 1024U})
    for (const std::uint32_t columns : {1U, 32U, 40U}) {
      SCOPED_TRACE(testing::Message() << rows << " x " << columns);
      const ArrayState before(rows, columns);
      ArrayState after = before;
      std::uint64_t zero_rows = 0;
      for (std::uint32_t i = 0; i < rows; ++i) {
        zero_rows += i % 5 == 4;
        for (std::uint32_t j = 0; j < columns; ++j) {
          const std::size_t at = std::size_t{i} * after.stride + j;
          after.left[at] = static_cast<Link>((i % 5 == 4 ? 0x0 : 0xF) | valid_bit);
          after.right[at] = static_cast<Link>(0x7 | valid_bit);
          after.accumulators[at] = -1;
        }
      }
      Activity activity;
      observe_edge(before, after, PeMode::int4_int4, activity);
      observe_edge(before, after, PeMode::int4_int4, activity);
      const std::uint64_t all = std::uint64_t{rows} * columns, zeros = zero_rows * columns;
      EXPECT_EQ(activity.macs, 2 * all);
      EXPECT_EQ(activity.zero_operand_macs, 2 * zeros);
      EXPECT_EQ(activity.left_toggles, 2 * 4 * (all - zeros));
      EXPECT_EQ(activity.right_toggles, 2 * 3 * all);
      EXPECT_EQ(activity.accumulator_toggles, 2 * 32 * all);
    }
}

/// Sums leave 32 bits after seconds of simulated time.
TEST(Observer, SumsAreWide) {
  Activity sum{1ULL << 40, 2ULL << 40, 3ULL << 40, 4ULL << 40, 5ULL << 40};
  sum += Activity{1, 2, 3, 4, 5};
  EXPECT_EQ(sum, (Activity{(1ULL << 40) + 1, (2ULL << 40) + 2, (3ULL << 40) + 3, (4ULL << 40) + 4,
                           (5ULL << 40) + 5}));
}

}  // namespace
}  // namespace quatrain::tests
