#pragma once
/// A layer of a network: forward and backward of one batch, fp32 in and out (numerics.md sections 5, 6, 8).
/// A layer keeps what its backward pass needs, so one forward is followed by at most one backward of the same
/// batch. Equal bits for any thread count and SIMD path.

#include "emu/gemm/workspace.hpp"
#include "emu/nn/observer.hpp"
#include "emu/nn/tensor.hpp"
#include "traces/format/record.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace quatrain::emu {

/// What every layer needs to know of the step, and the memory they share.
struct StepContext {
  base::ThreadPool& pool;
  std::uint32_t seed = 0, step = 0;
  StepObserver* observer = nullptr;  ///< may be absent
  GemmWorkspace workspace = {};
  std::vector<std::int32_t> accumulators = {};
};

/// A tensor that training changes. All four have the same length.
struct Parameter {
  std::string name;  ///< "conv1.weight"
  traces::Shape shape;
  std::vector<float> value, gradient, momentum;
};

class Layer {
 public:
  virtual ~Layer() = default;
  /// The result is valid until the next forward. `input` must stay unchanged until backward is over.
  virtual const Tensor& forward(const Tensor& input, StepContext& context) = 0;
  /// `gradient` is the loss's gradient by the last forward's result; fills the parameters' gradients. Returns
  /// the gradient by the input, valid until the next backward; without `wants_input_gradient` it is not
  /// computed.
  virtual const Tensor& backward(const Tensor& gradient, bool wants_input_gradient, StepContext& context) = 0;
  /// In the order weight, bias; none for a layer without parameters.
  virtual std::vector<Parameter*> parameters() { return {}; }
};

}  // namespace quatrain::emu
