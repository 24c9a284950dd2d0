#pragma once
/// Who computes the quantizers and 4-bit products of a step: the emulator in place, or any machine behind
/// traces/machine.hpp. All give the same bits (numerics.md), so a run's state does not tell which it was.

#include "emu/quant/quantizer.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace quatrain::emu {

struct StepContext;
struct TrainingConfig;

/// Views of memory of the context, valid until the next product.
struct StepProduct {
  float scale = 0;                             ///< the final one: / samples included
  std::span<const std::int32_t> accumulators;  ///< natural shape of the result
  std::span<const float> output;  ///< the same shape, before any bias; empty: whoever needs it scales
};

class StepMachine {
 public:
  virtual ~StepMachine() = default;
  /// The emulator's instructions; nothing where another machine computes.
  virtual std::optional<SimdPath> path() const = 0;
  /// Throws as traces::Machine does. Reuses the memory of `out`. known: the magnitudes of the task's source,
  /// where whoever made it has found them.
  virtual void quantize(const traces::QuantizerTask& task, const std::optional<Magnitudes>& known,
                        StepContext& context, QuantizedTensor& out) = 0;
  virtual StepProduct multiply(const traces::Gemm& gemm, const QuantizedTensor& left,
                               std::span<const QuantizedTensor> right, StepContext& context) = 0;
  /// Only the output, before any bias.
  virtual void multiply_scaled(const traces::Gemm& gemm, const QuantizedTensor& left,
                               std::span<const QuantizedTensor> right, StepContext& context,
                               std::span<float> output);
};

/// emu.blocked without its packing: codes stay one per byte, accumulators are not yet scaled. Those that
/// saturate, round or have chunks are the reference's.
class EmulatorSteps final : public StepMachine {
 public:
  explicit EmulatorSteps(SimdPath path) : path_(path) {}
  std::optional<SimdPath> path() const override { return path_; }
  void quantize(const traces::QuantizerTask& task, const std::optional<Magnitudes>& known,
                StepContext& context, QuantizedTensor& out) override;
  StepProduct multiply(const traces::Gemm& gemm, const QuantizedTensor& left,
                       std::span<const QuantizedTensor> right, StepContext& context) override;
  void multiply_scaled(const traces::Gemm& gemm, const QuantizedTensor& left,
                       std::span<const QuantizedTensor> right, StepContext& context,
                       std::span<float> output) override;

 private:
  SimdPath path_;
};

/// Hands every task to `machine`, which must outlive this.
class MachineSteps final : public StepMachine {
 public:
  explicit MachineSteps(traces::Machine& machine) : machine_(machine) {}
  std::optional<SimdPath> path() const override { return std::nullopt; }
  void quantize(const traces::QuantizerTask& task, const std::optional<Magnitudes>& known,
                StepContext& context, QuantizedTensor& out) override;
  StepProduct multiply(const traces::Gemm& gemm, const QuantizedTensor& left,
                       std::span<const QuantizedTensor> right, StepContext& context) override;

 private:
  traces::Machine& machine_;
};

/// The first quantizer or product of a run that the machine cannot compute, with its reason.
traces::Refusal why_not_trained_on(const traces::Machine& machine, const TrainingConfig& config);

}  // namespace quatrain::emu
