#include "emu/nn/fp32_layer.hpp"

#include "emu/gemm/fp32.hpp"

namespace quatrain::emu {

using traces::Phase;

void Fp32Layer::forward(const Inputs& inputs, Tensor& output, StepContext& context) {
  const Tensor& input = inputs.first();
  input_ = &input;
  output.resize(input.batch(), config_.output);
  multiply_fp32(gemm(Phase::forward, input.batch()), input.values(), weight_.value, output.values(), path_,
                context.pool, context.workspace);
  add_bias_to_all(output, context.pool);
}

void Fp32Layer::backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) {
  const std::int64_t batch = gradient.batch();
  sum_bias_gradient(gradient, context.pool);
  multiply_fp32(gemm(Phase::backward_weight, batch), input_->values(), gradient.values(), weight_.gradient,
                path_, context.pool, context.workspace);
  if (input_gradient == nullptr) return;
  input_gradient->resize(batch, config_.input);
  multiply_fp32(gemm(Phase::backward_data, batch), gradient.values(), weight_.value, input_gradient->values(),
                path_, context.pool, context.workspace);
}

}  // namespace quatrain::emu
