#include "emu/nn/paper_code.hpp"

#include "emu/nn/quantized_layer.hpp"
#include "emu/nn/sum.hpp"
#include "tests/emu/gemm/fp32_reference.hpp"
#include "tests/emu/nn/layers/layer_check.hpp"
#include "tests/emu/nn/tiny_config.hpp"
#include "tests/support/exact_oracle.hpp"
#include "traces/base/error.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>

namespace quatrain::emu {
namespace {

using tests::bits_of;
using traces::Phase;
using Floats = std::vector<float>;

constexpr std::uint32_t seed = 11, step = 5, id = 2;

Floats normal_values(std::size_t count, unsigned random_seed) {
  const Tensor tensor = tests::normal_tensor(1, {static_cast<std::int64_t>(count), 1, 1}, random_seed);
  return {tensor.values().begin(), tensor.values().end()};
}

Floats weight_values(const Floats& source) {
  base::ThreadPool pool(2);
  Floats values(source.size());
  quantize_paper_weight(source, values, pool);
  return values;
}

Floats input_values(const Floats& source, bool is_signed) {
  base::ThreadPool pool(2);
  Floats values(source.size());
  quantize_paper_input(source, is_signed, values, pool);
  return values;
}

Floats gradient_values(const Floats& source, std::uint32_t sample, unsigned threads = 1,
                       SimdPath path = SimdPath::portable) {
  base::ThreadPool pool(threads);
  Floats values(source.size());
  quantize_paper_gradient(source, {seed, Stream::paper_code, step, id, sample}, path, values, pool);
  return values;
}

/// docs/training-step.md section 7, with powers of two by ilogb and draws of the exact oracle.
Floats gradient_by_the_text(const Floats& source, std::uint32_t sample) {
  float largest = source[0];
  for (const float x : source) largest = std::max(largest, x);
  const float a = largest / 128;
  Floats values;
  for (std::size_t i = 0; i < source.size(); ++i) {
    const auto uniform = [&](std::size_t draw) {
      const std::uint32_t word = tests::exact::draw({seed, step, id, sample}, 2 * i + draw, 32, 5);
      return static_cast<float>(std::ldexp(static_cast<double>(word / 256), -24));
    };
    float t = std::fabs(source[i]);
    if (t < a) t = uniform(0) * a < t ? a : 0.0F;
    if (t == 0) {
      values.push_back(0);
      continue;
    }
    const float g = t / a, p = std::ldexp(1.0F, std::ilogb(g));
    const float noise = (uniform(1) - 0.5F) * p, noisy = g + noise;
    const float lifted = (4.0F / 3.0F) * noisy;
    const float r = std::max(p, std::ldexp(1.0F, std::ilogb(lifted)));
    values.push_back((source[i] < 0 ? -r : r) * a);
  }
  return values;
}

TEST(PaperCode, ExampleOfTheText) {
  const float clip = 12.1F * std::sqrt(7.5F) - 12.2F * 2.5F, s = 2 * clip / 16;
  EXPECT_NEAR(clip, 2.6372, 1e-4);
  EXPECT_EQ(weight_values({1, -2, 3, -4}), (Floats{3 * s, -6 * s, 8 * s, -8 * s}));
}

TEST(PaperCode, WeightsHave17LevelsAndInputs16Or24) {
  const auto levels_of = [](const Floats& values) { return std::set<float>(values.begin(), values.end()); };
  Floats source = normal_values(20'000, 3);
  const std::set<float> weights = levels_of(weight_values(source));
  EXPECT_EQ(weights.size(), 17U);
  EXPECT_EQ(-*weights.begin(), *weights.rbegin());
  const std::set<float> of_signed = levels_of(input_values(source, true));
  EXPECT_LE(of_signed.size(), 24U);
  EXPECT_LT(-*of_signed.begin(), *of_signed.rbegin()) << "the range is lopsided: -8 to 15";
  EXPECT_NEAR(-*of_signed.begin() / *of_signed.rbegin(), 8.0 / 15, 1e-6);
  for (float& x : source) x = std::fabs(x);
  const std::set<float> of_unsigned = levels_of(input_values(source, false));
  EXPECT_EQ(*of_unsigned.begin(), 0);
  EXPECT_LE(of_unsigned.size(), 16U);
}

TEST(PaperCode, GradientsAreWhatTheTextSaysForAnyThreadsAndPath) {
  Floats source = normal_values(70'001, 4);
  for (std::size_t i = 0; i < source.size(); ++i)
    source[i] = std::copysign(std::exp(3 * source[i]), i % 3 == 0 ? -1.0F : 1.0F);
  source[17] = 0, source[18] = -0.0F;
  for (const std::uint32_t sample : {0U, 3U}) {
    const Floats expected = gradient_by_the_text(source, sample);
    for (const SimdPath path : supported_paths())
      for (const unsigned threads : {1U, 3U})
        EXPECT_EQ(bits_of(gradient_values(source, sample, threads, path)), bits_of(expected));
  }
}

TEST(PaperCode, GradientsAreUnbiasedOverSamples) {
  const Floats source = {128, 1.1F, -1.9F, 0.3F, -0.75F, 100, 63.9F, -5, 4, 0};  // alpha is 1
  constexpr unsigned samples = 4096;
  std::vector<double> sums(source.size()), squares(source.size());
  for (std::uint32_t sample = 0; sample < samples; ++sample) {
    const Floats values = gradient_values(source, sample);
    for (std::size_t i = 0; i < values.size(); ++i) {
      sums[i] += values[i];
      squares[i] += static_cast<double>(values[i]) * values[i];
    }
  }
  for (std::size_t i = 0; i < source.size(); ++i) {
    const double mean = sums[i] / samples, variance = squares[i] / samples - mean * mean;
    EXPECT_LE(std::fabs(mean - source[i]), 4 * std::sqrt(std::max(0.0, variance) / samples) + 1e-4)
        << source[i];
  }
  EXPECT_EQ(sums[0], 128.0 * samples) << "a level is never left";
}

TEST(PaperCode, TheLargestElementCountsNotTheLargestMagnitude) {
  const Floats values = gradient_values({1, -1024}, 0);  // alpha is 1/128, so -1024 is beyond 2^7 alpha
  EXPECT_EQ(values, (Floats{1, -1024}));
  EXPECT_EQ(gradient_values({0, -1}, 0), (Floats{0, 0}));
  const auto complaint = [](const Floats& source) {
    try {
      gradient_values(source, 0);
    } catch (const base::Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  EXPECT_EQ(
      complaint({-1, -2}),
      "layer 2, step 5: the largest element of the gradient is -1; expected 0 or more for 'paper_code'");
  EXPECT_EQ(complaint({1, std::nanf("")}),
            "layer 2, step 5: an element of the gradient is NaN; expected finite numbers");
  EXPECT_EQ(complaint({1, -INFINITY}),
            "layer 2, step 5: an element of the gradient is infinite; expected finite numbers");
}

Floats copy(std::span<const float> values) { return {values.begin(), values.end()}; }

/// conv2 of the tiny network, from the values above and fp32 products.
TEST(PaperCode, ALayerMultipliesTheValues) {
  constexpr std::uint32_t samples = 3;
  LayerConfig layer = tests::tiny_config().layers[2];
  layer.quantize = {
      .forward = ForwardRule::paper_code, .gradient = GradientRule::paper_code, .samples = samples};
  tests::LayerRun<QuantizedLayer> run(layer, id, 4, SimdPath::portable);
  base::ThreadPool pool(2);
  StepContext context{.pool = pool, .seed = seed, .step = step};
  const Floats weight = copy(run.parameters()[0]->value);
  ASSERT_EQ(run.states().size(), 1U);
  EXPECT_EQ(run.states()[0]->name, "conv2.signed");
  const auto product = [&](Phase phase, const Floats& left, const Floats& right) {
    const traces::Gemm gemm{phase, with_batch(layer.geometry, 3)};
    Floats result(static_cast<std::size_t>(traces::result_elements(phase, gemm.geometry)));
    tests::multiply_fp32_reference(gemm, left, right, result);
    return result;
  };
  bool was_signed = false;
  for (const bool has_negatives : {false, true, false}) {
    Tensor x = tests::normal_tensor(3, layer.input, 8);
    if (!has_negatives)
      for (float& element : x.values()) element = std::fabs(element);
    was_signed = was_signed || has_negatives;
    const Floats input = input_values(copy(x.values()), was_signed);
    EXPECT_EQ(copy(run.forward(x, context).values()), product(Phase::forward, input, weight_values(weight)));
    EXPECT_EQ(run.states()[0]->value, Floats{was_signed ? 1.0F : 0.0F});

    const Tensor dz = tests::normal_tensor(3, layer.output, 9);
    Tensor mean = dz;
    std::ranges::copy(gradient_values(copy(dz.values()), 0), mean.values().begin());
    for (std::uint32_t sample = 1; sample < samples; ++sample) {
      const Floats one = gradient_values(copy(dz.values()), sample);
      for (std::size_t i = 0; i < one.size(); ++i) mean.values()[i] = mean.values()[i] + one[i];
    }
    for (float& element : mean.values()) element = element / static_cast<float>(samples);
    EXPECT_EQ(copy(run.backward(dz, true, context).values()),
              product(Phase::backward_data, copy(mean.values()), weight_values(weight)));
    EXPECT_EQ(copy(run.parameters()[0]->gradient),
              product(Phase::backward_weight, input, copy(mean.values())));
    Floats sums(static_cast<std::size_t>(layer.output.channels));
    sum_channels(mean, sums, pool);
    EXPECT_EQ(copy(run.parameters()[1]->gradient), sums);
  }
}

}  // namespace
}  // namespace quatrain::emu
