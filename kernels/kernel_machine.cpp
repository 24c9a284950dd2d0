#include "kernels/kernel_machine.hpp"

#include "traces/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace quatrain::kernels {
namespace {

using base::Error;
using traces::Encoding;
using traces::Phase;

constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();  // the kernels index with int32

bool has_kernel(Phase phase, Encoding left, Encoding right) {
  const bool is_integer_left = left == Encoding::int4 || left == Encoding::uint4;
  switch (phase) {
    case Phase::forward:
      return is_integer_left && right == Encoding::int4;
    case Phase::backward_data:
      return left == Encoding::fp4_e3m0 && right == Encoding::int4;
    case Phase::backward_weight:
      return is_integer_left && right == Encoding::fp4_e3m0;
  }
  return false;
}

}  // namespace

traces::Refusal KernelMachine::refuses(const traces::Gemm& gemm, Encoding left, Encoding right) const {
  if (!has_kernel(gemm.phase, left, right))
    return fmt::format("no kernel multiplies {} by {} in this phase", name_of(left), name_of(right));
  if (const auto reason = backend_->refuses(gemm)) return reason;
  const traces::Geometry& g = gemm.geometry;
  if (std::max({traces::input_elements(g), traces::weight_elements(g), traces::output_elements(g)}) > most)
    return "a tensor has 2^31 elements or more";
  if (std::max(g.height + 2 * g.padding_height, g.width + 2 * g.padding_width) > most)
    return "the padded plane has 2^31 rows or columns or more";
  if (std::max(g.stride_height, g.stride_width) > most) return "a stride is 2^31 or more";
  return std::nullopt;
}

traces::Refusal KernelMachine::refuses(traces::Rule) const { return std::nullopt; }

traces::QuantizerResult KernelMachine::quantize(const traces::QuantizerTask& task) {
  traces::check_task(task);
  if (task.source.empty() || task.source.size() > static_cast<std::size_t>(most))
    throw Error("{} elements to quantize; expected 1 to {}", task.source.size(), most);
  if (task.maximum && !(std::isfinite(*task.maximum) && *task.maximum >= 0))
    throw Error("step {}, layer {}: maximum out of range: {}", task.draws.step, task.draws.layer,
                *task.maximum);
  QuantizerOutcome outcome = backend_->quantize(task);
  if (outcome.status == QuantizerOutcome::Status::bad_element)
    throw Error("step {}, layer {}: element {} is {}; expected a finite{} value", task.draws.step,
                task.draws.layer, outcome.element, task.source[outcome.element],
                traces::takes_negative(task.rule) ? "" : ", not negative");
  if (outcome.status == QuantizerOutcome::Status::maximum_out_of_range)
    throw Error("step {}, layer {}: maximum out of range: {}; expected 2^127 at most", task.draws.step,
                task.draws.layer, std::get<traces::Fp4Facts>(outcome.result.facts).max_used);
  return std::move(outcome.result);
}

traces::GemmResult KernelMachine::multiply(const traces::Gemm& gemm, const traces::Operand& left,
                                           std::span<const traces::Operand> right) {
  traces::check_operands(gemm, left, right);
  if (const auto reason = refuses(gemm, left.encoding, right[0].encoding))
    throw Error("{}: {}", name_, *reason);
  traces::GemmResult result = backend_->multiply(gemm, left, right);
  if (!std::isfinite(result.scale)) throw Error("scale out of range: {} * {}", left.scale, right[0].scale);
  return result;
}

}  // namespace quatrain::kernels
