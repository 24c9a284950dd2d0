#pragma once
/// ReLU: y = x for x > 0 or NaN, else +0; backward dx = dy where y > 0, else +0.

#include "emu/nn/layer.hpp"

namespace quatrain::emu {

class Relu final : public Layer {
 public:
  void forward(const Inputs& inputs, Tensor& output, StepContext& context) override;
  void backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) override;
  bool keeps_output() const override { return true; }
  bool writes_over_gradient() const override { return true; }

 private:
  const Tensor* output_ = nullptr;  ///< of the last forward
};

}  // namespace quatrain::emu
