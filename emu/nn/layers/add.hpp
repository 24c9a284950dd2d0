#pragma once
/// The sum of two or more inputs of one size, in their order: a residual network's joints.

#include "emu/nn/layer.hpp"

namespace quatrain::emu {

class Add final : public Layer {
 public:
  const Tensor& forward(const Inputs& inputs, StepContext& context) override;
  /// Hands the gradient on as it is.
  const Tensor& backward(const Tensor& gradient, bool wants_input_gradient, StepContext& context) override;

 private:
  Tensor output_;
};

}  // namespace quatrain::emu
