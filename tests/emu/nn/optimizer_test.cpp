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

TEST(LearningRate, LinearExamplesOfTheText) {  // section 11
  const LearningRateConfig falling{.schedule = Schedule::linear, .from = 0.05, .to = 0};
  for (const auto& [step, expected] :
       {std::pair{0, 0x3d4ccccdU}, {1, 0x3d4cba2bU}, {1407, 0x3ccccccdU}, {2813, 0x37950d23U}})
    EXPECT_EQ(bits_of(learning_rate_at(falling, step, 938, 3)), expected) << "step " << step;
  const LearningRateConfig rising{.schedule = Schedule::linear, .from = 0.01, .to = 0.1};
  EXPECT_EQ(bits_of(learning_rate_at(rising, 3, 7, 1)), 0x3d46f2d6U);
}

TEST(LearningRate, StepExamplesOfTheText) {
  const LearningRateConfig config{.schedule = Schedule::step, .from = 0.05, .factor = 0.1, .every = 1};
  for (const auto& [epoch, expected] :
       {std::pair{0, 0x3d4ccccdU}, {1, 0x3ba3d70aU}, {2, 0x3a03126fU}, {3, 0x3851b717U}}) {
    EXPECT_EQ(bits_of(learning_rate_at(config, epoch * 10, 10, 4)), expected)
        << "first step of epoch " << epoch;
    EXPECT_EQ(bits_of(learning_rate_at(config, epoch * 10 + 9, 10, 4)), expected)
        << "last step of epoch " << epoch;
  }
}

TEST(LearningRate, StepHoldsForEveryEpochs) {
  const LearningRateConfig config{.schedule = Schedule::step, .from = 1, .factor = 0.5, .every = 3};
  std::vector<float> rates;
  for (int epoch = 0; epoch < 7; ++epoch) rates.push_back(learning_rate_at(config, epoch * 4 + 3, 4, 7));
  EXPECT_EQ(rates, (std::vector<float>{1, 1, 1, 0.5F, 0.5F, 0.5F, 0.25F}));
}

}  // namespace
}  // namespace quatrain::emu
