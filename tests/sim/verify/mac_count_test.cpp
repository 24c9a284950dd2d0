#include "sim/verify/mac_count.hpp"

#include "tests/support/gemm_cases.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/sharp_gemms.hpp"

#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

using sim::MacCount;
using traces::Phase;

/// Every (b, o, c, ho, wo, i, j) one by one.
MacCount counted_one_by_one(const GemmCase& c) {
  const traces::Geometry& g = c.gemm.geometry;
  const std::int64_t in = g.in_channels / g.groups, out = g.out_channels / g.groups;
  const Phase phase = c.gemm.phase;
  const auto is_set = [](const std::vector<std::uint8_t>& codes, std::int64_t at) {
    return traces::nibble_at(codes, static_cast<std::size_t>(at)) != 0;
  };
  MacCount count;
  const traces::GemmSize size = traces::gemm_size(phase, g);
  count.all = static_cast<std::uint64_t>(size.m * size.n * size.k * size.groups) * c.right.size();
  for (const auto& right : c.right)
    for (std::int64_t b = 0; b < g.batch; ++b)
      for (std::int64_t o = 0; o < g.out_channels; ++o)
        for (std::int64_t channel = 0; channel < in; ++channel)
          for (std::int64_t z = 0; z < g.out_height * g.out_width; ++z)
            for (std::int64_t tap = 0; tap < g.kernel_height * g.kernel_width; ++tap) {
              const std::int64_t h =
                  z / g.out_width * g.stride_height + tap / g.kernel_width - g.padding_height;
              const std::int64_t w =
                  z % g.out_width * g.stride_width + tap % g.kernel_width - g.padding_width;
              if (h < 0 || h >= g.height || w < 0 || w >= g.width) continue;
              ++count.in_range;
              const std::int64_t x =
                  ((b * g.in_channels + o / out * in + channel) * g.height + h) * g.width + w;
              const std::int64_t weight = (o * in + channel) * g.kernel_height * g.kernel_width + tap;
              const std::int64_t gradient = (b * g.out_channels + o) * g.out_height * g.out_width + z;
              count.non_zero += is_set(c.left, phase == Phase::backward_data ? gradient : x) &&
                                is_set(right, phase == Phase::backward_weight ? gradient : weight);
            }
  return count;
}

MacCount counted(const GemmCase& c) { return sim::count_macs(c.gemm, left_operand(c), right_operands(c)); }

TEST(MacCount, EveryGeometryAndModeEqualsCountingOneByOne) {
  unsigned seed = 1;
  std::uint64_t out_of_range = 0, zero = 0;
  for (const traces::Geometry& geometry : edge_geometries())
    for (const Mode& mode : five_modes)
      for (const unsigned samples : {1U, 4U}) {
        if (samples > 1 && mode.phase != Phase::backward_weight) continue;
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        const GemmCase c = random_case({mode.phase, geometry}, mode.left, mode.right, samples, seed++);
        const MacCount count = counted(c);
        ASSERT_EQ(count, counted_one_by_one(c));
        out_of_range += count.all - count.in_range;
        zero += count.in_range - count.non_zero;
      }
  EXPECT_GT(out_of_range, 0U);
  EXPECT_GT(zero, 0U);
}

/// 3 x 3 with padding 1 over 4 x 4: 16 outputs meet 9 taps, but for 4 corners with 4 and 8 sides with 6.
TEST(MacCount, PaddingCountedByHand) {
  traces::Geometry g;
  g.height = g.width = 4, g.kernel_height = g.kernel_width = 3, g.padding_height = g.padding_width = 1;
  GemmCase c =
      random_case({Phase::forward, with_output(g)}, traces::Encoding::uint4, traces::Encoding::int4, 1, 1);
  c.left.assign(8, 0x11);
  c.right = {{0x11, 0x11, 0x11, 0x11, 0x01}};
  EXPECT_EQ(counted(c), (MacCount{144, 4 * 9 + 8 * 6 + 4 * 4, 4 * 9 + 8 * 6 + 4 * 4}));
  c.right = {{0x00, 0x00, 0x01, 0x00, 0x00}};  // the middle tap meets every output
  EXPECT_EQ(counted(c), (MacCount{144, 100, 16}));
}

TEST(MacCount, ASumThatLeaves64BitsIsRefused) {
  traces::Manifest manifest;
  traces::GemmRecord record;
  record.size = {1LL << 20, 1LL << 20, 1LL << 19, 4};  // 2^61
  record.samples = 4;
  manifest.gemms = {record};
  EXPECT_EQ(sim::macs_of(manifest), 1ULL << 63);
  manifest.gemms = {record, record};
  EXPECT_EQ(message_of([&] { sim::macs_of(manifest); }), "the trace has 2^64 MACs or more; expected fewer");
  manifest.gemms[0].samples = 1, manifest.gemms[1].samples = 2;
  EXPECT_EQ(sim::macs_of(manifest), 3ULL << 61);
}

}  // namespace
}  // namespace quatrain::tests
