#include "emu/gemm/epilogue.hpp"

#include "tests/emu/gemm/layers_at_tile_edges.hpp"
#include "tests/support/message_of.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

using traces::Encoding;
using traces::Phase;

TEST(Epilogue, BoundOfInt32IsExact) {
  // 448 k <= 2^31 - 1 up to k = 4,793,490; 960 k up to 2,236,962; 49 k up to 43,826,196.
  const auto message = [](Encoding left, Encoding right, Phase phase, std::int64_t k, unsigned samples) {
    const traces::Geometry g =
        phase == Phase::backward_weight ? linear_layer(k, 1, 1) : linear_layer(1, k, 1);
    return message_of([&] { emu::require_exact_int32({phase, g}, left, right, samples); });
  };
  EXPECT_EQ(message(Encoding::int4, Encoding::int4, Phase::forward, 43826196, 1), "nothing was thrown");
  EXPECT_EQ(message(Encoding::int4, Encoding::int4, Phase::forward, 43826197, 1),
            "k = 43826197 with 1 sample(s) of int4 x int4 may leave int32: at most 43826196 terms expected");
  EXPECT_EQ(message(Encoding::int4, Encoding::fp4_e3m0, Phase::backward_weight, 4793490, 1),
            "nothing was thrown");
  EXPECT_EQ(
      message(Encoding::int4, Encoding::fp4_e3m0, Phase::backward_weight, 4793491, 1),
      "k = 4793491 with 1 sample(s) of int4 x fp4_e3m0 may leave int32: at most 4793490 terms expected");
  EXPECT_EQ(message(Encoding::uint4, Encoding::fp4_e3m0, Phase::backward_weight, 1118481, 2),
            "nothing was thrown");
  EXPECT_EQ(
      message(Encoding::uint4, Encoding::fp4_e3m0, Phase::backward_weight, 1118482, 2),
      "k = 1118482 with 2 sample(s) of uint4 x fp4_e3m0 may leave int32: at most 2236962 terms expected");
}

TEST(Epilogue, ScaleIsTwoRoundings) {
  // f32(1.1f * 1.3f) and that divided by 2 or 4; near the end of the subnormals both roundings show:
  // 2^-75 * 2^-74 = 2^-149, halved it ties to 0; 3 * 2^-149 halved ties to 2 * 2^-149.
  EXPECT_EQ(emu::product_scale(Phase::forward, 1.1F, 1.3F, 1), 1.43F);
  EXPECT_EQ(emu::product_scale(Phase::backward_weight, 1.1F, 1.3F, 4), 1.43F / 4);
  EXPECT_EQ(emu::product_scale(Phase::backward_weight, 0x1p-75F, 0x1p-74F, 1), 0x1p-149F);
  EXPECT_EQ(emu::product_scale(Phase::backward_weight, 0x1p-75F, 0x1p-74F, 2), 0.0F);
  EXPECT_EQ(emu::product_scale(Phase::backward_weight, 0x1.8p-74F, 0x1p-74F, 2), 0x1p-148F);
  EXPECT_EQ(message_of([] { emu::product_scale(Phase::forward, 0x1p64F, 0x1p64F, 1); }),
            "scale out of range: 1.8446744e+19 * 1.8446744e+19");
}

TEST(Epilogue, OutputRoundsTheAccumulatorFirst) {
  // 2^24 + 1 is no float: it rounds to 2^24 before the scale.
  const std::vector<std::int32_t> accumulators = {16777217, -3, 0, 2147483647};
  std::vector<float> output(4);
  emu::scale_accumulators(accumulators, 0.75F, output);
  EXPECT_THAT(output, testing::ElementsAre(12582912.0F, -2.25F, 0.0F, 0x1.8p30F));
}

}  // namespace
}  // namespace quatrain::tests
