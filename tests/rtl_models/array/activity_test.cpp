#include "rtl_models/array/array_step.hpp"
#include "rtl_models/pe/dual_int4_fp4.hpp"

#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

using namespace rtl_models;

/// At every edge all registers of operands change: four left bits, three right bits of every PE; every fifth
/// row has only zeros on its left. Accumulators in which two numbers meet go from -7 to 0 at one edge and
/// back at the next. No counter on the way may be too narrow for that, however tall the array is.
TEST(Activity, CountsEveryBitOfATallArray) {
  for (const std::uint32_t rows : {1U, 31U, 32U, 63U, 64U, 65U, 128U, 255U, 257U, 1024U})
    for (const std::uint32_t columns : {1U, 32U, 40U}) {
      SCOPED_TRACE(testing::Message() << rows << " x " << columns);
      const PeTable table = pe_table<DualInt4Fp4>(PeMode::int4_int4);
      ArrayState state({rows, columns}, {rows, columns}, Drain::serial);
      EdgeWord left(rows), right(columns);
      std::uint64_t zero_rows = 0;
      Activity activity;
      const std::uint32_t edges = 2 * (rows + columns);
      for (std::uint32_t edge = 0; edge < edges + 2; ++edge) {
        if (edge == edges) activity = {};
        zero_rows = 0;
        for (std::uint32_t i = 0; i < rows; ++i) {
          const bool is_zero = i % 5 == 4;
          zero_rows += is_zero;
          left.words[i] = static_cast<Link>((is_zero || edge % 2 != 0 ? 0x0 : 0xF) | valid_bit | first_bit);
        }
        for (std::uint32_t j = 0; j < columns; ++j)
          right.words[j] = static_cast<Link>((edge % 2 != 0 ? 0x0 : 0x7) | valid_bit);
        array_step()(state, left, right, table, {}, activity);
      }
      // Where row and column have the same parity both operands are numbers at one of two edges.
      const std::uint64_t all = std::uint64_t{rows} * columns, zeros = zero_rows * columns;
      std::uint64_t full = 0;
      for (std::uint32_t i = 0; i < rows; ++i)
        for (std::uint32_t j = 0; j < columns; ++j) full += i % 5 != 4 && (i + j) % 2 == 0;
      EXPECT_EQ(activity.macs, 2 * all);
      EXPECT_EQ(activity.zero_operand_macs, 2 * all - full);
      EXPECT_EQ(activity.left_toggles, 2 * 4 * (all - zeros));
      EXPECT_EQ(activity.right_toggles, 2 * 3 * all);
      EXPECT_EQ(activity.accumulator_toggles, 2 * 30 * full);
    }
}

/// Sums leave 32 bits after seconds of simulated time.
TEST(Activity, SumsAreWide) {
  Activity sum{1ULL << 40, 2ULL << 40, 3ULL << 40, 4ULL << 40, 5ULL << 40};
  sum += Activity{1, 2, 3, 4, 5};
  EXPECT_EQ(sum, (Activity{(1ULL << 40) + 1, (2ULL << 40) + 2, (3ULL << 40) + 3, (4ULL << 40) + 4,
                           (5ULL << 40) + 5}));
}

}  // namespace
}  // namespace quatrain::tests
