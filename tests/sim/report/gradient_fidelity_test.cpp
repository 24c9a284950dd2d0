#include "sim/report/gradient_fidelity.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace quatrain::sim::report {
namespace {

using traces::Geometry;

const RoundingEffect& find(const std::vector<RoundingEffect>& effects, const std::string& rule,
                           unsigned samples) {
  for (const RoundingEffect& effect : effects)
    if (effect.rule == rule && effect.samples == samples) return effect;
  throw std::logic_error("no such effect");
}

/// dW by the index sets of numerics.md section 6, one sum an element.
std::vector<double> direct_weight_gradient(const Geometry& g, const std::vector<double>& x,
                                           const std::vector<double>& dz) {
  const std::int64_t in = g.in_channels / g.groups, out = g.out_channels / g.groups;
  std::vector<double> dw;
  for (std::int64_t o = 0; o < g.out_channels; ++o)
    for (std::int64_t c = 0; c < in; ++c)
      for (std::int64_t i = 0; i < g.kernel_height; ++i)
        for (std::int64_t j = 0; j < g.kernel_width; ++j) {
          double sum = 0;
          for (std::int64_t b = 0; b < g.batch; ++b)
            for (std::int64_t ho = 0; ho < g.out_height; ++ho)
              for (std::int64_t wo = 0; wo < g.out_width; ++wo) {
                const std::int64_t h = ho * g.stride_height + i - g.padding_height;
                const std::int64_t w = wo * g.stride_width + j - g.padding_width;
                if (h < 0 || h >= g.height || w < 0 || w >= g.width) continue;
                const std::int64_t channel = o / out * in + c;
                sum += x[static_cast<std::size_t>(((b * g.in_channels + channel) * g.height + h) * g.width +
                                                  w)] *
                       dz[static_cast<std::size_t>(
                           ((b * g.out_channels + o) * g.out_height + ho) * g.out_width + wo)];
              }
          dw.push_back(sum);
        }
  return dw;
}

TEST(WeightGradients, EqualTheDefinitionForStridesPaddingAndGroups) {
  Geometry g{.batch = 3,
             .in_channels = 10,
             .height = 7,
             .width = 5,
             .out_channels = 4,
             .out_height = 4,
             .out_width = 2,
             .kernel_height = 3,
             .kernel_width = 2,
             .stride_height = 2,
             .stride_width = 3,
             .padding_height = 1,
             .padding_width = 0,
             .groups = 2};
  std::mt19937 random(1);
  const auto integers = [&](std::int64_t count) {  // sums of small integers are exact in any order
    std::vector<double> values(static_cast<std::size_t>(count));
    for (double& value : values) value = static_cast<double>(static_cast<int>(random() % 31) - 15);
    return values;
  };
  const std::vector<double> x = integers(traces::input_elements(g));
  const std::vector<std::vector<double>> gradients = {integers(traces::output_elements(g)),
                                                      integers(traces::output_elements(g))};
  for (const unsigned threads : {1U, 2U, 7U}) {
    base::ThreadPool pool(threads);
    const auto products = weight_gradients(g, x, gradients, pool);
    ASSERT_EQ(products.size(), 2U);
    EXPECT_EQ(products[0], direct_weight_gradient(g, x, gradients[0])) << threads << " threads";
    EXPECT_EQ(products[1], direct_weight_gradient(g, x, gradients[1])) << threads << " threads";
  }
}

/// alpha is 1: nearest makes 64, 0 and 2 (a tie, numerics.md section 9) of 64, 0.375 and 3.
TEST(RoundingEffects, NearestByHand) {
  const std::vector<double> x = {1, 1, 1};
  const std::vector<float> dz = {64, 0.375F, 3};
  base::ThreadPool pool(1);
  const auto effects = rounding_effects({.geometry = {.batch = 3}, .input = x, .gradient = dz}, pool);
  const RoundingEffect& nearest = find(effects, "nearest", 1);
  EXPECT_DOUBLE_EQ(nearest.dead_share, 1.0 / 3);
  EXPECT_DOUBLE_EQ(nearest.gain, 66 / 67.375);
  EXPECT_DOUBLE_EQ(nearest.relative_error, 1.375 / 67.375);
  EXPECT_EQ(nearest.trials, 1U);
  EXPECT_FALSE(nearest.gain_deviation) << "one trial has no spread";
}

/// Values on a level never move, so every draw gives dW itself.
TEST(RoundingEffects, LevelsAreKeptByEveryRule) {
  const std::vector<double> x = {1, 2, 3, 4};
  const std::vector<float> dz = {64, -1, 8, 0};
  base::ThreadPool pool(1);
  const auto effects = rounding_effects({.geometry = {.batch = 4}, .input = x, .gradient = dz}, pool);
  ASSERT_EQ(effects.size(), 4U);
  for (const RoundingEffect& effect : effects) {
    EXPECT_DOUBLE_EQ(effect.gain, 1) << effect.rule << effect.samples;
    EXPECT_EQ(effect.dead_share, 0);
    EXPECT_EQ(effect.relative_error, 0);
  }
}

TEST(RoundingEffects, AllZeroGradientHasNoRatio) {
  const std::vector<double> x = {1, 2};
  const std::vector<float> dz = {0, 0};
  base::ThreadPool pool(1);
  EXPECT_TRUE(rounding_effects({.geometry = {.batch = 2}, .input = x, .gradient = dz}, pool).empty());
}

/// One element of 64 alpha; all others lie between 0 and half of alpha, where nearest makes zeros.
struct SpreadGradient {
  Geometry geometry{.batch = 64, .in_channels = 8, .out_channels = 16};
  std::vector<double> input = std::vector<double>(64 * 8);
  std::vector<float> gradient = std::vector<float>(64 * 16);
  SpreadGradient() {
    std::mt19937 random(3);
    for (double& x : input) x = static_cast<double>(random() % 16);
    for (float& dz : gradient) dz = static_cast<float>(1 + random() % 1000) / 2001;
    gradient[17] = 64;
  }
};

TEST(RoundingEffects, LuqIsUnbiasedWhereNearestIsNot) {
  const SpreadGradient spread;
  base::ThreadPool pool(2);
  const auto effects = rounding_effects({.geometry = spread.geometry,
                                         .input = spread.input,
                                         .gradient = spread.gradient,
                                         .draws = {.seed = 5, .step = 2, .layer = 1}},
                                        pool);
  const RoundingEffect &one = find(effects, "luq", 1), &four = find(effects, "luq", 4),
                       &sixteen = find(effects, "luq", 16), &nearest = find(effects, "nearest", 1);
  EXPECT_EQ(one.trials, 16U);
  EXPECT_EQ(four.trials, 4U);
  EXPECT_EQ(sixteen.trials, 1U);
  const double standard_error = one.gain_deviation.value() / 4;
  EXPECT_GT(standard_error, 0);
  EXPECT_LT(std::fabs(one.gain - 1), 4 * standard_error);
  EXPECT_GT(std::fabs(nearest.gain - 1), 10 * standard_error)
      << "nearest drops what lies below half of alpha";
  // Every trial of 4 and 16 is a mean of the same 16 products.
  EXPECT_NEAR(four.gain, one.gain, 1e-12);
  EXPECT_NEAR(sixteen.gain, one.gain, 1e-12);
  EXPECT_LT(four.relative_error, one.relative_error);
  EXPECT_LT(sixteen.relative_error, four.relative_error);
  EXPECT_LT(four.dead_share, one.dead_share);
  EXPECT_LT(sixteen.dead_share, four.dead_share);
  EXPECT_DOUBLE_EQ(nearest.dead_share, 1023.0 / 1024);
}

TEST(RoundingEffects, EqualForAnyNumberOfThreads) {
  const SpreadGradient spread;
  std::vector<double> gains;
  for (const unsigned threads : {1U, 2U, 7U}) {
    base::ThreadPool pool(threads);
    gains.push_back(
        rounding_effects({.geometry = spread.geometry, .input = spread.input, .gradient = spread.gradient},
                         pool)
            .front()
            .gain);
  }
  EXPECT_EQ(gains[0], gains[1]);
  EXPECT_EQ(gains[0], gains[2]);
}

/// The scale comes from the whole tensor, whose maximum lies in the image that is left out.
TEST(RoundingEffects, FirstImagesOnlyKeepTheScaleOfTheWholeTensor) {
  const std::vector<double> x = {1, 1, 1};
  const std::vector<float> dz = {1, 0.375F, 64};
  base::ThreadPool pool(1);
  const auto effects = rounding_effects({.geometry = {.batch = 2}, .input = x, .gradient = dz}, pool);
  const RoundingEffect& nearest = find(effects, "nearest", 1);
  EXPECT_DOUBLE_EQ(nearest.gain, 1 / 1.375);
  EXPECT_DOUBLE_EQ(nearest.dead_share, 0.5);
}

}  // namespace
}  // namespace quatrain::sim::report
