#include "emu/nn/state_hash.hpp"

#include "traces/format/checksum.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace quatrain::emu {
namespace {

struct Fc {
  Parameter weight{.name = "fc.weight", .shape = {1, 1}, .value = {1}, .gradient = {9}, .momentum = {0.25F}};
  Parameter bias{.name = "fc.bias", .shape = {1}, .value = {0.5F}, .gradient = {9}, .momentum = {-0.25F}};
  std::uint64_t step = 938, epoch = 1;
  std::string hash() {
    const LayerState layers[] = {{.parameters = {&weight, &bias}, .states = {}}};
    return state_hash(layers, step, epoch);
  }
};

TEST(StateHash, ExampleOfTheText) {  // docs/training-step.md section 13
  EXPECT_EQ(Fc().hash(), "18800fc112778a4a1185e77fd03fa09a2ec7f9324a17e1514bebd4e8260732a1");
}

TEST(StateHash, EveryPartCounts) {
  const std::string clean = Fc().hash();
  const std::function<void(Fc&)> changes[] = {[](Fc& s) { s.weight.value[0] = -1; },
                                              [](Fc& s) { s.bias.value[0] = 0; },
                                              [](Fc& s) { s.weight.momentum[0] = 0.5F; },
                                              [](Fc& s) { s.bias.momentum[0] = 0.25F; },
                                              [](Fc& s) { s.step = 937; },
                                              [](Fc& s) { s.epoch = 2; }};
  for (const auto& change : changes) {
    Fc state;
    change(state);
    EXPECT_NE(state.hash(), clean);
  }
}

TEST(StateHash, GradientsAreNotState) {
  Fc state;
  state.weight.gradient[0] = 7;
  EXPECT_EQ(state.hash(), Fc().hash());
}

/// Without a bias, and with states: parameters, momenta, states, layer by layer.
TEST(StateHash, TakesEachLayersStateBehindItsMomenta) {
  Parameter weight = make_parameter("c.weight", {2}), scale = make_parameter("n.weight", {1}),
            shift = make_parameter("n.bias", {1});
  weight.value = {1, 2};
  weight.momentum = {3, 4};
  scale.value = {5};
  shift.value = {6};
  scale.momentum = {7};
  shift.momentum = {8};
  State mean{"n.running_mean", {1}, {9}}, variance{"n.running_variance", {1}, {10}};
  const LayerState layers[] = {{.parameters = {&weight}, .states = {}},
                               {.parameters = {&scale, &shift}, .states = {&mean, &variance}}};
  const float values[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  const std::uint64_t counts[] = {11, 12};
  traces::Sha256 expected;
  expected.add(traces::bytes_of(std::span<const float>(values)));
  expected.add(traces::bytes_of(std::span<const std::uint64_t>(counts)));
  EXPECT_EQ(state_hash(layers, 11, 12), expected.hex());
}

}  // namespace
}  // namespace quatrain::emu
