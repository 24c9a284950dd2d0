#include "emu/nn/layers/batch_norm.hpp"

#include "tests/emu/nn/layers/layer_check.hpp"

namespace quatrain::emu {
namespace {

using tests::bits_of;
using tests::Doubles;
using tests::tensor_of;
using Bits = std::vector<std::uint32_t>;

LayerConfig config_of(const Extent& extent, double momentum = 0.1) {
  LayerConfig config;
  config.kind = LayerWord::batch_norm;
  config.name = "bn";
  config.momentum = momentum;
  config.input = config.output = extent;
  return config;
}

TEST(BatchNorm, ExampleOfTheText) {  // docs/training-step.md section 7
  base::ThreadPool pool(1);
  StepContext context{.pool = pool};
  for (const SimdPath path : supported_paths()) {
    tests::LayerRun<BatchNorm> layer(config_of({1, 1, 2}), path);
    layer.parameters()[0]->value = {2};
    layer.parameters()[1]->value = {0.5F};
    const Tensor x = tensor_of(2, {1, 1, 2}, {1, 2, 4, 9}), dy = tensor_of(2, {1, 1, 2}, {1, 0, -1, 2});
    context.pass = traces::Pass::train;
    EXPECT_EQ(bits_of(layer.forward(x, context).values()),
              (Bits{0xbfb92c07, 0xbf4c3ab4, 0x3f000000, 0x406fa4b0}));
    EXPECT_EQ(bits_of(layer.states()[0]->value), Bits{0x3ecccccd});
    EXPECT_EQ(bits_of(layer.states()[1]->value), Bits{0x400aaaab});
    EXPECT_EQ(bits_of(layer.backward(dy, true, context).values()),
              (Bits{0x3f2edb81, 0xbdaedba9, 0xbf792c07, 0x3ec057f7}));
    EXPECT_EQ(bits_of(layer.parameters()[0]->gradient), Bits{0x401159ae});
    EXPECT_EQ(bits_of(layer.parameters()[1]->gradient), Bits{0x40000000});
    context.pass = traces::Pass::evaluation;
    EXPECT_EQ(bits_of(layer.forward(x, context).values()),
              (Bits{0x3fa859b5, 0x402b2247, 0x40ac868f, 0x4142f60f}));
    EXPECT_EQ(bits_of(layer.states()[0]->value), Bits{0x3ecccccd}) << "an evaluation changes no state";
    EXPECT_EQ(bits_of(layer.states()[1]->value), Bits{0x400aaaab});
  }
}

TEST(BatchNorm, BeginsAsTheTextSays) {
  tests::LayerRun<BatchNorm> layer(config_of({3, 2, 2}), SimdPath::portable);
  EXPECT_EQ(layer.parameters()[0]->name, "bn.weight");
  EXPECT_EQ(layer.parameters()[0]->value, std::vector<float>(3, 1));
  EXPECT_EQ(layer.parameters()[1]->name, "bn.bias");
  EXPECT_EQ(layer.parameters()[1]->value, std::vector<float>(3, 0));
  EXPECT_EQ(layer.states()[0]->name, "bn.running_mean");
  EXPECT_EQ(layer.states()[0]->value, std::vector<float>(3, 0));
  EXPECT_EQ(layer.states()[1]->name, "bn.running_variance");
  EXPECT_EQ(layer.states()[1]->value, std::vector<float>(3, 1));
}

TEST(BatchNorm, OneElementHasNoVariance) {
  base::ThreadPool pool(1);
  StepContext context{.pool = pool};
  tests::LayerRun<BatchNorm> layer(config_of({2, 1, 1}, 0.5), SimdPath::portable);
  const Tensor x = tensor_of(1, {2, 1, 1}, {3, -4});
  EXPECT_EQ(bits_of(layer.forward(x, context).values()), (Bits{0, 0}));
  EXPECT_EQ(layer.states()[0]->value, (std::vector<float>{1.5F, -2}));
  EXPECT_EQ(layer.states()[1]->value, (std::vector<float>{0.5F, 0.5F}));
}

/// y, by fp64, as a function of x, weight and bias in a row.
Doubles normalized(const Doubles& all, std::size_t batch, std::size_t channels, std::size_t plane) {
  const std::size_t size = batch * channels * plane;
  Doubles y(size);
  for (std::size_t c = 0; c < channels; ++c) {
    const auto at = [&](std::size_t i) { return (i / plane * channels + c) * plane + i % plane; };
    const auto n = static_cast<double>(batch * plane);
    double mean = 0, variance = 0;
    for (std::size_t i = 0; i < batch * plane; ++i) mean += all[at(i)] / n;
    for (std::size_t i = 0; i < batch * plane; ++i) variance += std::pow(all[at(i)] - mean, 2) / n;
    for (std::size_t i = 0; i < batch * plane; ++i)
      y[at(i)] = all[size + c] * (all[at(i)] - mean) / std::sqrt(variance + 1e-5) + all[size + channels + c];
  }
  return y;
}

TEST(BatchNorm, BackwardIsTheSlopeOfForward) {
  constexpr std::size_t batch = 3, channels = 2, plane = 6;
  base::ThreadPool pool(2);
  StepContext context{.pool = pool};
  tests::LayerRun<BatchNorm> layer(config_of({2, 2, 3}), SimdPath::portable);
  layer.parameters()[0]->value = {1.5F, -0.75F};
  layer.parameters()[1]->value = {0.25F, 2};
  const Tensor x = tests::normal_tensor(3, {2, 2, 3}, 1), dy = tests::normal_tensor(3, {2, 2, 3}, 2);
  Doubles all = tests::doubles_of(x.values());
  for (const Parameter* parameter : layer.parameters())
    all.insert(all.end(), parameter->value.begin(), parameter->value.end());
  const auto forward = [](const Doubles& values) { return normalized(values, batch, channels, plane); };
  tests::expect_near(layer.forward(x, context).values(), forward(all), 1e-6);
  const Tensor& dx = layer.backward(dy, true, context);
  std::vector<float> found(dx.values().begin(), dx.values().end());
  for (const Parameter* parameter : layer.parameters())
    found.insert(found.end(), parameter->gradient.begin(), parameter->gradient.end());
  tests::expect_near(found, tests::central_differences(forward, all, tests::doubles_of(dy.values())), 1e-5);
}

/// The bits of max |x|.
std::int32_t largest_in(std::span<const float> values) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::fabs(value));
  return std::bit_cast<std::int32_t>(largest);
}

