#pragma once
/// The mean of each plane [height, width] (docs/training-step.md section 7).

#include "emu/nn/layer.hpp"

namespace quatrain::emu {

class GlobalAveragePool final : public Layer {
 public:
  void forward(const Inputs& inputs, Tensor& output, StepContext& context) override;
  void backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) override;

 private:
  Extent input_extent_;  ///< of the last forward
};

}  // namespace quatrain::emu
