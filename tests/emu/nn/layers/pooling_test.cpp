#include "emu/nn/layers/average_pool.hpp"
#include "emu/nn/layers/global_average_pool.hpp"
#include "emu/nn/layers/max_pool.hpp"
#include "tests/emu/nn/layers/layer_check.hpp"

#include <limits>

namespace quatrain::emu {
namespace {

using tests::bits_of;
using tests::Doubles;
using tests::tensor_of;
using Floats = std::vector<float>;

struct Window {
  std::int64_t kernel_height = 2, kernel_width = 2, stride_height = 1, stride_width = 1, padding_height = 0,
               padding_width = 0;
};

LayerConfig pooling(const Extent& input, const Window& w) {
  LayerConfig config;
  config.input = input;
  config.geometry = {
      .in_channels = input.channels,
      .height = input.height,
      .width = input.width,
      .out_channels = input.channels,
      .out_height = traces::output_size(input.height, w.kernel_height, w.stride_height, w.padding_height),
      .out_width = traces::output_size(input.width, w.kernel_width, w.stride_width, w.padding_width),
      .kernel_height = w.kernel_height,
      .kernel_width = w.kernel_width,
      .stride_height = w.stride_height,
      .stride_width = w.stride_width,
      .padding_height = w.padding_height,
      .padding_width = w.padding_width,
      .groups = input.channels};
  config.output = {input.channels, config.geometry.out_height, config.geometry.out_width};
  return config;
}

Floats values_of(const Tensor& tensor) { return {tensor.values().begin(), tensor.values().end()}; }

class Pooling : public testing::Test {
 protected:
  base::ThreadPool pool_{1};
  StepContext context_{.pool = pool_};
  Tensor plane_ = tensor_of(1, {1, 3, 3}, {1, 5, 5, -2, 0, 3, 4, 4, -1});
  Tensor gradient_ = tensor_of(1, {1, 2, 2}, {1, 2, 4, 8});
  Tensor row_ = tensor_of(1, {1, 1, 2}, {3, 1});
  Window row_window_{.kernel_height = 1, .stride_height = 2, .stride_width = 2, .padding_width = 1};
};

// docs/training-step.md section 7
TEST_F(Pooling, MaximumExamplesOfTheText) {
  tests::LayerRun<MaxPool> layer(pooling({1, 3, 3}, {}));
  EXPECT_EQ(values_of(layer.forward(plane_, context_)), (Floats{5, 5, 4, 4}));
  EXPECT_EQ(values_of(layer.backward(gradient_, true, context_)), (Floats{0, 3, 0, 0, 0, 0, 4, 8, 0}));
  tests::LayerRun<MaxPool> of_row(pooling({1, 1, 2}, row_window_));
  EXPECT_EQ(values_of(of_row.forward(row_, context_)), (Floats{3, 1}));
}

TEST_F(Pooling, AverageExamplesOfTheText) {
  tests::LayerRun<AveragePool> layer(pooling({1, 3, 3}, {}));
  EXPECT_EQ(values_of(layer.forward(plane_, context_)), (Floats{1, 3.25F, 1.5F, 1.5F}));
  EXPECT_EQ(values_of(layer.backward(gradient_, true, context_)),
            (Floats{0.25F, 0.75F, 0.5F, 1.25F, 3.75F, 2.5F, 1, 3, 2}));
  tests::LayerRun<AveragePool> of_row(pooling({1, 1, 2}, row_window_));
  EXPECT_EQ(values_of(of_row.forward(row_, context_)), (Floats{1.5F, 0.5F}));
}

TEST_F(Pooling, GlobalAverageExampleOfTheText) {
  tests::LayerRun<GlobalAveragePool> layer;
  EXPECT_EQ(bits_of(layer.forward(plane_, context_).values()), std::vector<std::uint32_t>{0x40071c72});
  EXPECT_EQ(values_of(layer.backward(tensor_of(1, {1, 1, 1}, {18}), true, context_)), Floats(9, 2));
}

TEST_F(Pooling, MaximumLetsNaNThroughSoThatTheLossShowsIt) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  for (const Floats& window : {Floats{nan, 1, 2, 3}, Floats{1, 2, nan, 3}, Floats{1, 2, 3, nan}}) {
    tests::LayerRun<MaxPool> layer(pooling({1, 2, 2}, {}));
    EXPECT_TRUE(std::isnan(layer.forward(tensor_of(1, {1, 2, 2}, window), context_).values()[0]));
  }
}

TEST_F(Pooling, MaximumOfNegativesIsNotThePadding) {
  tests::LayerRun<MaxPool> layer(
      pooling({1, 2, 2}, {.kernel_height = 3, .kernel_width = 3, .padding_height = 1, .padding_width = 1}));
  EXPECT_EQ(values_of(layer.forward(tensor_of(1, {1, 2, 2}, {-4, -3, -2, -1}), context_)), Floats(4, -1));
}

/// body(output index, input index) for what lies inside each window.
template <typename Body>
void for_windows(const LayerConfig& config, std::size_t planes, const Body& body) {
  const traces::Geometry& g = config.geometry;
  for (std::int64_t p = 0; p < static_cast<std::int64_t>(planes); ++p)
    for (std::int64_t y = 0; y < g.out_height; ++y)
      for (std::int64_t x = 0; x < g.out_width; ++x)
        for (std::int64_t i = 0; i < g.kernel_height; ++i)
          for (std::int64_t j = 0; j < g.kernel_width; ++j) {
            const std::int64_t row = y * g.stride_height + i - g.padding_height;
            const std::int64_t column = x * g.stride_width + j - g.padding_width;
            if (row >= 0 && row < g.height && column >= 0 && column < g.width)
              body(static_cast<std::size_t>((p * g.out_height + y) * g.out_width + x),
                   static_cast<std::size_t>((p * g.height + row) * g.width + column));
          }
}

class PoolingWindows : public testing::TestWithParam<Window> {
 protected:
  static constexpr std::size_t planes = 6;
  Tensor x_ = tests::normal_tensor(3, {2, 7, 5}, 5);
  LayerConfig config_ = pooling({2, 7, 5}, GetParam());
  std::size_t outputs_ = 3 * static_cast<std::size_t>(config_.output.elements());
};

TEST_P(PoolingWindows, BackwardOfTheMaximumIsTheSlopeOfForward) {
  tests::LayerRun<MaxPool> layer(config_);
  tests::expect_derivative(
      layer, x_,
      [&](const Doubles& x) {
        Doubles y(outputs_, -1e9);
        for_windows(config_, planes, [&](std::size_t o, std::size_t i) { y[o] = std::max(y[o], x[i]); });
        return y;
      },
      1e-5);
}

TEST_P(PoolingWindows, BackwardOfTheAverageIsTheSlopeOfForward) {
  tests::LayerRun<AveragePool> layer(config_);
  const auto count = static_cast<double>(GetParam().kernel_height * GetParam().kernel_width);
  tests::expect_derivative(
      layer, x_,
      [&](const Doubles& x) {
        Doubles y(outputs_);
        for_windows(config_, planes, [&](std::size_t o, std::size_t i) { y[o] += x[i] / count; });
        return y;
      },
      1e-5);
}

INSTANTIATE_TEST_SUITE_P(All, PoolingWindows,
                         testing::Values(Window{}, Window{3, 3, 2, 2, 1, 1}, Window{3, 2, 1, 3, 2, 0},
                                         Window{2, 4, 3, 1, 0, 3}, Window{7, 5, 1, 1, 0, 0},
                                         Window{1, 1, 2, 2, 0, 0}));

TEST_F(Pooling, BackwardOfTheGlobalAverageIsTheSlopeOfForward) {
  tests::LayerRun<GlobalAveragePool> layer;
  const Tensor x = tests::normal_tensor(3, {2, 7, 5}, 6);
  tests::expect_derivative(
      layer, x,
      [](const Doubles& values) {
        Doubles y(6);
        for (std::size_t i = 0; i < values.size(); ++i) y[i / 35] += values[i] / 35;
        return y;
      },
      1e-5);
}

}  // namespace
}  // namespace quatrain::emu
