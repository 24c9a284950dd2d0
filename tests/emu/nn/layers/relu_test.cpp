#include "emu/nn/layers/relu.hpp"

#include "tests/emu/nn/layer_run.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace quatrain::emu {
namespace {

std::vector<std::uint32_t> bits_of(const Tensor& tensor) {
  std::vector<std::uint32_t> bits;
  for (const float value : tensor.values()) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

Tensor tensor_of(const std::vector<float>& values) {
  Tensor tensor;
  tensor.resize(1, {static_cast<std::int64_t>(values.size()), 1, 1});
  std::copy(values.begin(), values.end(), tensor.values().begin());
  return tensor;
}

TEST(Relu, ExampleOfTheText) {  // docs/training-step.md section 7
  base::ThreadPool pool(1);
  StepContext context{.pool = pool};
  tests::LayerRun<Relu> relu;
  const Tensor x = tensor_of({-1, -0.0F, 0, 2}), dy = tensor_of({5, 6, 7, 8});
  EXPECT_EQ(bits_of(relu.forward(x, context)), (std::vector<std::uint32_t>{0, 0, 0, 0x40000000}));
  EXPECT_EQ(bits_of(relu.backward(dy, true, context)), (std::vector<std::uint32_t>{0, 0, 0, 0x41000000}));
}

TEST(Relu, LetsNaNThroughSoThatTheLossShowsIt) {
  base::ThreadPool pool(1);
  StepContext context{.pool = pool};
  tests::LayerRun<Relu> relu;
  const Tensor x = tensor_of({std::numeric_limits<float>::quiet_NaN()});
  EXPECT_TRUE(std::isnan(relu.forward(x, context).values()[0]));
}

}  // namespace
}  // namespace quatrain::emu
