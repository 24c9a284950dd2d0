#pragma once
/// A layer with the memory that a network would give it: a result stays until the next of its kind.

#include "emu/nn/layer.hpp"

#include <utility>
#include <vector>

namespace quatrain::tests {

template <typename Layer>
class LayerRun {
 public:
  template <typename... Arguments>
  explicit LayerRun(Arguments&&... arguments) : layer_(std::forward<Arguments>(arguments)...) {}

  const emu::Tensor& forward(const emu::Inputs& inputs, emu::StepContext& context) {
    layer_.forward(inputs, output_, context);
    return output_;
  }
  /// Without `wants_input_gradient` what is returned means nothing.
  const emu::Tensor& backward(const emu::Tensor& gradient, bool wants_input_gradient,
                              emu::StepContext& context) {
    layer_.backward(gradient, wants_input_gradient ? &input_gradient_ : nullptr, context);
    return input_gradient_;
  }
  std::vector<emu::Parameter*> parameters() { return layer_.parameters(); }
  std::vector<emu::State*> states() { return layer_.states(); }

 private:
  Layer layer_;
  emu::Tensor output_, input_gradient_;
};

}  // namespace quatrain::tests
