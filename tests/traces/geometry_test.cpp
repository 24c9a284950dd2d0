/// Sizes counted by walking over the definition (numerics.md section 6), not by the formulas of geometry.hpp.
#include "traces/geometry.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace {

using namespace quatrain::traces;

/// How many places a kernel can stand at on one axis.
std::int64_t counted_output_size(std::int64_t size, std::int64_t kernel, std::int64_t stride,
                                 std::int64_t padding) {
  std::int64_t count = 0;
  for (std::int64_t begin = -padding; begin + kernel <= size + padding; begin += stride) ++count;
  return count;
}

TEST(Geometry, OutputSizeIsTheNumberOfPlaces) {
  for (std::int64_t size = 1; size <= 9; ++size)
    for (std::int64_t kernel = 1; kernel <= 5; ++kernel)
      for (std::int64_t stride = 1; stride <= 4; ++stride)
        for (std::int64_t padding = 0; padding <= 3; ++padding)
          ASSERT_EQ(output_size(size, kernel, stride, padding),
                    counted_output_size(size, kernel, stride, padding))
              << fmt::format("size {} kernel {} stride {} padding {}", size, kernel, stride, padding);
}

/// A layer with no two sizes alike, typed by hand.
TEST(Geometry, SizesOfEachPhase) {
  constexpr Geometry g = {.batch = 5,
                          .in_channels = 6,
                          .height = 8,
                          .width = 9,
                          .out_channels = 10,
                          .out_height = 4,
                          .out_width = 7,
                          .kernel_height = 2,
                          .kernel_width = 3,
                          .stride_height = 2,
                          .stride_width = 1,
                          .padding_height = 0,
                          .padding_width = 0,
                          .groups = 2};
  static_assert(output_size(g.height, g.kernel_height, g.stride_height, g.padding_height) == g.out_height);
  static_assert(input_elements(g) == 5 * 6 * 8 * 9);
  static_assert(weight_elements(g) == 10 * 3 * 2 * 3);
  static_assert(output_elements(g) == 5 * 10 * 4 * 7);
  EXPECT_EQ(gemm_size(Phase::forward, g), (GemmSize{140, 5, 18, 2}));
  EXPECT_EQ(gemm_size(Phase::backward_data, g), (GemmSize{360, 3, 30, 2}));
  EXPECT_EQ(gemm_size(Phase::backward_weight, g), (GemmSize{18, 5, 140, 2}));
  EXPECT_EQ(mac_count({140, 5, 18, 2}), 25200);
  for (const Phase phase : {Phase::forward, Phase::backward_data, Phase::backward_weight}) {
    const GemmSize size = gemm_size(phase, g);
    EXPECT_EQ(result_elements(phase, g), size.m * size.n * size.groups);
  }
  EXPECT_EQ(left_elements(Phase::backward_data, g), output_elements(g));
  EXPECT_EQ(right_elements(Phase::backward_data, g), weight_elements(g));
  EXPECT_EQ(left_elements(Phase::backward_weight, g), input_elements(g));
  EXPECT_EQ(right_elements(Phase::backward_weight, g), output_elements(g));
  EXPECT_EQ(right_elements(Phase::forward, g), weight_elements(g));
}

}  // namespace
