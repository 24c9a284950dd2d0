#include "sim/records/window.hpp"

#include "tests/support/natural_terms.hpp"

#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

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

/// 3 taps with padding 1 and stride 2 over 4 inputs: outputs 0 and 1 meet rows -1..1 and 1..3.
TEST(PositionsInRange, TypedByHand) {
  traces::Geometry g;
  g.height = 4, g.kernel_height = 3, g.stride_height = 2, g.padding_height = 1, g.out_height = 2;
  const auto positions = [&](std::int64_t tap) {
    const sim::Positions rows = sim::rows_of(g).outputs_in_range(tap);
    return std::pair(rows.first, rows.end);
  };
  EXPECT_EQ(positions(0), std::pair(std::int64_t{1}, std::int64_t{2}));
  EXPECT_EQ(positions(1), std::pair(std::int64_t{0}, std::int64_t{2}));
  EXPECT_EQ(positions(2), std::pair(std::int64_t{0}, std::int64_t{2}));
  EXPECT_EQ(sim::columns_of(g).outputs_in_range(0).count(), 1);
}

/// Asked from either end, output and input meet in the same pairs; the closed form counts them.
TEST(WindowAxis, BothDirectionsAgree) {
  std::mt19937 random(6);
  for (int round = 0; round < 40; ++round) {
    const traces::Geometry g = random_geometry(random);
    for (const sim::WindowAxis& axis : {sim::rows_of(g), sim::columns_of(g)})
      for (std::int64_t tap = 0; tap < axis.taps; ++tap) {
        const sim::Positions range = axis.outputs_in_range(tap);
        std::int64_t met = 0;
        for (std::int64_t output = 0; output < axis.outputs; ++output) {
          const auto input = axis.input_met(output, tap);
          ASSERT_EQ(input.has_value(), range.first <= output && output < range.end);
          if (!input) continue;
          ASSERT_EQ(*input, output * axis.stride + tap - axis.padding);
          ASSERT_EQ(axis.output_met(*input, tap), output);
        }
        for (std::int64_t input = 0; input < axis.inputs; ++input)
          met += axis.output_met(input, tap).has_value();
        ASSERT_EQ(met, range.count());
      }
  }
}

}  // namespace
}  // namespace quatrain::tests
