#pragma once
/// Batch normalization of each channel (docs/training-step.md section 7). A training pass takes mean and
/// variance of the batch and moves the running ones towards them; an evaluation takes the running ones.

#include "emu/nn/layer.hpp"
#include "emu/nn/training_config.hpp"
#include "emu/simd/dispatch.hpp"

namespace quatrain::emu {

class BatchNorm final : public Layer {
 public:
  /// Weight 1, bias 0, running mean 0, running variance 1.
  BatchNorm(const LayerConfig& config, SimdPath path);
  void forward(const Inputs& inputs, Tensor& output, StepContext& context) override;
  void backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) override;
  bool keeps_input() const override { return true; }
  std::vector<Parameter*> parameters() override { return {&weight_, &bias_}; }
  std::vector<State*> states() override { return {&running_mean_, &running_variance_}; }

 private:
  void measure(std::size_t channel);
  void take_running(std::size_t channel);
  void normalize(std::size_t channel, Tensor& output) const;
  void sum_gradients(std::size_t channel, const Tensor& gradient);
  void differentiate(std::size_t channel, const Tensor& gradient, Tensor& input_gradient) const;

  SimdPath path_;
  float epsilon_, momentum_;
  Parameter weight_, bias_;
  State running_mean_, running_variance_;
  const Tensor* input_ = nullptr;      ///< of the last forward
  std::vector<float> mean_, inverse_;  ///< by channel: of the last forward; 1 / standard deviation
};

}  // namespace quatrain::emu
