#include "emu/nn/layers/average_pool.hpp"

#include <algorithm>

namespace quatrain::emu {

AveragePool::AveragePool(const LayerConfig& config)
    : input_extent_(config.input),
      output_extent_(config.output),
      windows_(config.geometry),
      count_(static_cast<float>(config.geometry.kernel_height * config.geometry.kernel_width)) {}

void AveragePool::forward(const Inputs& inputs, Tensor& output, StepContext& context) {
  const Tensor& input = inputs.first();
  output.resize(input.batch(), output_extent_);
  const auto plane = static_cast<std::size_t>(input_extent_.plane());
  for_plane_numbers(input, context.pool, [&](std::size_t number) {
    const float* x = input.values().data() + number * plane;
    float* y = output.values().data() + number * windows_.count();
    windows_.for_all([&](std::size_t window, const WindowSpan& row, const WindowSpan& column) {
      float sum = 0;
      windows_.for_elements(row, column, [&](std::size_t i) { sum = sum + x[i]; });
      y[window] = sum / count_;
    });
  });
}

void AveragePool::backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) {
  if (input_gradient == nullptr) return;
  input_gradient->resize(gradient.batch(), input_extent_);
  const auto plane = static_cast<std::size_t>(input_extent_.plane());
  for_plane_numbers(*input_gradient, context.pool, [&](std::size_t number) {
    float* dx = input_gradient->values().data() + number * plane;
    const float* dy = gradient.values().data() + number * windows_.count();
    std::fill_n(dx, plane, 0.0F);
    windows_.for_all([&](std::size_t window, const WindowSpan& row, const WindowSpan& column) {
      const float share = dy[window] / count_;
      windows_.for_elements(row, column, [&](std::size_t i) { dx[i] = dx[i] + share; });
    });
  });
}

}  // namespace quatrain::emu
