#pragma once
/// Helpers for tests of one layer: tensors, bit patterns, and its backward pass against central differences
/// of an fp64 forward pass that the test writes by itself.

#include "tests/emu/nn/layer_run.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

namespace quatrain::tests {

inline emu::Tensor tensor_of(std::int64_t batch, const emu::Extent& extent,
                             const std::vector<float>& values) {
  emu::Tensor tensor;
  tensor.resize(batch, extent);
  EXPECT_EQ(tensor.size(), values.size());
  std::copy(values.begin(), values.end(), tensor.values().begin());
  return tensor;
}

inline emu::Tensor normal_tensor(std::int64_t batch, const emu::Extent& extent, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  emu::Tensor tensor;
  tensor.resize(batch, extent);
  for (float& value : tensor.values()) value = normal(random);
  return tensor;
}

inline std::vector<std::uint32_t> bits_of(std::span<const float> values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

using Doubles = std::vector<double>;

inline Doubles doubles_of(std::span<const float> values) { return {values.begin(), values.end()}; }

/// The derivative of sum(dy y) by each element of `x`.
inline Doubles central_differences(const std::function<Doubles(const Doubles&)>& forward, Doubles x,
                                   const Doubles& dy) {
  constexpr double h = 1e-5;
  const auto weighted = [&] {
    const Doubles y = forward(x);
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) sum += dy[i] * y[i];
    return sum;
  };
  Doubles slopes;
  for (double& element : x) {
    const double here = element;
    element = here + h;
    const double above = weighted();
    element = here - h;
    const double below = weighted();
    element = here;
    slopes.push_back((above - below) / (2 * h));
  }
  return slopes;
}

inline void expect_near(std::span<const float> found, const Doubles& expected, double tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(static_cast<double>(found[i]), expected[i], tolerance) << "element " << i;
}

/// Forward and backward of a layer with one input, against an fp64 forward: values, and slopes by the input.
template <typename Layer>
void expect_derivative(LayerRun<Layer>& layer, const emu::Tensor& x,
                       const std::function<Doubles(const Doubles&)>& forward, double tolerance) {
  base::ThreadPool pool(2);
  emu::StepContext context{.pool = pool, .seed = 1, .step = 2};
  const emu::Tensor& y = layer.forward(x, context);
  expect_near(y.values(), forward(doubles_of(x.values())), tolerance);
  const emu::Tensor dy = normal_tensor(y.batch(), y.extent(), 99);
  const emu::Tensor& dx = layer.backward(dy, true, context);
  ASSERT_EQ(dx.extent(), x.extent());
  expect_near(dx.values(), central_differences(forward, doubles_of(x.values()), doubles_of(dy.values())),
              tolerance);
}

}  // namespace quatrain::tests
