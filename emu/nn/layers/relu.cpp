#include "emu/nn/layers/relu.hpp"

namespace quatrain::emu {

void Relu::forward(const Inputs& inputs, Tensor& output, StepContext& context) {
  const Tensor& input = inputs.first();
  output_ = &output;
  output.resize(input.batch(), input.extent());
  for_pieces(context.pool, input.size(), elementwise_piece, [&](std::size_t begin, std::size_t end) {
    const float* x = input.values().data();
    float* y = output.values().data();
    on_path(
        context.path, [=]() __attribute__((always_inline)) {
          for (std::size_t i = begin; i < end; ++i) y[i] = x[i] <= 0 ? 0.0F : x[i];
        });
  });
}

void Relu::backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) {
  if (input_gradient == nullptr) return;
  input_gradient->resize(gradient.batch(), gradient.extent());
  for_pieces(context.pool, gradient.size(), elementwise_piece, [&](std::size_t begin, std::size_t end) {
    const float* dy = gradient.values().data();
    const float* y = output_->values().data();
    float* dx = input_gradient->values().data();
    on_path(
        context.path, [=]() __attribute__((always_inline)) {
#pragma GCC ivdep
          for (std::size_t i = begin; i < end; ++i) {
            const float passed =
                dy[i];  // read in any case: else the compiler keeps a branch, half of them guessed wrong
            dx[i] = y[i] > 0 ? passed : 0.0F;
          }
        });
  });
}

}  // namespace quatrain::emu
