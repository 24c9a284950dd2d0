#pragma once
/// ReLU: y = x for x > 0 or NaN, else +0; backward dx = dy where y > 0, else +0.

#include "emu/nn/layer.hpp"

namespace quatrain::emu {

class Relu final : public Layer {
 public:
  const Tensor& forward(const Inputs& inputs, StepContext& context) override;
  const Tensor& backward(const Tensor& gradient, bool wants_input_gradient, StepContext& context) override;

 private:
  Tensor output_, input_gradient_;
};

}  // namespace quatrain::emu
