#include "emu/nn/fp32_layer.hpp"

#include "emu/gemm/fp32.hpp"

namespace quatrain::emu {

using traces::Phase;

const Tensor& Fp32Layer::forward(const Inputs& inputs, StepContext& context) {
  const Tensor& input = inputs.first();
  input_ = &input;
  output_.resize(input.batch(), config_.output);
  multiply_fp32(gemm(Phase::forward, input.batch()), input.values(), weight_.value, output_.values(), path_,
                context.pool, context.workspace);
  add_bias_to_all(output_, context.pool);
  return output_;
}

const Tensor& Fp32Layer::backward(const Tensor& gradient, bool wants_input_gradient, StepContext& context) {
  const std::int64_t batch = gradient.batch();
  sum_bias_gradient(gradient, context.pool);
  multiply_fp32(gemm(Phase::backward_weight, batch), input_->values(), gradient.values(), weight_.gradient,
                path_, context.pool, context.workspace);
  if (!wants_input_gradient) return input_gradient_;
  input_gradient_.resize(batch, config_.input);
  multiply_fp32(gemm(Phase::backward_data, batch), gradient.values(), weight_.value, input_gradient_.values(),
                path_, context.pool, context.workspace);
  return input_gradient_;
}

}  // namespace quatrain::emu
