#pragma once
/// The mean of each window, in which elements outside of the plane count as zeros (docs/training-step.md
/// section 7).

#include "emu/nn/layer.hpp"
#include "emu/nn/layers/windows.hpp"
#include "emu/nn/training_config.hpp"

namespace quatrain::emu {

class AveragePool final : public Layer {
 public:
  explicit AveragePool(const LayerConfig& config);
  void forward(const Inputs& inputs, Tensor& output, StepContext& context) override;
  void backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) override;

 private:
  Extent input_extent_, output_extent_;
  PlaneWindows windows_;
  float count_;  ///< elements of a whole window
};

}  // namespace quatrain::emu
