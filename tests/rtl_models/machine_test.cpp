#include "rtl_models/machine.hpp"

#include "tests/support/exact_oracle.hpp"
#include "tests/support/machine_results.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

using rtl_models::ArrayShape;
using rtl_models::Fidelity;
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

void expect_all_products(Fidelity fidelity, ArrayShape shape) {
  const auto machine = rtl_models::make_systemc_machine(rtl_models::make_array_model(shape, fidelity));
  unsigned seed = 1;
  for (const Geometry& geometry : geometries())
    for (const Mode& mode : five_modes) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << " phase " << int(mode.phase));
      const unsigned samples = mode.phase == Phase::backward_weight ? 1U << seed % 3 : 1;
      const GemmCase c = random_case({mode.phase, geometry}, mode.left, mode.right, samples, seed++);
      const traces::GemmResult expected = exact::multiply(c);
      ASSERT_THAT(expected.accumulators, testing::Contains(testing::Ne(0)));
      ASSERT_EQ(difference(multiply(*machine, c), expected), "");
    }
}

TEST(SystemcArray, AllPhasesAndEncodingsOn8x8) { expect_all_products(Fidelity::array, {8, 8}); }
TEST(SystemcArray, AllPhasesAndEncodingsOn5x3) { expect_all_products(Fidelity::array, {5, 3}); }
TEST(SystemcArray, AllPhasesAndEncodingsOn1x1) { expect_all_products(Fidelity::array, {1, 1}); }
TEST(SystemcArray, AllPhasesAndEncodingsOn40x70) { expect_all_products(Fidelity::array, {40, 70}); }
TEST(SystemcTile, AllPhasesAndEncodingsOn5x3) { expect_all_products(Fidelity::tile, {5, 3}); }
TEST(SystemcTile, AllPhasesAndEncodingsOn40x70) { expect_all_products(Fidelity::tile, {40, 70}); }
TEST(SystemcPe, AllPhasesAndEncodingsOn3x4) { expect_all_products(Fidelity::pe, {3, 4}); }

}  // namespace
}  // namespace quatrain::tests
