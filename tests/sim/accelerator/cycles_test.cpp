#include "sim/accelerator/cycles.hpp"

#include "tests/sim/accelerator/natural_terms.hpp"

#include <gtest/gtest.h>

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
  EXPECT_NEAR(use.overall(), use.spatial() * use.temporal(), 1e-15);
}

/// Counts of one image, known from elsewhere (docs/hardware-model.md has three of them).
TEST(InRangeMacs, KnownLayers) {
  struct Known {
    std::int64_t in, out, size, kernel, stride, padding, groups;
    std::uint64_t macs;
  };
  for (const Known& known :
       {Known{3, 64, 224, 7, 2, 3, 1, 116'214'528}, Known{64, 128, 56, 3, 2, 1, 1, 56'434'688},
        Known{64, 128, 56, 1, 2, 0, 1, 6'422'528}, Known{64, 64, 56, 3, 1, 1, 1, 112'869'376},
        Known{512, 512, 7, 3, 1, 1, 1, 94'633'984}, Known{512, 512, 14, 3, 1, 1, 512, 819'200}}) {
    traces::Geometry g;
    g.in_channels = known.in, g.out_channels = known.out, g.height = g.width = known.size;
    g.kernel_height = g.kernel_width = known.kernel, g.stride_height = g.stride_width = known.stride;
    g.padding_height = g.padding_width = known.padding, g.groups = known.groups;
    g.out_height = g.out_width = traces::output_size(known.size, known.kernel, known.stride, known.padding);
    EXPECT_EQ(sim::in_range_macs(g, 1), known.macs);
    EXPECT_EQ(sim::in_range_macs(g, 4), 4 * known.macs);
  }
}

TEST(InRangeMacs, EqualsACountOfAllTermsInEveryPhase) {
  std::mt19937 random(5);
  for (int round = 0; round < 40; ++round) {
    const traces::Geometry g = random_geometry(random);
    for (const traces::Phase phase : all_phases) {
      const traces::Gemm gemm{phase, g};
      const traces::GemmSize size = traces::gemm_size(phase, g);
      std::uint64_t count = 0;
      for (std::int64_t group = 0; group < size.groups; ++group)
        for (std::int64_t m = 0; m < size.m; ++m)
          for (std::int64_t k = 0; k < size.k; ++k)
            if (left_element(gemm, group, m, k)) count += static_cast<std::uint64_t>(size.n);
      ASSERT_EQ(sim::in_range_macs(g, 1), count) << "round " << round << " phase " << int(phase);
    }
  }
}

}  // namespace
}  // namespace quatrain::tests
