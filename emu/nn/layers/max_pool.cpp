#include "emu/nn/layers/max_pool.hpp"

#include <algorithm>
#include <cmath>

namespace quatrain::emu {

MaxPool::MaxPool(const LayerConfig& config)
    : input_extent_(config.input), output_extent_(config.output), windows_(config.geometry) {}

void MaxPool::forward(const Inputs& inputs, Tensor& output, StepContext& context) {
  const Tensor& input = inputs.first();
  output.resize(input.batch(), output_extent_);
  places_.resize(output.size());
  const auto plane = static_cast<std::size_t>(input_extent_.plane());
  for_plane_numbers(input, context.pool, [&](std::size_t number) {
    const float* x = input.values().data() + number * plane;
    const std::size_t first = number * windows_.count();
    windows_.for_all([&](std::size_t window, const WindowSpan& row, const WindowSpan& column) {
      auto place = static_cast<std::size_t>(row.begin * windows_.width + column.begin);
      float largest = x[place];
      windows_.for_elements(row, column, [&](std::size_t i) {
        if (!(x[i] > largest) && !std::isnan(x[i])) return;
        if (std::isnan(largest)) return;  // the first NaN stays
        largest = x[i];
        place = i;
      });
      output.values()[first + window] = largest;
      places_[first + window] = static_cast<std::uint32_t>(place);
    });
  });
}

void MaxPool::backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) {
  if (input_gradient == nullptr) return;
  input_gradient->resize(gradient.batch(), input_extent_);
  const auto plane = static_cast<std::size_t>(input_extent_.plane());
  for_plane_numbers(*input_gradient, context.pool, [&](std::size_t number) {
    float* dx = input_gradient->values().data() + number * plane;
    std::fill_n(dx, plane, 0.0F);
    const std::size_t first = number * windows_.count();
    for (std::size_t window = 0; window < windows_.count(); ++window) {
      float& sum = dx[places_[first + window]];
      sum = sum + gradient.values()[first + window];
    }
  });
}

}  // namespace quatrain::emu
