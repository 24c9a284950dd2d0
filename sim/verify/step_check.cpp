#include "sim/verify/step_check.hpp"

#include "emu/nn/recorder.hpp"
#include "sim/verify/first_difference.hpp"
#include "traces/encoding/nibbles.hpp"
#include "traces/format/reader.hpp"
#include "traces/run_names.hpp"

#include <fmt/format.h>

namespace quatrain::sim {
namespace {

struct PackedOperand {
  explicit PackedOperand(const emu::QuantizedTensor& tensor)
      : codes(traces::pack_nibbles(tensor.codes)), encoding(tensor.encoding), scale(tensor.scale) {}
  traces::Operand view() const { return {encoding, scale, codes}; }
  std::vector<std::uint8_t> codes;
  traces::Encoding encoding;
  float scale;
};

/// M where it was given.
std::optional<float> given_maximum(const emu::QuantizedTensor& tensor) {
  const auto* facts = std::get_if<traces::Fp4Facts>(&tensor.facts);
  if (facts == nullptr || facts->max_used == tensor.max) return std::nullopt;
  return facts->max_used;
}

std::filesystem::path free_name(const std::filesystem::path& directory) {
  std::filesystem::path name = directory / traces::run_names::difference;
  for (unsigned number = 2; std::filesystem::exists(name); ++number)
    name = directory / fmt::format("{}-{:03}", traces::run_names::difference, number);
  return name;
}

}  // namespace

void StepCheck::begin_step(std::uint32_t step, traces::Pass pass) {
  step_ = step;
  pass_ = pass;
}

/// What a machine refuses on legal operands is a difference too.
template <typename Compute>
auto StepCheck::answer_of(const Compute& compute) -> Answer<decltype(compute())> {
  try {
    return {compute(), {}};
  } catch (const base::Interrupted&) {
    throw;
  } catch (const base::Error& error) {
    return {std::nullopt, fmt::format("the error '{}'", error.what())};
  }
}

void StepCheck::quantized(const emu::QuantizerEvent& event) {
  const traces::QuantizerResult expected{.codes = traces::pack_nibbles(event.result.codes),
                                         .max = event.result.max,
                                         .scale = event.result.scale,
                                         .facts = event.result.facts};
  const traces::QuantizerTask task{
      .rule = event.rule.rule,
      .source = event.source,
      .draws = {.seed = config_.seed, .step = step_, .layer = event.layer, .sample = event.sample},
      .random_bits = event.rule.random_bits,
      .alpha = event.rule.alpha,
      .maximum = event.maximum};
  for (CheckedBeside& beside : machines_) {
    if (beside.machine.refuses(task.rule)) {
      ++beside.unsupported;
      continue;
    }
    const auto answer = answer_of([&] { return beside.machine.quantize(task); });
    if (!answer.result || !same_bits(expected, *answer.result)) differs(event, beside.machine, answer);
    ++beside.quantizers;
  }
}

void StepCheck::multiplied(const emu::ProductEvent& event) {
  const PackedOperand left(event.left);
  const std::vector<PackedOperand> samples(event.right.begin(), event.right.end());
  std::vector<traces::Operand> right;
  for (const PackedOperand& sample : samples) right.push_back(sample.view());
  const traces::GemmResult expected{.accumulators = {event.accumulators.begin(), event.accumulators.end()},
                                    .output = {event.output.begin(), event.output.end()},
                                    .scale = event.scale};
  for (CheckedBeside& beside : machines_) {
    if (beside.machine.refuses(event.gemm, left.encoding, right.front().encoding)) {
      ++beside.unsupported;
      continue;
    }
    const auto answer = answer_of([&] { return beside.machine.multiply(event.gemm, left.view(), right); });
    if (!answer.result || !same_bits(expected, *answer.result))
      differs(event, beside.machine, answer, expected);
    ++beside.gemms;
  }
}

std::filesystem::path StepCheck::leave_trace(const std::function<void(emu::StepObserver&)>& record) const {
  std::filesystem::path directory = free_name(directory_);
  emu::TraceRecorder recorder(directory, config_, "");
  recorder.begin_step(step_, pass_);
  record(recorder);
  recorder.end_step();
  recorder.finish();
  return directory;
}

void StepCheck::fail(const traces::Machine& machine, const std::string& difference,
                     const std::filesystem::path& trace) const {
  throw MachinesDiffer("{} first difference: {}; the record is the trace {}", machine.name(), difference,
                       trace.string());
}

void StepCheck::differs(const emu::QuantizerEvent& event, traces::Machine& machine,
                        const Answer<traces::QuantizerResult>& answer) const {
  emu::QuantizerEvent alone = event;
  const std::filesystem::path directory =
      leave_trace([&](emu::StepObserver& recorder) { recorder.quantized(alone); });
  const traces::TraceReader trace(directory);
  const traces::QuantizerRecord& record = trace.manifest().quantizers.front();
  if (!answer.result)
    fail(machine, describe(no_result(trace.manifest(), record, "result", answer.error)), directory);
  const RecordedQuantizer recorded(trace, record);
  fail(machine, describe(first_difference(trace.manifest(), recorded, *answer.result).value()), directory);
}

void StepCheck::differs(const emu::ProductEvent& event, traces::Machine& machine,
                        const Answer<traces::GemmResult>& answer, const traces::GemmResult& expected) const {
  const traces::PhaseInfo phase = traces::info_of(event.gemm.phase);
  const emu::LayerConfig& layer = config_.layers[event.layer];
  const std::filesystem::path directory = leave_trace([&](emu::StepObserver& recorder) {
    const auto operand = [&](traces::Role role, unsigned sample, const emu::QuantizedTensor& codes) {
      recorder.quantized({.layer = event.layer,
                          .role = role,
                          .sample = sample,
                          .batch = event.gemm.geometry.batch,
                          .rule = emu::quantizer_of(layer, role).value(),
                          .maximum = given_maximum(codes),
                          .path = std::nullopt,
                          .result = codes,
                          .source = {}});
    };
    operand(phase.left, 0, event.left);
    for (unsigned sample = 0; sample < event.right.size(); ++sample)
      operand(phase.right, sample, event.right[sample]);
    recorder.multiplied(event);
  });
  const traces::TraceReader trace(directory);
  const traces::GemmRecord& record = trace.manifest().gemms.front();
  if (!answer.result)
    fail(machine, describe(no_result(trace.manifest(), record, "result", answer.error)), directory);
  const RecordedGemm recorded(trace, record);
  const Witness witness{witness_, expected};
  fail(machine,
       describe(first_difference(trace.manifest(), record, recorded, &machine, *answer.result, &witness)),
       directory);
}

}  // namespace quatrain::sim
