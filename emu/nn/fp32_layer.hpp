#pragma once
/// conv2d or linear in fp32: the three products as fma chains over k (numerics.md section 8), then the bias.

#include "emu/nn/parametrized_layer.hpp"

namespace quatrain::emu {

class Fp32Layer final : public ParametrizedLayer {
 public:
  using ParametrizedLayer::ParametrizedLayer;
  bool keeps_input() const override { return true; }
  void forward(const Inputs& inputs, Tensor& output, StepContext& context) override;
  void backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) override;
};

}  // namespace quatrain::emu
