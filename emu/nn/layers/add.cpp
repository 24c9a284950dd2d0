#include "emu/nn/layers/add.hpp"

namespace quatrain::emu {

const Tensor& Add::forward(const Inputs& inputs, StepContext& context) {
  output_.resize(inputs.first().batch(), inputs.first().extent());
  for_pieces(context.pool, output_.size(), elementwise_piece, [&](std::size_t begin, std::size_t end) {
    const float* sum = inputs.first().values().data();
    float* y = output_.values().data();
    for (std::size_t next = 1; next < inputs.size(); ++next) {
      const float* x = inputs[next].values().data();
      for (std::size_t i = begin; i < end; ++i) y[i] = sum[i] + x[i];
      sum = y;
    }
  });
  return output_;
}

const Tensor& Add::backward(const Tensor& gradient, bool, StepContext&) { return gradient; }

}  // namespace quatrain::emu
