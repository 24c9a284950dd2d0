#include "emu/nn/layers/relu.hpp"

namespace quatrain::emu {

const Tensor& Relu::forward(const Inputs& inputs, StepContext& context) {
  const Tensor& input = inputs.first();
  output_.resize(input.batch(), input.extent());
  for_pieces(context.pool, input.size(), elementwise_piece, [&](std::size_t begin, std::size_t end) {
    const float* x = input.values().data();
    float* y = output_.values().data();
    for (std::size_t i = begin; i < end; ++i) y[i] = x[i] <= 0 ? 0.0F : x[i];
  });
  return output_;
}

const Tensor& Relu::backward(const Tensor& gradient, bool wants_input_gradient, StepContext& context) {
  if (!wants_input_gradient) return input_gradient_;
  input_gradient_.resize(gradient.batch(), gradient.extent());
  for_pieces(context.pool, gradient.size(), elementwise_piece, [&](std::size_t begin, std::size_t end) {
    const float* dy = gradient.values().data();
    const float* y = output_.values().data();
    float* dx = input_gradient_.values().data();
    for (std::size_t i = begin; i < end; ++i) {
      const float passed =
          dy[i];  // read in any case: else the compiler keeps a branch, half of them guessed wrong
      dx[i] = y[i] > 0 ? passed : 0.0F;
    }
  });
  return input_gradient_;
}

}  // namespace quatrain::emu
