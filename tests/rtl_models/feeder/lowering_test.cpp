#include "rtl_models/feeder/lowering.hpp"

#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

using rtl_models::LeftAddress;
using rtl_models::ResultAddress;
using rtl_models::RightAddress;
using rtl_models::TapAxis;
using traces::Gemm;
using traces::Phase;

using Row = std::vector<std::int64_t>;

Row coordinates(const TapAxis& axis, std::int64_t position, std::int64_t taps) {
  Row row;
  for (std::int64_t tap = 0; tap < taps; ++tap)
    row.push_back(axis.coordinate(axis.position(position), axis.tap(tap)));
  return row;
}

TEST(TapAxis, SlidingWindowMeetsPaddingAtBothEnds) {
  const auto axis = TapAxis::sliding(2, 1, 5);  // 5 wide, kernel 3, stride 2, padding 1: 3 outputs
  EXPECT_EQ(coordinates(axis, 0, 3), (Row{-1, 0, 1}));
  EXPECT_EQ(coordinates(axis, 1, 3), (Row{1, 2, 3}));
  EXPECT_EQ(coordinates(axis, 2, 3), (Row{3, 4, -1}));
}

TEST(TapAxis, TransposedWindowSkipsWhatFallsBetweenStrides) {
  const auto axis = TapAxis::transposed(2, 1, 3);  // the same layer, seen from its input
  EXPECT_EQ(coordinates(axis, 0, 3), (Row{-1, 0, -1}));
  EXPECT_EQ(coordinates(axis, 1, 3), (Row{1, -1, 0}));
  EXPECT_EQ(coordinates(axis, 2, 3), (Row{-1, 1, -1}));
  EXPECT_EQ(coordinates(axis, 3, 3), (Row{2, -1, 1}));
  EXPECT_EQ(coordinates(axis, 4, 3), (Row{-1, 2, -1}));
}

/// X [2, 4, 3, 5], two groups, kernel 2x2, stride (1, 2), padding (1, 0); Z [2, 6, 4, 2].
traces::Geometry grouped() {
  traces::Geometry g;
  g.batch = 2, g.in_channels = 4, g.height = 3, g.width = 5, g.out_channels = 6, g.groups = 2;
  g.kernel_height = g.kernel_width = 2, g.stride_width = 2, g.padding_height = 1;
  g.out_height = 4, g.out_width = 2;
  return g;
}

TEST(LeftAddress, ForwardByHand) {
  const LeftAddress address(Gemm{Phase::forward, grouped()});
  EXPECT_TRUE(address.rows_are_positions());
  // group 1, m = (b 1, ho 2, wo 1), k = (c 1, i 1, j 0): X[1, 2 + 1, 2 + 1 - 1, 2 + 0] = ((4 + 3) * 3 + 2) *
  // 5 + 2
  EXPECT_EQ(address.element(address.position(1, 8 + 2 * 2 + 1), address.tap(4 + 2)), 117);
  // m = (b 0, ho 0, wo 0), i = 0: the row above the plane
  EXPECT_EQ(address.element(address.position(0, 0), address.tap(0)), -1);
}

TEST(LeftAddress, BackwardDataByHand) {
  const LeftAddress address(Gemm{Phase::backward_data, grouped()});
  // group 1, m = (b 1, h 2, w 3), k = (o 2, i 1, j 1): dZ[1, 3 + 2, 2 + 1 - 1, (3 - 1) / 2] = ((6 + 5) * 4 +
  // 2) * 2 + 1
  EXPECT_EQ(address.element(address.position(1, 15 + 2 * 5 + 3), address.tap(2 * 4 + 3)), 93);
  EXPECT_EQ(address.element(address.position(1, 15 + 2 * 5 + 3), address.tap(2 * 4 + 2)), -1)
      << "3 - 0 is odd";
}

TEST(LeftAddress, BackwardWeightByHand) {
  const LeftAddress address(Gemm{Phase::backward_weight, grouped()});
  EXPECT_FALSE(address.rows_are_positions());
  // group 0, m = (c 1, i 0, j 1), k = (b 1, ho 3, wo 1): X[1, 1, 3 + 0 - 1, 2 + 1] = ((4 + 1) * 3 + 2) * 5 +
  // 3
  EXPECT_EQ(address.element(address.position(0, 8 + 3 * 2 + 1), address.tap(4 + 1)), 88);
}

/// X [1, 6, 1, 1] in three groups of two channels: the third one's begin at channel 4.
TEST(LeftAddress, EveryGroupHasItsOwnChannels) {
  traces::Geometry g;
  g.in_channels = g.out_channels = 6, g.groups = 3;
  for (const Phase phase : {Phase::forward, Phase::backward_data}) {
    const LeftAddress address(Gemm{phase, g});
    for (const std::uint32_t group : {0U, 1U, 2U})
      EXPECT_EQ(address.element(address.position(group, 0), address.tap(1)), 2 * std::int64_t{group} + 1);
  }
}

/// 131,071 positions of 65,536 taps: no table of them fits a computer's memory.
TEST(LeftAddress, ALongKernelUnderALongPaddingTakesNoMemory) {
  traces::Geometry g;
  g.width = g.kernel_width = 65'536, g.padding_width = 65'535, g.out_width = 131'071;
  const LeftAddress forward(Gemm{Phase::forward, g});
  EXPECT_EQ(forward.element(forward.position(0, 100'000), forward.tap(30'000)), 100'000 + 30'000 - 65'535);
  EXPECT_EQ(forward.element(forward.position(0, 100'000), forward.tap(50'000)), -1) << "84,465 is outside";
  const LeftAddress data(Gemm{Phase::backward_data, g});
  EXPECT_EQ(data.element(data.position(0, 65'535), data.tap(0)), 131'070);
  EXPECT_EQ(data.element(data.position(0, 0), data.tap(65'535)), 0);
}

TEST(RightAddress, ThreePhasesByHand) {
  const RightAddress forward(Gemm{Phase::forward, grouped()});  // W [6, 2, 2, 2], n = o, k = (c, i, j)
  EXPECT_EQ(forward.column(1, 2) + forward.offset(5), (3 + 2) * 8 + 5);
  const RightAddress data(Gemm{Phase::backward_data, grouped()});  // n = c, k = (o, i, j)
  EXPECT_EQ(data.column(1, 1) + data.offset(2 * 4 + 3), ((3 + 2) * 2 + 1) * 4 + 3);
  const RightAddress weight(
      Gemm{Phase::backward_weight, grouped()});  // dZ [2, 6, 4, 2], n = o, k = (b, ho, wo)
  EXPECT_EQ(weight.column(1, 2) + weight.offset(8 + 5), (6 + 3 + 2) * 8 + 5);
}

TEST(ResultAddress, ThreePhasesByHand) {
  const ResultAddress forward(Gemm{Phase::forward, grouped()});  // Z [2, 6, 4, 2], m = (b, ho, wo)
  EXPECT_EQ(forward.row(8 + 5) + forward.column(1, 2), (6 + 3 + 2) * 8 + 5);
  const ResultAddress data(Gemm{Phase::backward_data, grouped()});  // dX [2, 4, 3, 5], m = (b, h, w)
  EXPECT_EQ(data.row(15 + 7) + data.column(1, 1), (4 + 2 + 1) * 15 + 7);
  const ResultAddress weight(Gemm{Phase::backward_weight, grouped()});  // dW [6, 2, 2, 2], m = (c, i, j)
  EXPECT_EQ(weight.row(7) + weight.column(1, 2), (3 + 2) * 8 + 7);
}

}  // namespace
}  // namespace quatrain::tests
