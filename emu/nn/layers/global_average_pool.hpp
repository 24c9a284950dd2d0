#pragma once
/// The mean of each plane [height, width] (docs/training-step.md section 7).

#include "emu/nn/layer.hpp"

namespace quatrain::emu {

class GlobalAveragePool final : public Layer {
 public:
  const Tensor& forward(const Inputs& inputs, StepContext& context) override;
  const Tensor& backward(const Tensor& gradient, bool wants_input_gradient, StepContext& context) override;

 private:
  Extent input_extent_;  ///< of the last forward
  Tensor output_, input_gradient_;
};

}  // namespace quatrain::emu
