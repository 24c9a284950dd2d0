#include "emu/gemm/epilogue.hpp"

#include "tests/support/message_of.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

TEST(Epilogue, ScaleIsTwoRoundings) {
  // f32(1.1f * 1.3f) and that divided by 2 or 4; near the end of the subnormals both roundings show:
  // 2^-75 * 2^-74 = 2^-149, halved it ties to 0; 3 * 2^-149 halved ties to 2 * 2^-149.
  EXPECT_EQ(emu::product_scale(1.1F, 1.3F, 1), 1.43F);
  EXPECT_EQ(emu::product_scale(1.1F, 1.3F, 4), 1.43F / 4);
  EXPECT_EQ(emu::product_scale(0x1p-75F, 0x1p-74F, 1), 0x1p-149F);
  EXPECT_EQ(emu::product_scale(0x1p-75F, 0x1p-74F, 2), 0.0F);
  EXPECT_EQ(emu::product_scale(0x1.8p-74F, 0x1p-74F, 2), 0x1p-148F);
  EXPECT_EQ(message_of([] { emu::product_scale(0x1p64F, 0x1p64F, 1); }),
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
