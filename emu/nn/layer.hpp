#pragma once
/// A layer of a network: forward and backward of one batch, fp32 in and out (docs/training-step.md). A layer
/// keeps what its backward pass needs, so one forward is followed by at most one backward of the same batch.
/// Equal bits for any thread count and SIMD path.

#include "emu/gemm/workspace.hpp"
#include "emu/nn/observer.hpp"
#include "emu/nn/step_machine.hpp"
#include "emu/nn/step_profile.hpp"
#include "emu/nn/tensor.hpp"
#include "traces/format/record.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace quatrain::emu {

/// What every layer needs to know of the step, and the memory they share.
struct StepContext {
  base::ThreadPool& pool;
  std::uint32_t seed = 0, step = 0;
  StepObserver* observer = nullptr;   ///< may be absent
  TensorObserver* tensors = nullptr;  ///< may be absent; sees the passes of training only
  traces::Pass pass = traces::Pass::train;
  StepMachine* machine = nullptr;      ///< absent: each quantized layer computes on its own path
  StepProfile* profile = nullptr;      ///< may be absent
  SimdPath path = SimdPath::portable;  ///< of element-wise loops
  GemmWorkspace workspace = {};
  std::vector<std::int32_t> accumulators = {};
  std::vector<float> output = {};  ///< of a product, before any bias
};

/// A tensor that training changes. All three vectors have the same length.
struct Parameter {
  std::string name;  ///< "conv1.weight"
  traces::Shape shape;
  std::vector<float> value, gradient, momentum;
};
/// All three are +0.
Parameter make_parameter(std::string name, traces::Shape shape);

/// A tensor that a step changes without a gradient, like a running mean.
struct State {
  std::string name;  ///< "bn1.running_mean"
  traces::Shape shape;
  std::vector<float> value;
};

/// What a layer keeps from step to step: what state_hash and checkpoints hold of it.
struct LayerState {
  std::vector<Parameter*> parameters;
  std::vector<State*> states;
};

/// What a layer reads: outputs of other layers, or the images.
class Inputs {
 public:
  Inputs(const Tensor& only) : first_(&only) {}
  Inputs(std::span<const Tensor* const> all) : first_(all.front()), others_(all.subspan(1)) {}
  std::size_t size() const { return 1 + others_.size(); }
  const Tensor& operator[](std::size_t i) const { return i == 0 ? *first_ : *others_[i - 1]; }
  const Tensor& first() const { return *first_; }  ///< all there is for most layers

 private:
  const Tensor* first_;
  std::span<const Tensor* const> others_;
};

class Layer {
 public:
  virtual ~Layer() = default;
  /// Gives `output` its size and its values.
  virtual void forward(const Inputs& inputs, Tensor& output, StepContext& context) = 0;
  /// Of the last forward, which was one of a training pass. `gradient` is the loss's gradient by its output.
  /// Fills the parameters' gradients, and `input_gradient` with the gradient by the input, or by each input
  /// where there are several; null: nobody needs it.
  virtual void backward(const Tensor& gradient, Tensor* input_gradient, StepContext& context) = 0;
  /// Whether the input, or the output, of a forward must be there unchanged for its backward.
  virtual bool keeps_input() const { return false; }
  virtual bool keeps_output() const { return false; }
  /// Whether backward may be given one tensor as both gradients: the input has the output's size, and an
  /// element of the one depends on the same element of the other, or on sums made before.
  virtual bool writes_over_gradient() const { return false; }
  /// Whether the gradient by the input is that by the output; then backward is not called.
  virtual bool hands_gradient_on() const { return false; }
  /// In the order weight, bias; none for a layer without parameters.
  virtual std::vector<Parameter*> parameters() { return {}; }
  virtual std::vector<State*> states() { return {}; }
};

}  // namespace quatrain::emu
