/// Drives an array's edges by hand, cycle by cycle, and reads it in every cycle.
#include "rtl_models/array/fast_array.hpp"
#include "rtl_models/array/pe_array.hpp"
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

using namespace rtl_models;

/// INT4 codes of one tile; no product is zero, so a missing one shows.
struct HandTile {
  int rows, columns, k;
  int left(int i, int at) const { return 1 + (i * 5 + at * 3) % 7; }
  int right(int j, int at) const { return 1 + (j * 4 + at * 2) % 7; }
  int sum(int i, int j, int products) const {
    int sum = 0;
    for (int at = 0; at < products; ++at) sum += left(i, at) * right(j, at);
    return sum;
  }
};

/// Signals around an array; step() ends a cycle.
class HandDriven {
 public:
  explicit HandDriven(ArrayModule& array, ArrayShape shape) : shape_(shape) {
    array.clock(clock_);
    array.reset(reset_);
    array.left(left_);
    array.right(right_);
    array.control(control_);
    array.exits(exits_);
  }
  void begin(const HandTile& tile) {
    control_.write(
        {PeMode::int4_int4, static_cast<std::uint32_t>(tile.rows), static_cast<std::uint32_t>(tile.columns)});
    left_.write(EdgeWord(shape_.rows));
    right_.write(EdgeWord(shape_.columns));
    reset_.write(true);
    step();
    reset_.write(false);
  }
  /// Puts on the edges what they carry in this cycle of the tile.
  void drive(const HandTile& tile, int cycle) {
    EdgeWord left(shape_.rows), right(shape_.columns);
    for (int i = 0; i < tile.rows; ++i)
      if (const int at = cycle - i; at >= 0 && at < tile.k)
        left.words[static_cast<std::size_t>(i)] = static_cast<Link>(
            tile.left(i, at) | valid_bit | (at == 0 ? first_bit : 0) | (at == tile.k - 1 ? last_bit : 0));
    for (int j = 0; j < tile.columns; ++j)
      if (const int at = cycle - j; at >= 0 && at < tile.k)
        right.words[static_cast<std::size_t>(j)] = static_cast<Link>(tile.right(j, at) | valid_bit);
    left_.write(left);
    right_.write(right);
  }
  void step() { sc_core::sc_start(1.0, sc_core::SC_NS); }
  const ExitWords& exits() const { return exits_.read(); }

 private:
  ArrayShape shape_;
  sc_core::sc_clock clock_{"hand_clock", 1.0, sc_core::SC_NS, 0.5, 0.5, sc_core::SC_NS};  // rises in mid-step
  sc_core::sc_signal<bool> reset_;
  sc_core::sc_signal<EdgeWord> left_, right_;
  sc_core::sc_signal<TileControl> control_;
  sc_core::sc_signal<ExitWords> exits_;
};

const std::vector<HandTile> tiles = {{4, 5, 7}, {4, 5, 1}, {2, 3, 6}, {1, 1, 2}, {3, 5, 4}};

TEST(PeArrayTiming, ValueIsReadyInCycleKPlusIPlusJAndNotBefore) {
  PeArray array("array", {4, 5});
  HandDriven bench(array, {4, 5});
  for (const HandTile& tile : tiles) {
    bench.begin(tile);
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
      bench.drive(tile, cycle);
      bench.step();
    }
  }
}

/// Column j shows row r - 1 - n in cycle K + r - 1 + j + n, and nothing at any other time: the word is taken
/// at the edge that ends the cycle, the last one at edge K + 2 r + c - 2.
void expect_drain(ArrayModule& array) {
  HandDriven bench(array, {4, 5});
  for (const HandTile& tile : tiles) {
    bench.begin(tile);
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
      bench.drive(tile, cycle);
      bench.step();
    }
  }
}

TEST(PeArrayTiming, ColumnsDrainBottomRowFirst) {
  PeArray array("array", {4, 5});
  expect_drain(array);
}

TEST(FastArrayTiming, ColumnsDrainBottomRowFirst) {
  FastArray array("array", {4, 5});
  expect_drain(array);
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
  g.batch = 9, g.in_channels = 6, g.out_channels = 7;
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
  for (std::size_t m = 0; m < 9; ++m) {
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
