#include "emu/nn/layers/global_average_pool.hpp"

#include "emu/nn/layers/windows.hpp"
#include "emu/nn/loss.hpp"

#include <algorithm>

namespace quatrain::emu {

void GlobalAveragePool::forward(const Inputs& inputs, Tensor& output, StepContext& context) {
  const Tensor& input = inputs.first();
  input_extent_ = input.extent();
  output.resize(input.batch(), {input_extent_.channels, 1, 1});
  const auto plane = static_cast<std::size_t>(input_extent_.plane());
  for_plane_numbers(input, context.pool, [&](std::size_t number) {
    output.values()[number] = mean(input.values().subspan(number * plane, plane));
  });
}

void GlobalAveragePool::backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) {
  if (input_gradient == nullptr) return;
  input_gradient->resize(gradient.batch(), input_extent_);
  const auto plane = static_cast<std::size_t>(input_extent_.plane());
  for_plane_numbers(*input_gradient, context.pool, [&](std::size_t number) {
    const float share = gradient.values()[number] / static_cast<float>(plane);
    std::fill_n(input_gradient->values().data() + number * plane, plane, share);
  });
}

}  // namespace quatrain::emu
