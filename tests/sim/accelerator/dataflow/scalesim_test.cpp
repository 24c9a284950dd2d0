#include "sim/accelerator/cycles.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

namespace quatrain::tests {
namespace {

using namespace rtl_models;
using sim::Convention;
using sim::Mapping;
using Int = std::int64_t;

struct Layer {
  Int m, n, k, times;
};

/// ResNet-18, one image of 224 x 224, forward: m = output positions, n = filters, k = channels x kernel.
constexpr std::array<Layer, 12> resnet18 = {{{12544, 64, 147, 1},
                                             {3136, 64, 576, 4},
                                             {784, 128, 576, 1},
                                             {784, 128, 1152, 3},
                                             {784, 128, 64, 1},
                                             {196, 256, 1152, 1},
                                             {196, 256, 2304, 3},
                                             {196, 256, 128, 1},
                                             {49, 512, 2304, 1},
                                             {49, 512, 4608, 3},
                                             {49, 512, 256, 1},
                                             {1, 1000, 512, 1}}};

Mapping mapping_of(const Layer& layer, std::uint32_t side, const Dataflow& dataflow, Convention convention) {
  Mapping mapping{{layer.m, layer.n, layer.k, 1}, 1, {side, side}};
  mapping.dataflow = dataflow;
  mapping.convention = convention;
  return mapping;
}

Int cycles_of_network(std::uint32_t side, const Dataflow& dataflow, Convention convention) {
  Int sum = 0;
  for (const Layer& layer : resnet18)
    sum += layer.times * static_cast<Int>(cycles_of(mapping_of(layer, side, dataflow, convention)));
  return sum;
}

Int folds(Int a, Int b) { return a / b + (a % b != 0); }

/// Folds x cycles per fold, typed; the tool's report has one less.
TEST(ScaleSim, EveryLayerOfResnet18) {
  for (const std::uint32_t side : {8U, 32U, 128U})
    for (const Layer& l : resnet18) {
      const Int s = side;
      const auto reported = [&](const Dataflow& dataflow) {
        return static_cast<Int>(cycles_of(mapping_of(l, side, dataflow, Convention::scalesim)));
      };
      EXPECT_EQ(reported(OutputStationary{}) + 1, folds(l.m, s) * folds(l.n, s) * (2 * s + l.k - 2));
      EXPECT_EQ(reported(WeightStationary{}) + 1, folds(l.k, s) * folds(l.n, s) * (3 * s + l.m - 2));
      EXPECT_EQ(reported(InputStationary{}) + 1, folds(l.k, s) * folds(l.m, s) * (3 * s + l.n - 2));
    }
}

/// On rows and columns that differ.
TEST(ScaleSim, RowsAndColumnsAreNotExchanged) {
  Mapping mapping{{10, 20, 30, 1}, 1, {3, 7}};
  mapping.convention = Convention::scalesim;
  EXPECT_EQ(cycles_of(mapping), 4U * 3 * (3 + 7 + 30 - 2) - 1);
  mapping.dataflow = WeightStationary{};
  EXPECT_EQ(cycles_of(mapping), 10U * 3 * (2 * 3 + 7 + 10 - 2) - 1);
  mapping.dataflow = InputStationary{};
  EXPECT_EQ(cycles_of(mapping), 10U * 2 * (2 * 3 + 7 + 20 - 2) - 1);
}

/// Reported by SCALE-Sim 3.0.0 for 32 x 16 x 64 on 8 x 8, output stationary: 82.183 % of the PEs in use.
TEST(ScaleSim, UtilizationOfARunOfTheTool) {
  Mapping mapping{{32, 16, 64, 1}, 1, {8, 8}};
  mapping.convention = Convention::scalesim;
  EXPECT_EQ(cycles_of(mapping), 623U);
  EXPECT_NEAR(use_of_array(mapping).overall(), 0.82183, 5e-6);
}

/// The whole network, as a script outside of this project has summed it.
TEST(ScaleSim, Resnet18BesideOurOwnCycles) {
  EXPECT_EQ(cycles_of_network(32, OutputStationary{}, Convention::scalesim), 2'133'315);
  EXPECT_EQ(cycles_of_network(128, OutputStationary{}, Convention::scalesim), 274'431);
  EXPECT_EQ(cycles_of_network(32, OutputStationary{Drain::serial}, Convention::quatrain), 2'207'328);
  EXPECT_EQ(cycles_of_network(32, OutputStationary{Drain::skewed}, Convention::quatrain), 2'051'937);
  EXPECT_EQ(cycles_of_network(32, OutputStationary{Drain::shadow}, Convention::quatrain), 1'977'154);
  EXPECT_EQ(cycles_of_network(128, OutputStationary{Drain::shadow}, Convention::quatrain), 208'096);
}

}  // namespace
}  // namespace quatrain::tests
