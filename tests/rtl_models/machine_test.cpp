#include "rtl_models/machine.hpp"

#include "tests/support/gemm_cases.hpp"
#include "traces/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

namespace quatrain::tests {
namespace {

using rtl_models::ArrayShape;
using rtl_models::Fidelity;
using traces::Encoding;
using traces::Geometry;
using traces::Phase;

std::vector<Geometry> geometries() {
  std::vector<Geometry> all;
  Geometry g;
  g.batch = 2, g.in_channels = 3, g.height = 7, g.width = 6, g.out_channels = 5;
  g.kernel_height = g.kernel_width = 3;
  all.push_back(with_output(g));
  g.stride_height = 2, g.stride_width = 3, g.padding_height = 1, g.padding_width = 2;
  all.push_back(with_output(g));
  g.kernel_height = 1, g.kernel_width = 2, g.padding_height = 0;
  all.push_back(with_output(g));
  g.in_channels = 4, g.out_channels = 6, g.groups = 2, g.kernel_height = 3, g.padding_height = 3;
  all.push_back(with_output(g));
  Geometry linear;
  linear.batch = 9, linear.in_channels = 13, linear.out_channels = 11;
  all.push_back(with_output(linear));
  return all;
}

struct Pair {
  Phase phase;
  Encoding left, right;
  unsigned samples;
};

const std::vector<Pair> pairs = {{Phase::forward, Encoding::int4, Encoding::int4, 1},
                                 {Phase::forward, Encoding::uint4, Encoding::int4, 1},
                                 {Phase::backward_data, Encoding::fp4_e3m0, Encoding::int4, 1},
                                 {Phase::backward_weight, Encoding::int4, Encoding::fp4_e3m0, 1},
                                 {Phase::backward_weight, Encoding::uint4, Encoding::fp4_e3m0, 4}};

void expect_all_products(Fidelity fidelity, ArrayShape shape) {
  const auto machine = rtl_models::make_systemc_machine(rtl_models::make_array_model(shape, fidelity));
  unsigned seed = 1;
  for (const Geometry& geometry : geometries())
    for (const Pair& pair : pairs) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << " phase " << int(pair.phase));
      const GemmCase c = random_case({pair.phase, geometry}, pair.left, pair.right, pair.samples, seed++);
      const auto right = right_operands(c);
      const auto result = machine->multiply(c.gemm, left_operand(c), right);
      const auto expected = direct_product(c);
      ASSERT_THAT(expected, testing::Contains(testing::Ne(0)));
      ASSERT_EQ(result.accumulators, expected);
      const float scale =
          pair.phase == Phase::backward_weight ? 0.125F / static_cast<float>(pair.samples) : 0.125F;
      ASSERT_EQ(result.scale, scale);
      for (std::size_t i = 0; i < expected.size(); ++i)
        ASSERT_EQ(result.output[i], static_cast<float>(expected[i]) * scale);
    }
}

TEST(SystemcArray, AllPhasesAndEncodingsOn8x8) { expect_all_products(Fidelity::array, {8, 8}); }
TEST(SystemcArray, AllPhasesAndEncodingsOn5x3) { expect_all_products(Fidelity::array, {5, 3}); }
TEST(SystemcArray, AllPhasesAndEncodingsOn1x1) { expect_all_products(Fidelity::array, {1, 1}); }
TEST(SystemcArray, AllPhasesAndEncodingsOn40x70) { expect_all_products(Fidelity::array, {40, 70}); }
TEST(SystemcPe, AllPhasesAndEncodingsOn3x4) { expect_all_products(Fidelity::pe, {3, 4}); }

}  // namespace
}  // namespace quatrain::tests