/// More than one chunk of a channel, planes that are no multiple of the lanes.
TEST(BatchNorm, SameBitsForAnyThreadsAndPath) {
  const Extent extent{5, 13, 11};
  const Tensor x = tests::normal_tensor(37, extent, 3), dy = tests::normal_tensor(37, extent, 4);
  std::vector<Bits> first;
  for (const SimdPath path : supported_paths())
    for (const unsigned threads : {1U, 2U, 7U}) {
      base::ThreadPool pool(threads);
      StepContext context{.pool = pool};
      tests::LayerRun<BatchNorm> layer(config_of(extent), path);
      const Tensor& y = layer.forward(x, context);
      ASSERT_TRUE(y.magnitudes());
      EXPECT_EQ(y.magnitudes()->largest, largest_in(y.values()));
      EXPECT_TRUE(y.magnitudes()->may_be_below_zero);
      std::vector<Bits> found = {bits_of(y.values())};
      const Tensor& dx = layer.backward(dy, true, context);
      ASSERT_TRUE(dx.magnitudes());
      EXPECT_EQ(dx.magnitudes()->largest, largest_in(dx.values()));
      found.push_back(bits_of(dx.values()));
      found.push_back(bits_of(layer.parameters()[0]->gradient));
      found.push_back(bits_of(layer.states()[1]->value));
      if (first.empty()) first = found;
      EXPECT_EQ(found, first) << name_of(path) << ", " << threads << " threads";
    }
}

}  // namespace
}  // namespace quatrain::emu
