#include "emu/nn/gradient_statistics.hpp"

#include "traces/encoding/codes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace quatrain::emu {
namespace {

constexpr std::array<int, 15> values = {-64, -32, -16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 16, 32, 64};

QuantizedTensor quantized(const std::vector<float>& x, traces::Rule rule, unsigned sample = 0) {
  base::ThreadPool pool(1);
  QuantizedTensor result;
  make_quantizer({.rule = rule}, SimdPath::portable)
      ->quantize(x, {.seed = 3, .step = 5, .layer = 2, .sample = sample}, std::nullopt, pool, result);
  return result;
}

GradientStatistics of(const std::vector<float>& x, const QuantizedTensor* codes, unsigned threads = 1) {
  base::ThreadPool pool(threads);
  return gradient_statistics(x, codes, pool);
}

/// Of a log-normal tensor with signs and zeros; its size is no multiple of anything.
std::vector<float> gradient(std::size_t size) {
  std::mt19937 random(11);
  std::normal_distribution<double> ln(-6, 1.7);
  std::vector<float> x(size);
  for (float& value : x)
    value = static_cast<float>(std::exp(ln(random))) * static_cast<float>(static_cast<int>(random() % 3) - 1);
  return x;
}

/// By hand: max 64, so alpha is 1; nearest makes 64, 0, -4, 0 and 2 of these.
TEST(GradientStatistics, ByHand) {
  const std::vector<float> x = {64, 0.375F, -3.5F, 0, 2};
  const QuantizedTensor codes = quantized(x, traces::Rule::nearest_fp4);
  const GradientStatistics s = of(x, &codes);
  const double square = 64 * 64 + 0.375 * 0.375 + 3.5 * 3.5 + 4, noise = 0.375 * 0.375 + 0.5 * 0.5;
  const double product = 64 * 64 + 14 + 4, norm = 64 * 64 + 16 + 4;
  const std::vector<double> ln = {std::log(64), std::log(0.375), std::log(3.5), std::log(2)};
  double mean = 0, variance = 0;
  for (const double l : ln) mean += l / 4;
  for (const double l : ln) variance += (l - mean) * (l - mean) / 4;
  EXPECT_EQ(s.elements, 5U);
  EXPECT_EQ(s.nonzero, 4U);
  EXPECT_EQ(s.maximum, 64);
  EXPECT_EQ(s.alpha, 1);
  EXPECT_EQ(s.below_alpha_share, 0.25F);
  EXPECT_EQ(s.top_code_share, 0.25F);
  EXPECT_FLOAT_EQ(s.ln_mean.value(), static_cast<float>(mean));
  EXPECT_FLOAT_EQ(s.ln_sigma.value(), static_cast<float>(std::sqrt(variance)));
  EXPECT_FLOAT_EQ(s.snr_db.value(), static_cast<float>(10 * std::log10(square / noise)));
  EXPECT_FLOAT_EQ(s.cosine.value(), static_cast<float>(product / std::sqrt(norm * square)));
  EXPECT_FLOAT_EQ(s.gain.value(), static_cast<float>(product / square));
  std::array<std::uint64_t, 15> counts{};
  counts[14] = 1, counts[9] = 1, counts[7] = 2, counts[2] = 0, counts[4] = 1;
  EXPECT_EQ(s.codes, counts);
}

/// Every figure again in long double, one sum each, from the last element to the first.
TEST(GradientStatistics, EqualASumInAnotherOrder) {
  for (const std::size_t size : {1U, 7U, 4096U, 4099U, 50'001U})
    for (const traces::Rule rule : {traces::Rule::luq_fp4, traces::Rule::nearest_fp4}) {
      std::vector<float> x = gradient(size);
      x[size / 2] = -0.5F;
      const QuantizedTensor codes = quantized(x, rule, 1);
      const GradientStatistics s = of(x, &codes);
      long double square = 0, product = 0, noise = 0, norm = 0, mean = 0, variance = 0;
      std::uint64_t nonzero = 0, below = 0, top = 0;
      float maximum = 0;
      std::array<std::uint64_t, 15> counts{};
      for (std::size_t i = size; i-- > 0;) {
        const int value = traces::code_values(codes.encoding)[codes.codes[i]];
        const long double q = static_cast<long double>(codes.scale) * value, wide = x[i];
        square += wide * wide;
        product += q * wide;
        noise += (q - wide) * (q - wide);
        norm += q * q;
        ++counts[static_cast<std::size_t>(std::ranges::find(values, value) - values.begin())];
        top += value == 64 || value == -64;
        maximum = std::max(maximum, std::fabs(x[i]));
        if (x[i] == 0) continue;
        ++nonzero;
        below += std::fabs(x[i]) < codes.scale;
        mean += std::log(std::fabs(wide));
      }
      mean /= static_cast<long double>(nonzero);
      for (const float value : x)
        if (value != 0) {
          const long double off = std::log(std::fabs(static_cast<long double>(value))) - mean;
          variance += off * off / static_cast<long double>(nonzero);
        }
      SCOPED_TRACE(fmt::format("{} elements, {}", size, traces::name_of(rule)));
      EXPECT_EQ(s.nonzero, nonzero);
      EXPECT_EQ(s.maximum, maximum);
      EXPECT_EQ(s.alpha, codes.scale);
      EXPECT_EQ(s.codes, counts);
      EXPECT_FLOAT_EQ(s.below_alpha_share.value(), static_cast<float>(below) / static_cast<float>(nonzero));
      EXPECT_FLOAT_EQ(s.top_code_share.value(), static_cast<float>(top) / static_cast<float>(nonzero));
      EXPECT_FLOAT_EQ(s.ln_mean.value(), static_cast<float>(mean));
      EXPECT_NEAR(s.ln_sigma.value(), static_cast<float>(std::sqrt(variance)), 1e-5);
      EXPECT_FLOAT_EQ(s.cosine.value(), static_cast<float>(product / std::sqrt(norm * square)));
      EXPECT_FLOAT_EQ(s.gain.value(), static_cast<float>(product / square));
      if (noise > 0) {
        EXPECT_FLOAT_EQ(s.snr_db.value(), static_cast<float>(10 * std::log10(square / noise)));
      } else {
        EXPECT_EQ(s.snr_db, INFINITY);
      }
    }
}

TEST(GradientStatistics, EqualForAnyNumberOfThreads) {
  const std::vector<float> x = gradient(100'003);
  const QuantizedTensor codes = quantized(x, traces::Rule::luq_fp4);
  const GradientStatistics one = of(x, &codes);
  EXPECT_EQ(of(x, &codes, 2), one);
  EXPECT_EQ(of(x, &codes, 7), one);
}

TEST(GradientStatistics, WithoutCodesAlphaIsWhatTheMaximumGives) {
  const std::vector<float> x = {-8, 0.1F, 0.2F, 0, 0.124F};
  const GradientStatistics s = of(x, nullptr);
  EXPECT_EQ(s.maximum, 8);
  EXPECT_EQ(s.alpha, 0.125F);
  EXPECT_EQ(s.below_alpha_share, 0.5F);
  EXPECT_TRUE(s.ln_mean && s.ln_sigma);
  EXPECT_FALSE(s.codes || s.top_code_share || s.snr_db || s.cosine || s.gain);
}

TEST(GradientStatistics, WhatDividesByZeroIsAbsent) {
  const std::vector<float> zeros(9);
  const QuantizedTensor codes = quantized(zeros, traces::Rule::luq_fp4);
  const GradientStatistics s = of(zeros, &codes);
  EXPECT_EQ(s.nonzero, 0U);
  EXPECT_FALSE(s.below_alpha_share || s.ln_mean || s.ln_sigma || s.top_code_share || s.snr_db || s.cosine ||
               s.gain);
  EXPECT_EQ(s.codes.value()[7], 9U);
}

}  // namespace
}  // namespace quatrain::emu
