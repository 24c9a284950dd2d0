#include "emu/nn/layers/average_pool.hpp"

#include <algorithm>

namespace quatrain::emu {

AveragePool::AveragePool(const LayerConfig& config)
    : input_extent_(config.input),
      output_extent_(config.output),
      windows_(config.geometry),
      count_(static_cast<float>(config.geometry.kernel_height * config.geometry.kernel_width)) {}

const Tensor& AveragePool::forward(const Inputs& inputs, StepContext& context) {
  const Tensor& input = inputs.first();
  output_.resize(input.batch(), output_extent_);
  const auto plane = static_cast<std::size_t>(input_extent_.plane());
  for_plane_numbers(input, context.pool, [&](std::size_t number) {
    const float* x = input.values().data() + number * plane;
    float* y = output_.values().data() + number * windows_.count();
    windows_.for_all([&](std::size_t window, const WindowSpan& row, const WindowSpan& column) {
      float sum = 0;
      windows_.for_elements(row, column, [&](std::size_t i) { sum = sum + x[i]; });
      y[window] = sum / count_;
    });
  });
  return output_;
}

const Tensor& AveragePool::backward(const Tensor& gradient, bool wants_input_gradient, StepContext& context) {
  if (!wants_input_gradient) return input_gradient_;
  input_gradient_.resize(gradient.batch(), input_extent_);
  const auto plane = static_cast<std::size_t>(input_extent_.plane());
  for_plane_numbers(input_gradient_, context.pool, [&](std::size_t number) {
    float* dx = input_gradient_.values().data() + number * plane;
    const float* dy = gradient.values().data() + number * windows_.count();
    std::fill_n(dx, plane, 0.0F);
    windows_.for_all([&](std::size_t window, const WindowSpan& row, const WindowSpan& column) {
      const float share = dy[window] / count_;
      windows_.for_elements(row, column, [&](std::size_t i) { dx[i] = dx[i] + share; });
    });
  });
  return input_gradient_;
}

}  // namespace quatrain::emu
