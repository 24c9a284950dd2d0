#pragma once
/// Who wants to see the operands and results of a step's 4-bit products while they are at hand (the trace
/// recorder, a check by other machines, statistics). The views are valid during the call only.

#include "emu/quant/quantizer.hpp"
#include "traces/base/error.hpp"
#include "traces/format/record.hpp"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace quatrain::emu {

struct QuantizerEvent {
  std::uint32_t layer = 0;
  traces::Role role = traces::Role::input;
  unsigned sample = 0;     ///< gradient only
  std::int64_t batch = 0;  ///< images of the step
  QuantizerConfig rule;
  std::optional<float> maximum;  ///< M where it was given, not measured (hindsight)
  std::optional<SimdPath> path;  ///< the emulator's instructions; nothing where another machine computed
  const QuantizedTensor& result;
  std::span<const float> source;
};

/// An operand of a quantized layer that the layer's rules leave in fp32.
struct SourceEvent {
  std::uint32_t layer = 0;
  traces::Role role = traces::Role::input;
  std::int64_t batch = 0;  ///< images of the step
  std::span<const float> source;
};

struct ProductEvent {
  std::uint32_t layer = 0;
  traces::Gemm gemm;
  unsigned samples = 1;
  const QuantizedTensor& left;
  std::span<const QuantizedTensor> right;      ///< one, or the samples
  float scale = 0;                             ///< the final one: / samples included
  std::span<const std::int32_t> accumulators;  ///< natural shape of the result
  std::span<const float> output;               ///< the same shape, before any bias
};

/// A tensor of a step that is no operand of a 4-bit product.
enum class StepPart : std::uint8_t { images, output, losses, gradient_by_output, gradient_by_parameter };

/// Who wants all of them, in the order in which they are made. The values are valid during the call only.
class TensorObserver {
 public:
  virtual ~TensorObserver() = default;
  /// `layer`: its id; -1 for images and losses. `name`: of the parameter, else "".
  virtual void made(StepPart part, std::int32_t layer, std::string_view name, const traces::Shape& shape,
                    std::span<const float> values) = 0;
};

/// An observer ends the run, and says why.
class StoppedByObserver : public base::Error {
 public:
  using base::Error::Error;
};

class StepObserver {
 public:
  virtual ~StepObserver() = default;
  /// What follows until end_step() belongs to this step and pass; in an evaluation to one batch of it.
  virtual void begin_step(std::uint32_t, traces::Pass) {}
  virtual void end_step() {}
  virtual void quantized(const QuantizerEvent& event) = 0;
  virtual void left_in_fp32(const SourceEvent&) {}
  /// False: multiplied() does nothing, and the outputs that it would see need not be made.
  virtual bool sees_products() const { return true; }
  virtual void multiplied(const ProductEvent& event) = 0;
};

/// Several at once.
class Observers final : public StepObserver {
 public:
  /// Those that are null are left out.
  Observers(std::initializer_list<StepObserver*> observers) {
    for (StepObserver* one : observers)
      if (one != nullptr) observers_.push_back(one);
  }
  bool empty() const { return observers_.empty(); }
  void begin_step(std::uint32_t step, traces::Pass pass) override {
    for (StepObserver* one : observers_) one->begin_step(step, pass);
  }
  void end_step() override {
    for (StepObserver* one : observers_) one->end_step();
  }
  void quantized(const QuantizerEvent& event) override {
    for (StepObserver* one : observers_) one->quantized(event);
  }
  void left_in_fp32(const SourceEvent& event) override {
    for (StepObserver* one : observers_) one->left_in_fp32(event);
  }
  bool sees_products() const override {
    return std::ranges::any_of(observers_, [](const StepObserver* one) { return one->sees_products(); });
  }
  void multiplied(const ProductEvent& event) override {
    for (StepObserver* one : observers_) one->multiplied(event);
  }

 private:
  std::vector<StepObserver*> observers_;
};

}  // namespace quatrain::emu
