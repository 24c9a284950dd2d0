/// Drives an array's edges by hand, cycle by cycle, and reads it in every cycle.
#include "rtl_models/array/fast_array.hpp"
#include "rtl_models/array/pe_array.hpp"
#include "tests/rtl_models/array/hand_driven.hpp"
#include "tests/support/delayed_array.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/gemm_cases.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <new>
#include <numeric>

namespace quatrain::tests {
namespace {

const std::vector<HandTile> tiles = {{4, 5, 7}, {4, 5, 1}, {2, 3, 6}, {1, 1, 2}, {3, 5, 4}};

TEST(PeArrayTiming, ValueIsReadyInCycleKPlusIPlusJAndNotBefore) {
  PeArray array("array", {4, 5});
  HandDriven bench(array, {4, 5});
  for (const HandTile& tile : tiles) {
    bench.begin();
    for (int cycle = 0; cycle <= tile.k + tile.rows + tile.columns - 2; ++cycle) {
      for (int i = 0; i < tile.rows; ++i)
        for (int j = 0; j < tile.columns; ++j) {
          if (cycle > tile.k + tile.rows - 1 + j) continue;  // column j moves its words already
          const int done = std::clamp(cycle - i - j, 0, tile.k);
          const auto found = array.wires()
                                 .accumulator(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(j))
                                 .read()
                                 .to_int();
          EXPECT_EQ(found, tile.sum(i, j, done)) << "PE " << i << "," << j << " cycle " << cycle;
          if (cycle == tile.k + i + j - 1) {
            EXPECT_NE(found, tile.sum(i, j, tile.k)) << "ready too early";
          }
          if (cycle == tile.k + i + j) {
            EXPECT_EQ(found, tile.sum(i, j, tile.k)) << "not ready in time";
          }
        }
      bench.drive({{tile, cycle}});
      bench.step();
    }
  }
}

/// Column j shows row r - 1 - n in cycle K + r - 1 + j + n, and nothing at any other time: the word is taken
/// at the edge that ends the cycle, the last one at edge K + 2 r + c - 2.
void expect_drain(ArrayModule& array) {
  HandDriven bench(array, {4, 5});
  for (const HandTile& tile : tiles) {
    bench.begin();
    const int cycles = tile.k + 2 * tile.rows + tile.columns - 2;
    for (int cycle = 0; cycle < cycles + 3; ++cycle) {
      for (int j = 0; j < 5; ++j) {
        const int word = cycle - (tile.k + tile.rows - 1 + j);
        const ExitWord shown = bench.exits().words[static_cast<std::size_t>(j)];
        const bool expected = word >= 0 && word < tile.rows && j < tile.columns;
        ASSERT_EQ(shown.draining, expected) << "column " << j << " cycle " << cycle;
        if (expected) {
          EXPECT_EQ(shown.accumulator, tile.sum(tile.rows - 1 - word, j, tile.k));
          EXPECT_LT(cycle, cycles);
        }
      }
      bench.drive({{tile, cycle}});
      bench.step();
    }
  }
}

TEST(PeArrayTiming, ColumnsDrainBottomRowFirst) {
  PeArray array("array", {4, 5});
  expect_drain(array);
}

TEST(FastArrayTiming, ColumnsDrainBottomRowFirst) {
  FastArray array("array", {4, 5}, pe_table<DualInt4Fp4>);
  expect_drain(array);
}

/// Words of `second`, begun `interval` cycles after `first`, that are not where and what they must be: each
/// column shows row r - 1 - n of a tile in its cycle K + r - 1 + j + n, and nothing at any other time.
int wrong_exits(HandDriven& bench, const HandTile& first, const HandTile& second, int interval) {
  bench.begin();
  int wrong = 0;
  const int cycles = interval + first.k + second.k + 2 * (first.rows + second.rows) + 10;
  for (int cycle = 0; cycle < cycles; ++cycle) {
    for (int j = 0; j < 5; ++j) {
      ExitWord expected;
      for (const auto& [tile, at] : {std::pair{first, cycle}, std::pair{second, cycle - interval}}) {
        const int word = at - (tile.k + tile.rows - 1 + j);
        if (word < 0 || word >= tile.rows || j >= tile.columns) continue;
        wrong += expected.draining;  // a column has one exit
        expected = {tile.sum(tile.rows - 1 - word, j, tile.k), true};
      }
      wrong += !(bench.exits().words[static_cast<std::size_t>(j)] == expected);
    }
    bench.drive({{first, cycle}, {second, cycle - interval}});
    bench.step();
  }
  return wrong;
}

/// A tile may begin in this cycle of the one before, and not in the cycle before it.
void expect_shortest_interval(ArrayModule& array, Drain drain) {
  HandDriven bench(array, {4, 5});
  for (const HandTile& first : tiles)
    for (const HandTile& second : tiles) {
      SCOPED_TRACE(testing::Message() << first.rows << " x " << first.columns << " x " << first.k << ", then "
                                      << second.rows << " x " << second.columns << " x " << second.k);
      const int exit = first.k + 2 * first.rows - second.k - second.rows;
      const int interval = drain == Drain::skewed
                               ? std::max(first.k + first.rows - 1, exit)
                               : std::max({first.k, first.k + first.rows - second.k, exit});
      EXPECT_EQ(wrong_exits(bench, first, second, interval), 0);
      EXPECT_EQ(wrong_exits(bench, first, second, interval + 3), 0);
      EXPECT_GT(wrong_exits(bench, first, second, interval - 1), 0);
    }
}

TEST(PeArrayTiming, SkewedTilesFollowTheWordsThatLeave) {
  PeArray array("array", {4, 5}, Drain::skewed);
  expect_shortest_interval(array, Drain::skewed);
}
TEST(FastArrayTiming, SkewedTilesFollowTheWordsThatLeave) {
  FastArray array("array", {4, 5}, pe_table<DualInt4Fp4>, Drain::skewed);
  expect_shortest_interval(array, Drain::skewed);
}
TEST(PeArrayTiming, ShadowedTilesFollowTheOperands) {
  PeArray array("array", {4, 5}, Drain::shadow);
  expect_shortest_interval(array, Drain::shadow);
}
TEST(FastArrayTiming, ShadowedTilesFollowTheOperands) {
  FastArray array("array", {4, 5}, pe_table<DualInt4Fp4>, Drain::shadow);
  expect_shortest_interval(array, Drain::shadow);
}

/// sc_signal makes its first value by copying a default one into memory of its own; the array reads all lanes
/// of it.
TEST(Lanes, ACopyOfNothingIsZeroEverywhere) {
  alignas(EdgeWord) std::array<std::byte, sizeof(EdgeWord)> memory;
  memory.fill(std::byte{0xFF});
  const EdgeWord* word = new (memory.data()) EdgeWord(EdgeWord());
  EXPECT_TRUE(std::ranges::all_of(word->words, [](Link link) { return link == 0; }));
}

struct Timed {
  ArrayRun usual, delayed;
  std::vector<std::int32_t> expected;
  std::size_t tiles;
};

/// The same GEMM on an array without and with extra registers at its edges.
Timed with_extra_registers(Fidelity fidelity, EdgeDelay delay) {
  traces::Geometry g;
  g.batch = 10, g.in_channels = 6, g.out_channels = 7;
  const ArrayShape shape{4, 5};
  ElaboratedArray usual(shape, fidelity);
  const auto delayed = make_delayed_model(shape, fidelity, delay);
  const GemmCase c =
      random_case({traces::Phase::forward, g}, traces::Encoding::uint4, traces::Encoding::int4, 1, 3);
  const auto schedule = whole_gemm_schedule(traces::gemm_size(c.gemm.phase, g), 1, shape);
  const auto right = right_operands(c);
  return {usual.replay(c.gemm, left_operand(c), right, schedule),
          delayed->replay(c.gemm, left_operand(c), right, schedule), exact::accumulators(c),
          schedule.tiles.size()};
}

class ExtraEdgeRegister : public testing::TestWithParam<Fidelity> {};

TEST_P(ExtraEdgeRegister, InEveryLaneCostsOneCycleATileAndNoBit) {
  const Timed runs = with_extra_registers(GetParam(), EdgeDelay::every_lane);
  EXPECT_EQ(runs.usual.accumulators, runs.expected);
  EXPECT_EQ(runs.delayed.accumulators, runs.expected);
  EXPECT_EQ(runs.delayed.cycles, runs.usual.cycles + runs.tiles);
  EXPECT_EQ(runs.delayed.activity.macs, runs.usual.activity.macs);
}

TEST_P(ExtraEdgeRegister, InOneRowAloneGivesWrongBitsInThatRow) {
  const Timed runs = with_extra_registers(GetParam(), EdgeDelay::first_row);
  EXPECT_EQ(runs.usual.accumulators, runs.expected);
  for (std::size_t m = 0; m < 10; ++m) {
    const auto row = [&](const std::vector<std::int32_t>& all) {
      return std::vector(&all[m * 7], &all[m * 7] + 7);
    };
    EXPECT_EQ(row(runs.delayed.accumulators) != row(runs.expected), m % 4 == 0) << "row " << m;
  }
}

INSTANTIATE_TEST_SUITE_P(Fidelities, ExtraEdgeRegister, testing::Values(Fidelity::pe, Fidelity::array),
                         [](const auto& fidelity) {
                           return fidelity.param == Fidelity::pe ? "pe" : "array";
                         });

}  // namespace
}  // namespace quatrain::tests
