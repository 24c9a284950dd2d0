#include "emu/nn/optimizer.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <random>

namespace quatrain::emu {
namespace {

std::uint32_t bits_of(float value) { return std::bit_cast<std::uint32_t>(value); }

TEST(UpdateParameters, ExampleOfTheText) {  // docs/training-step.md section 10
  Parameter parameter{.name = "w", .shape = {1}, .value = {1}, .gradient = {0.25F}, .momentum = {0}};
  Parameter* const parameters[] = {&parameter};
  const OptimizerConfig config{.momentum = 0.9, .weight_decay = 0.0005};
  base::ThreadPool pool(1);
  update_parameters(parameters, config, 0.05F, pool);
  EXPECT_EQ(bits_of(parameter.momentum[0]), 0x3e804189U);
  EXPECT_EQ(bits_of(parameter.value[0]), 0x3f7ccb29U);
  parameter.gradient[0] = -0.125F;
  update_parameters(parameters, config, 0.05F, pool);
  EXPECT_EQ(bits_of(parameter.momentum[0]), 0x3dcebb96U);
  EXPECT_EQ(bits_of(parameter.value[0]), 0x3f7b8063U);
}

TEST(UpdateParameters, EqualForAnyNumberOfThreads) {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  Parameter start{.name = "w", .shape = {100'003}, .value = {}, .gradient = {}, .momentum = {}};
  for (auto* values : {&start.value, &start.gradient, &start.momentum}) {
    values->resize(100'003);
    for (float& value : *values) value = uniform(random);
  }
  std::vector<Parameter> results;
  for (const unsigned threads : {1U, 2U, 7U}) {
    base::ThreadPool pool(threads);
    Parameter parameter = start;
    Parameter* const parameters[] = {&parameter};
    update_parameters(parameters, {.momentum = 0.9, .weight_decay = 0.01}, 0.1F, pool);
    results.push_back(parameter);
  }
  EXPECT_NE(results[0].value, start.value);
  for (const Parameter& result : results) {
    EXPECT_EQ(result.value, results[0].value);
    EXPECT_EQ(result.momentum, results[0].momentum);
  }
}

}  // namespace
}  // namespace quatrain::emu
