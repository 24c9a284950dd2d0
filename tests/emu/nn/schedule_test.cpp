#include "emu/nn/schedule.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <vector>

namespace quatrain::emu {
namespace {

std::uint32_t bits_of(float value) { return std::bit_cast<std::uint32_t>(value); }

struct Example {
  int step;
  std::uint32_t expected;
};

/// The examples of docs/training-step.md section 11.
void expect(const LearningRateConfig& config, std::int64_t steps_per_epoch, std::int64_t epochs,
            const std::vector<Example>& examples) {
  for (const auto& [step, expected] : examples)
    EXPECT_EQ(bits_of(learning_rate_at(config, step, steps_per_epoch, epochs)), expected) << "step " << step;
}

TEST(LearningRate, LinearExamplesOfTheText) {
  const LearningRateConfig falling{.schedule = Schedule::linear, .from = 0.05, .to = 0};
  expect(falling, 938, 3, {{0, 0x3d4ccccd}, {1, 0x3d4cba2b}, {1407, 0x3ccccccd}, {2813, 0x37950d23}});
  expect({.schedule = Schedule::linear, .from = 0.01, .to = 0.1}, 7, 1, {{3, 0x3d46f2d6}});
}

TEST(LearningRate, StepExamplesOfTheText) {
  const LearningRateConfig config{.schedule = Schedule::step, .from = 0.05, .factor = 0.1, .every = 1};
  expect(config, 10, 4,
         {{0, 0x3d4ccccd},
          {9, 0x3d4ccccd},
          {10, 0x3ba3d70a},
          {19, 0x3ba3d70a},
          {20, 0x3a03126f},
          {30, 0x3851b717},
          {39, 0x3851b717}});
}

TEST(LearningRate, StepHoldsForEveryEpochs) {
  const LearningRateConfig config{.schedule = Schedule::step, .from = 1, .factor = 0.5, .every = 3};
  std::vector<float> rates;
  for (int epoch = 0; epoch < 7; ++epoch) rates.push_back(learning_rate_at(config, epoch * 4 + 3, 4, 7));
  EXPECT_EQ(rates, (std::vector<float>{1, 1, 1, 0.5F, 0.5F, 0.5F, 0.25F}));
}

TEST(LearningRate, CosineExamplesOfTheText) {
  const LearningRateConfig falling{.schedule = Schedule::cosine, .from = 0.05, .to = 0};
  expect(falling, 938, 3,
         {{0, 0x3d4ccccd}, {1, 0x3d4cccc9}, {938, 0x3d19999a}, {1407, 0x3ccccccd}, {2813, 0x3285d451}});
  expect({.schedule = Schedule::cosine, .from = 0.1, .to = 0.001}, 7, 1, {{3, 0x3d7bf6ee}});
}

TEST(LearningRate, TriangularExamplesOfTheText) {
  const LearningRateConfig config{.schedule = Schedule::triangular, .from = 0.0001, .peak = 0.001};
  expect(
      config, 7, 1,
      {{0, 0x38d1b717}, {1, 0x39bb3ee7}, {2, 0x3a210804}, {3, 0x3a647095}, {4, 0x3a647095}, {6, 0x39bb3ee7}});
  EXPECT_EQ(learning_rate_at(config, 4, 4, 2), 0.001F) << "half-way of an even number of steps";
}

TEST(LearningRate, WarmupExamplesOfTheText) {
  expect({.schedule = Schedule::linear, .from = 0.05, .to = 0, .warmup_steps = 4}, 938, 3,
         {{0, 0x3c4ccccd}, {1, 0x3cccba2b}, {2, 0x3d197da7}, {3, 0x3d4c94e8}, {4, 0x3d4c8246}});
  expect({.schedule = Schedule::step, .from = 0.1, .factor = 0.5, .every = 1, .warmup_epochs = 2}, 10, 4,
         {{0, 0x3ba3d70a}, {9, 0x3d4ccccd}, {10, 0x3ce147ae}, {19, 0x3d4ccccd}, {20, 0x3ccccccd}});
}

}  // namespace
}  // namespace quatrain::emu
