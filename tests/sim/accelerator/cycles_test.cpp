#include "sim/accelerator/cycles.hpp"

#include <gtest/gtest.h>

#include <random>

namespace quatrain::tests {
namespace {

using rtl_models::Tile;
using sim::Mapping;

/// K + 2 r + c - 2 a tile, added up tile by tile.
TEST(Cycles, ClosedFormIsTheSumOverTheSchedule) {
  std::mt19937 random(3);
  for (int round = 0; round < 400; ++round) {
    const auto pick = [&](std::uint32_t most) { return 1 + random() % most; };
    const Mapping mapping{{static_cast<std::int64_t>(pick(70)), static_cast<std::int64_t>(pick(70)),
                           static_cast<std::int64_t>(pick(40)), static_cast<std::int64_t>(pick(4))},
                          static_cast<unsigned>(pick(4)),
                          {static_cast<std::uint32_t>(pick(33)), static_cast<std::uint32_t>(pick(33))}};
    const rtl_models::TileSchedule schedule = schedule_of(mapping);
    ASSERT_EQ(schedule.tiles.size(), mapping.tiles());
    ASSERT_EQ(schedule.stream_length, mapping.stream_length());
    std::uint64_t cycles = 0, outputs = 0;
    for (const Tile& tile : schedule.tiles) {
      cycles += schedule.stream_length + 2 * tile.rows + tile.columns - 2;
      outputs += std::uint64_t{tile.rows} * tile.columns;
    }
    ASSERT_EQ(sim::cycles_of(mapping), cycles);
    ASSERT_EQ(sim::use_of_array(mapping).outputs, outputs);
  }
}

/// Typed by hand: 5 x 7 x 10 on 4 x 3. Rows 4 + 1, columns 3 + 3 + 1; each tile 10 + 2 r + c - 2.
TEST(Cycles, HandComputedGemm) {
  const Mapping mapping{{5, 7, 10, 1}, 1, {4, 3}};
  EXPECT_EQ(sim::cycles_of(mapping), 19U + 19 + 17 + 13 + 13 + 11);
  const sim::UseOfArray use = sim::use_of_array(mapping);
  EXPECT_EQ(use.tiles, 6U);
  EXPECT_EQ(use.macs, 350U);
  EXPECT_DOUBLE_EQ(use.spatial(), 35.0 / (6 * 12));
  EXPECT_DOUBLE_EQ(use.temporal(), 60.0 / 92);
  EXPECT_DOUBLE_EQ(use.overall(), 350.0 / (92 * 12));
  EXPECT_DOUBLE_EQ(use.overall_of(70), 70.0 / (92 * 12));
  EXPECT_NEAR(use.overall(), use.spatial() * use.temporal(), 1e-15);
}

/// 2^63 MACs fit 64 bits; twice as many do not, neither in one GEMM nor in a sum.
TEST(Counts, LeaveTheirTypeWithAnError) {
  constexpr std::int64_t side = std::int64_t{1} << 21;
  const sim::Mapping fits{{side, side, side, 1}, 1, {1024, 1024}},
      wide{{side, side, 2 * side, 1}, 1, {1024, 1024}};
  EXPECT_EQ(fits.macs(), std::uint64_t{1} << 63);
  EXPECT_THROW(static_cast<void>(wide.macs()), base::Error);
  sim::UseOfArray sum = use_of_array(fits);
  EXPECT_THROW(sum += use_of_array(fits), base::Error);
}

}  // namespace
}  // namespace quatrain::tests
