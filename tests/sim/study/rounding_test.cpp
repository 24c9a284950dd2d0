#include "sim/study/rounding.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <stdexcept>

namespace quatrain::sim::study {
namespace {

using traces::Alpha;
using traces::Rule;

const Setting nearest{.rule = Rule::nearest_fp4, .random_bits = 0};

StudyPlan plan(std::vector<Setting> settings, std::vector<unsigned> samples, unsigned trials) {
  return {.settings = std::move(settings), .samples = std::move(samples), .trials = trials};
}

/// alpha is 1: nearest makes 64, 0 and 2 (a tie, numerics.md section 3) of 64, 0.375 and 3.
TEST(RoundingEffects, NearestByHand) {
  const std::vector<double> x = {1, 1, 1};
  const std::vector<float> dz = {64, 0.375F, 3};
  base::ThreadPool pool(1);
  const GradientCase tensor{.geometry = {.batch = 3}, .input = x, .gradient = dz};
  const auto effects = rounding_effects(tensor, plan({nearest}, {1, 4}, 8), pool);
  ASSERT_EQ(effects.size(), 1U) << "it draws nothing: one trial of one sample";
  EXPECT_EQ(effects[0].samples, 1U);
  EXPECT_EQ(effects[0].trials, 1U);
  EXPECT_DOUBLE_EQ(effects[0].dead_share.mean, 1.0 / 3);
  EXPECT_DOUBLE_EQ(effects[0].gain.mean, 66 / 67.375);
  EXPECT_DOUBLE_EQ(effects[0].relative_error.mean, 1.375 / 67.375);
  EXPECT_FALSE(effects[0].gain.standard_error) << "one trial says nothing of its error";
  EXPECT_FALSE(effects[0].expected);
}

/// Without X the gradient itself is compared: 64, 0 and 2 for 64, 0.375 and 3.
TEST(RoundingEffects, WithoutAnInputTheGradientItselfIsCompared) {
  const std::vector<float> dz = {64, 0.375F, 3};
  base::ThreadPool pool(1);
  const auto effects = rounding_effects({.geometry = {.batch = 3}, .input = {}, .gradient = dz},
                                        plan({nearest}, {1}, 2), pool);
  const double square = 64 * 64 + 0.375 * 0.375 + 9;
  EXPECT_DOUBLE_EQ(effects.at(0).gain.mean, (64 * 64 + 6) / square);
  EXPECT_DOUBLE_EQ(effects.at(0).relative_error.mean, std::sqrt((0.375 * 0.375 + 1) / square));
}

/// Values on a level never move, so every draw gives dW itself.
TEST(RoundingEffects, LevelsAreKeptByEveryRule) {
  const std::vector<double> x = {1, 2, 3, 4};
  const std::vector<float> dz = {64, -1, 8, 0};
  base::ThreadPool pool(1);
  const auto effects = rounding_effects({.geometry = {.batch = 4}, .input = x, .gradient = dz},
                                        plan({{.random_bits = 4}, nearest}, {1, 3}, 5), pool);
  ASSERT_EQ(effects.size(), 3U);
  for (const RoundingEffect& effect : effects) {
    EXPECT_DOUBLE_EQ(effect.gain.mean, 1);
    EXPECT_EQ(effect.dead_share.mean, 0);
    EXPECT_EQ(effect.relative_error.mean, 0);
    if (!effect.expected) continue;
    EXPECT_EQ(effect.expected->relative_error, 0);
    EXPECT_EQ(effect.expected->error_floor, 0);
    EXPECT_EQ(effect.gain.standard_error, 0);
  }
}

TEST(RoundingEffects, AllZeroGradientHasNoRatio) {
  const std::vector<double> x = {1, 2};
  const std::vector<float> dz = {0, 0};
  base::ThreadPool pool(1);
  EXPECT_TRUE(rounding_effects({.geometry = {.batch = 2}, .input = x, .gradient = dz},
                               plan({{}, nearest}, {1}, 2), pool)
                  .empty());
}

/// The scale comes from the whole tensor, whose maximum lies in the image that is left out.
TEST(RoundingEffects, FirstImagesOnlyKeepTheScaleOfTheWholeTensor) {
  const std::vector<double> x = {1, 1, 1};
  const std::vector<float> dz = {1, 0.375F, 64};
  base::ThreadPool pool(1);
  const auto effects = rounding_effects({.geometry = {.batch = 2}, .input = x, .gradient = dz},
                                        plan({nearest, {.random_bits = 4}}, {1}, 2), pool);
  EXPECT_DOUBLE_EQ(effects.at(0).gain.mean, 1 / 1.375);
  EXPECT_DOUBLE_EQ(effects.at(0).dead_share.mean, 0.5);
  // Of 16 draws 6 lift 0.375: the mean is exact, and 10 of 16 leave a zero.
  EXPECT_DOUBLE_EQ(effects.at(1).expected->gain, 1);
  EXPECT_DOUBLE_EQ(effects.at(1).expected->dead_share, 0.5 * 10 / 16);
  EXPECT_DOUBLE_EQ(effects.at(1).expected->relative_error, std::sqrt(0.375 * 0.625) / 1.375);
}

/// Log-normal, with the maximum in one element.
struct SpreadGradient {
  traces::Geometry geometry{.batch = 64, .in_channels = 8, .out_channels = 16};
  std::vector<double> input = std::vector<double>(64 * 8);
  std::vector<float> gradient = std::vector<float>(64 * 16);
  SpreadGradient() {
    std::mt19937 random(3);
    std::normal_distribution<double> ln(-1, 2);
    for (double& x : input) x = static_cast<double>(random() % 16);
    for (float& dz : gradient)
      dz = static_cast<float>(std::min(63.0, std::exp(ln(random)))) * (random() % 2 == 0 ? 1.0F : -1.0F);
    gradient[17] = 64;
  }
  GradientCase tensor() const {
    return {.geometry = geometry,
            .input = input,
            .gradient = gradient,
            .draws = {.seed = 5, .step = 2, .layer = 1}};
  }
};

/// What LUQ's probabilities say beforehand is what its draws give, for every number of bits and of samples:
/// the error falls with the square root of N, down to the floor of the bits. Rounding to nearest stays.
TEST(RoundingEffects, TheDrawsGiveWhatTheirProbabilitiesSay) {
  const SpreadGradient spread;
  base::ThreadPool pool(2);
  const auto effects = rounding_effects(
      spread.tensor(),
      plan({{.random_bits = 4}, {.random_bits = 8, .alpha = Alpha::pow2}, {.random_bits = 16}, nearest},
           {1, 4, 16, 64, 256, 1024}, 16),
      pool);
  ASSERT_EQ(effects.size(), 19U);
  for (std::size_t i = 0; i < 18; ++i) {
    const RoundingEffect& effect = effects[i];
    SCOPED_TRACE(fmt::format("{} bits, {} samples", effect.setting.random_bits, effect.samples));
    EXPECT_EQ(effect.trials, 16U);
    EXPECT_LT(std::fabs(effect.gain.mean - effect.expected->gain), 4.5 * effect.gain.standard_error.value());
    EXPECT_LT(std::fabs(effect.relative_error.mean - effect.expected->relative_error),
              4.5 * effect.relative_error.standard_error.value());
    EXPECT_LE(std::fabs(effect.dead_share.mean - effect.expected->dead_share),
              4.5 * effect.dead_share.standard_error.value() + 1e-6);
  }
  const auto error = [&](std::size_t setting, std::size_t n) {
    return effects[6 * setting + n].relative_error.mean;
  };
  const double floor_4 = effects[0].expected->error_floor, floor_16 = effects[12].expected->error_floor;
  EXPECT_NEAR(error(2, 5) / error(2, 0), 1.0 / 32, 0.01) << "16 bits: still on the line at 1,024 samples";
  EXPECT_GT(floor_4, 100 * floor_16);
  EXPECT_GT(error(0, 5), floor_4) << "4 bits: the floor holds it";
  EXPECT_GT(error(0, 5), 2 * error(2, 5));
  EXPECT_LT(error(0, 5), 1.5 * floor_4);
  EXPECT_GT(effects[18].relative_error.mean, error(2, 5)) << "nearest";
}

TEST(RoundingEffects, EqualForAnyNumberOfThreads) {
  const SpreadGradient spread;
  std::vector<double> gains;
  for (const unsigned threads : {1U, 2U, 7U}) {
    base::ThreadPool pool(threads);
    gains.push_back(rounding_effects(spread.tensor(), plan({{}}, {5}, 3), pool).front().gain.mean);
  }
  EXPECT_EQ(gains[0], gains[1]);
  EXPECT_EQ(gains[0], gains[2]);
}

}  // namespace
}  // namespace quatrain::sim::study
