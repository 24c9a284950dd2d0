#include "emu/nn/state_hash.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace quatrain::emu {
namespace {

struct State {
  Parameter weight{.name = "fc.weight", .shape = {1, 1}, .value = {1}, .gradient = {9}, .momentum = {0.25F}};
  Parameter bias{.name = "fc.bias", .shape = {1}, .value = {0.5F}, .gradient = {9}, .momentum = {-0.25F}};
  std::uint64_t step = 938, epoch = 1;
  std::string hash() {
    Parameter* const parameters[] = {&weight, &bias};
    return state_hash(parameters, step, epoch);
  }
};

TEST(StateHash, ExampleOfTheText) {  // docs/training-step.md section 13
  EXPECT_EQ(State().hash(), "18800fc112778a4a1185e77fd03fa09a2ec7f9324a17e1514bebd4e8260732a1");
}

TEST(StateHash, EveryPartCounts) {
  const std::string clean = State().hash();
  const std::function<void(State&)> changes[] = {[](State& s) { s.weight.value[0] = -1; },
                                                 [](State& s) { s.bias.value[0] = 0; },
                                                 [](State& s) { s.weight.momentum[0] = 0.5F; },
                                                 [](State& s) { s.bias.momentum[0] = 0.25F; },
                                                 [](State& s) { s.step = 937; },
                                                 [](State& s) { s.epoch = 2; }};
  for (const auto& change : changes) {
    State state;
    change(state);
    EXPECT_NE(state.hash(), clean);
  }
}

TEST(StateHash, GradientsAreNotState) {
  State state;
  state.weight.gradient[0] = 7;
  EXPECT_EQ(state.hash(), State().hash());
}

}  // namespace
}  // namespace quatrain::emu
