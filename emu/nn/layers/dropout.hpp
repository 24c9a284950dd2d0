#pragma once
/// Dropout: a training pass makes some elements zero, drawn from stream 4, and enlarges the others so that
/// the expectation stays; an evaluation changes nothing (docs/training-step.md section 7).

#include "emu/nn/layer.hpp"
#include "emu/nn/training_config.hpp"
#include "emu/simd/dispatch.hpp"

namespace quatrain::emu {

class Dropout final : public Layer {
 public:
  Dropout(const LayerConfig& config, std::uint32_t id, SimdPath path);
  void forward(const Inputs& inputs, Tensor& output, StepContext& context) override;
  void backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) override;

 private:
  std::uint32_t id_;
  SimdPath path_;
  std::uint32_t threshold_;          ///< a draw below it makes a zero
  float factor_;                     ///< of the others
  std::vector<std::uint8_t> stays_;  ///< of the last training pass: 0 where an element became zero
};

}  // namespace quatrain::emu
