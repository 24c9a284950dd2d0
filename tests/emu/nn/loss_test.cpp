#include "emu/nn/loss.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

namespace quatrain::emu {
namespace {

Tensor logits_of(std::int64_t batch, const std::vector<float>& values) {
  Tensor logits;
  logits.resize(batch, {static_cast<std::int64_t>(values.size()) / batch, 1, 1});
  std::copy(values.begin(), values.end(), logits.values().begin());
  return logits;
}

std::vector<std::uint32_t> bits_of(std::span<const float> values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

using Bits = std::vector<std::uint32_t>;

TEST(CrossEntropy, ExampleOfTheText) {  // docs/training-step.md section 8
  const Tensor logits = logits_of(2, {1, 2, 3, 0, 0, -1});
  const std::vector<std::uint32_t> labels = {0, 1};
  std::vector<float> losses(2);
  Tensor gradient;
  cross_entropy_with_gradient(logits, labels, losses, gradient);
  EXPECT_EQ(bits_of(losses), (Bits{0x401a1638, 0x3f5cabb1}));
  EXPECT_EQ(bits_of(gradient.values()),
            (Bits{0xbee8f3c2, 0x3dfa9a19, 0x3eaa4d3a, 0x3e583a2c, 0xbe93e2ea, 0x3d9f1753}));
  EXPECT_EQ(std::bit_cast<std::uint32_t>(mean(losses)), 0x3fd14124U);

  std::vector<float> losses_alone(2);
  cross_entropy(logits, labels, losses_alone);
  EXPECT_EQ(losses_alone, losses);
}

TEST(CrossEntropy, LargeLogitsDoNotOverflow) {
  const Tensor logits = logits_of(1, {3e38F, -3e38F, 0});
  const std::vector<std::uint32_t> labels = {0};
  std::vector<float> losses(1);
  Tensor gradient;
  cross_entropy_with_gradient(logits, labels, losses, gradient);
  EXPECT_EQ(losses[0], 0.0F);
  EXPECT_EQ(bits_of(gradient.values()), (Bits{0, 0, 0}));
}

TEST(CrossEntropy, GradientIsTheDerivativeOfTheMeanLoss) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0, 3);
  std::vector<float> values(5 * 10);
  for (float& value : values) value = normal(random);
  const std::vector<std::uint32_t> labels = {0, 3, 9, 5, 5};
  std::vector<float> losses(5);
  Tensor gradient;
  cross_entropy_with_gradient(logits_of(5, values), labels, losses, gradient);
  for (std::size_t b = 0; b < 5; ++b) {
    long double total = 0;
    for (std::size_t j = 0; j < 10; ++j) total += std::exp(static_cast<long double>(values[b * 10 + j]));
    for (std::size_t j = 0; j < 10; ++j) {
      const long double probability = std::exp(static_cast<long double>(values[b * 10 + j])) / total;
      const long double exact = (probability - (labels[b] == j ? 1 : 0)) / 5;
      EXPECT_NEAR(static_cast<double>(gradient.values()[b * 10 + j]), static_cast<double>(exact), 1e-7);
    }
  }
}

TEST(CountCorrect, LowestOfEqualLogitsWins) {
  const Tensor logits = logits_of(3, {1, 2, 2, 2, 2, 2, 0, -1, 5});
  EXPECT_EQ(count_correct(logits, std::vector<std::uint32_t>{1, 0, 2}), 3);
  EXPECT_EQ(count_correct(logits, std::vector<std::uint32_t>{2, 1, 0}), 0);
}

}  // namespace
}  // namespace quatrain::emu
