#pragma once
/// Batch normalization of each channel (docs/training-step.md section 7). A training pass takes mean and
/// variance of the batch and moves the running ones towards them; an evaluation takes the running ones.
/// An addition and a relu behind it can run within its passes (emu/nn/fusion.hpp).

#include "emu/nn/layer.hpp"
#include "emu/nn/training_config.hpp"
#include "emu/simd/dispatch.hpp"

namespace quatrain::emu {

/// What follows the normalization: y = relu(normalized + addend).
struct NormTail {
  const Tensor* addend = nullptr;  ///< null: nothing is added
  bool rectifies = false;
};

/// The gradient by the output of a tail, and what a relu in it lets pass.
struct NormTailGradient {
  const Tensor& first;
  const Tensor* second = nullptr;  ///< only with `output`: it is added to the first
  bool masks_by_input = false;     ///< a relu follows the normalization at once
  const Tensor* output = nullptr;  ///< of the tail: a relu follows an addition
  Tensor* passed = nullptr;        ///< with `output`: the gradient by the sum; may be one of the two parts
};

struct ChannelNorm;

class BatchNorm final : public Layer {
 public:
  /// Weight 1, bias 0, running mean 0, running variance 1.
  BatchNorm(const LayerConfig& config, SimdPath path);
  void forward(const Inputs& inputs, Tensor& output, StepContext& context) override;
  void backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) override;
  /// The same with a tail: `output` is that of the tail. `input_gradient` may be what dy is read from, that
  /// is `first`, or `passed` where that is written.
  void forward_with(const NormTail& tail, const Tensor& input, Tensor& output, StepContext& context);
  void backward_with(const NormTailGradient& gradient, Tensor* input_gradient, StepContext& context);
  bool keeps_input() const override { return true; }
  bool writes_over_gradient() const override { return true; }
  std::vector<Parameter*> parameters() override { return {&weight_, &bias_}; }
  std::vector<State*> states() override { return {&running_mean_, &running_variance_}; }

 private:
  // Those of a channel that write a tensor return the bits of its largest magnitude.
  void measure(std::size_t channel);
  void take_running(std::size_t channel);
  ChannelNorm norm_of(std::size_t channel) const;
  std::int32_t normalize_channel(std::size_t channel, const NormTail& tail, Tensor& output) const;
  void sum_channel_gradients(std::size_t channel, const NormTailGradient& gradient);
  std::int32_t differentiate_channel(std::size_t channel, const Tensor& gradient, bool masks,
                                     Tensor& input_gradient) const;

  SimdPath path_;
  float epsilon_, momentum_;
  Parameter weight_, bias_;
  State running_mean_, running_variance_;
  const Tensor* input_ = nullptr;      ///< of the last forward
  std::vector<float> mean_, inverse_;  ///< by channel: of the last forward; 1 / standard deviation
};

}  // namespace quatrain::emu
