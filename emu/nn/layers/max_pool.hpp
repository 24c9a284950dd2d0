#pragma once
/// The largest element of each window; the gradient goes to where it stood (docs/training-step.md section 7).

#include "emu/nn/layer.hpp"
#include "emu/nn/layers/windows.hpp"
#include "emu/nn/training_config.hpp"

namespace quatrain::emu {

class MaxPool final : public Layer {
 public:
  explicit MaxPool(const LayerConfig& config);
  void forward(const Inputs& inputs, Tensor& output, StepContext& context) override;
  void backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) override;

 private:
  Extent input_extent_, output_extent_;
  PlaneWindows windows_;
  std::vector<std::uint32_t> places_;  ///< of the last forward's outputs, in their planes of the input
};

}  // namespace quatrain::emu
