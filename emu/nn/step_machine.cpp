#include "emu/nn/step_machine.hpp"

#include "emu/gemm/accumulator.hpp"
#include "emu/gemm/blocked.hpp"
#include "emu/gemm/epilogue.hpp"
#include "emu/gemm/reference.hpp"
#include "emu/nn/layer.hpp"
#include "emu/nn/training_config.hpp"
#include "traces/encoding/nibbles.hpp"

#include <algorithm>

namespace quatrain::emu {
namespace {

using traces::Phase;

std::size_t result_size(const traces::Gemm& gemm) {
  return static_cast<std::size_t>(traces::result_elements(gemm.phase, gemm.geometry));
}

struct PackedOperand {
  explicit PackedOperand(const QuantizedTensor& tensor)
      : codes(traces::pack_nibbles(tensor.codes)), encoding(tensor.encoding), scale(tensor.scale) {}
  traces::Operand view() const { return {encoding, scale, codes}; }
  std::vector<std::uint8_t> codes;
  traces::Encoding encoding;
  float scale;
};

traces::Refusal why_not(const traces::Machine& machine, const LayerConfig& layer,
                        const TrainingConfig& config) {
  for (const traces::Role role : {traces::Role::input, traces::Role::weight, traces::Role::gradient})
    if (const auto quantizer = quantizer_of(layer, role))
      if (const auto reason = machine.refuses(quantizer->rule))
        return fmt::format("{} of layer {}: {}", traces::name_of(quantizer->rule), layer.name, *reason);
  for (const Phase phase : {Phase::forward, Phase::backward_data, Phase::backward_weight}) {
    const auto left = quantizer_of(layer, traces::info_of(phase).left),
               right = quantizer_of(layer, traces::info_of(phase).right);
    if (!left || !right) continue;
    const traces::Gemm gemm{phase, with_batch(layer.geometry, config.batch), layer.quantize.accumulator};
    if (const auto reason =
            machine.refuses(gemm, traces::encoding_of(left->rule), traces::encoding_of(right->rule)))
      return fmt::format("{} of layer {}: {}", traces::name_of(phase), layer.name, *reason);
  }
  return std::nullopt;
}

}  // namespace

void StepMachine::multiply_scaled(const traces::Gemm& gemm, const QuantizedTensor& left,
                                  std::span<const QuantizedTensor> right, StepContext& context,
                                  std::span<float> output) {
  const StepProduct product = multiply(gemm, left, right, context);
  if (product.output.empty())
    scale_sums(gemm.accumulator, product.accumulators, product.scale, output, SimdPath::portable,
               context.pool);
  else
    std::ranges::copy(product.output, output.begin());
}

void EmulatorSteps::multiply_scaled(const traces::Gemm& gemm, const QuantizedTensor& left,
                                    std::span<const QuantizedTensor> right, StepContext& context,
                                    std::span<float> output) {
  if (!gemm.accumulator.is_exact()) return StepMachine::multiply_scaled(gemm, left, right, context, output);
  const float scale = product_scale(left.scale, right.front().scale, static_cast<unsigned>(right.size()));
  multiply_blocked_scaled(gemm, left, right, scale, output, path_, context.pool, context.workspace);
}

void EmulatorSteps::quantize(const traces::QuantizerTask& task, const std::optional<Magnitudes>& known,
                             StepContext& context, QuantizedTensor& out) {
  const auto quantizer =
      make_quantizer({.rule = task.rule, .random_bits = task.random_bits, .alpha = task.alpha}, path_);
  if (known)
    quantizer->quantize_measured(task.source, *known, task.draws, task.maximum, context.pool, out);
  else
    quantizer->quantize(task.source, task.draws, task.maximum, context.pool, out);
}

StepProduct EmulatorSteps::multiply(const traces::Gemm& gemm, const QuantizedTensor& left,
                                    std::span<const QuantizedTensor> right, StepContext& context) {
  const std::size_t count = result_size(gemm);
  if (context.accumulators.size() < count) context.accumulators.resize(count);
  const std::span<std::int32_t> accumulators = std::span(context.accumulators).first(count);
  const traces::Accumulator& kind = gemm.accumulator;
  const bool wraps = kind.overflow == traces::Overflow::wrap && !kind.is_float() && kind.chunk == 0;
  if (kind.is_exact() || wraps) {  // whatever the order: the exact sum, or that modulo a power of two
    multiply_blocked(gemm, left, right, accumulators, path_, context.pool, context.workspace);
    if (wraps)
      for (std::int32_t& sum : accumulators) sum = kept_sum(kind, sum);
  } else {
    multiply_reference(gemm, left, right, accumulators);
  }
  return {.scale = product_scale(left.scale, right.front().scale, static_cast<unsigned>(right.size())),
          .accumulators = accumulators,
          .output = {}};
}

void MachineSteps::quantize(const traces::QuantizerTask& task, const std::optional<Magnitudes>&, StepContext&,
                            QuantizedTensor& out) {
  const traces::QuantizerResult result = machine_.quantize(task);
  out.encoding = traces::encoding_of(task.rule);
  out.codes = traces::unpack_nibbles(result.codes, task.source.size());
  out.scale = result.scale;
  out.max = result.max;
  out.facts = result.facts;
}

StepProduct MachineSteps::multiply(const traces::Gemm& gemm, const QuantizedTensor& left,
                                   std::span<const QuantizedTensor> right, StepContext& context) {
  const PackedOperand packed_left(left);
  const std::vector<PackedOperand> packed_right(right.begin(), right.end());
  std::vector<traces::Operand> views;
  for (const PackedOperand& sample : packed_right) views.push_back(sample.view());
  traces::GemmResult result = machine_.multiply(gemm, packed_left.view(), views);
  context.accumulators = std::move(result.accumulators);
  context.output = std::move(result.output);
  const auto samples = static_cast<unsigned>(right.size());
  return {.scale = result.has_output ? result.scale : product_scale(left.scale, right.front().scale, samples),
          .accumulators = context.accumulators,
          .output = context.output};
}

traces::Refusal why_not_trained_on(const traces::Machine& machine, const TrainingConfig& config) {
  for (const LayerConfig& layer : config.layers)
    if (layer.has_parameters() && layer.precision == Precision::quantized)
      if (const auto reason = why_not(machine, layer, config)) return reason;
  return std::nullopt;
}

}  // namespace quatrain::emu
