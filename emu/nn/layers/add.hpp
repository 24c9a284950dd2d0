#pragma once
/// The sum of two or more inputs of one size, in their order: a residual network's joints.

#include "emu/nn/layer.hpp"

namespace quatrain::emu {

class Add final : public Layer {
 public:
  void forward(const Inputs& inputs, Tensor& output, StepContext& context) override;
  bool hands_gradient_on() const override { return true; }
  void backward(const Tensor&, Tensor*, StepContext&) override {}
};

}  // namespace quatrain::emu
