#pragma once
/// conv2d or linear in fp32: the three products as fma chains over k (numerics.md section 8), then the bias.

#include "emu/nn/parametrized_layer.hpp"

namespace quatrain::emu {

class Fp32Layer final : public ParametrizedLayer {
 public:
  using ParametrizedLayer::ParametrizedLayer;
  const Tensor& forward(const Inputs& inputs, StepContext& context) override;
  const Tensor& backward(const Tensor& gradient, bool wants_input_gradient, StepContext& context) override;
};

}  // namespace quatrain::emu
