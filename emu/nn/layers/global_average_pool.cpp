#include "emu/nn/layers/global_average_pool.hpp"

#include "emu/nn/layers/windows.hpp"
#include "emu/nn/loss.hpp"

#include <algorithm>

namespace quatrain::emu {

const Tensor& GlobalAveragePool::forward(const Inputs& inputs, StepContext& context) {
  const Tensor& input = inputs.first();
  input_extent_ = input.extent();
  output_.resize(input.batch(), {input_extent_.channels, 1, 1});
  const auto plane = static_cast<std::size_t>(input_extent_.plane());
  for_plane_numbers(input, context.pool, [&](std::size_t number) {
    output_.values()[number] = mean(input.values().subspan(number * plane, plane));
  });
  return output_;
}

const Tensor& GlobalAveragePool::backward(const Tensor& gradient, bool wants_input_gradient,
                                          StepContext& context) {
  if (!wants_input_gradient) return input_gradient_;
  input_gradient_.resize(gradient.batch(), input_extent_);
  const auto plane = static_cast<std::size_t>(input_extent_.plane());
  for_plane_numbers(input_gradient_, context.pool, [&](std::size_t number) {
    const float share = gradient.values()[number] / static_cast<float>(plane);
    std::fill_n(input_gradient_.values().data() + number * plane, plane, share);
  });
  return input_gradient_;
}

}  // namespace quatrain::emu
