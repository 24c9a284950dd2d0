#include "traces/machine.hpp"

#include "traces/base/error.hpp"
#include "traces/encoding/nibbles.hpp"

#include <fmt/format.h>

#include <limits>

namespace quatrain::traces {
namespace {

void check_codes(const char* side, const Operand& operand, std::int64_t elements) {
  const std::size_t expected = packed_size(static_cast<std::size_t>(elements));
  if (operand.codes.size() != expected)
    throw base::Error("{} operand: {} bytes of codes; expected {} for {} elements", side,
                      operand.codes.size(), expected, elements);
}

}  // namespace

std::string text_of(const Accumulator& accumulator) {
  std::string text = fmt::format("{}{}", accumulator.is_float() ? "fp" : "int", accumulator.bits);
  if (accumulator.is_narrow()) text += fmt::format(" {}", name_of(accumulator.overflow));
  if (accumulator.chunk != 0) text += fmt::format(" chunk {}", accumulator.chunk);
  return text;
}

Refusal needs_exact_sums(const Gemm& gemm) {
  if (gemm.accumulator.is_exact()) return std::nullopt;
  return fmt::format("it has no {} accumulators", text_of(gemm.accumulator));
}

void check_task(const QuantizerTask& task) {
  const unsigned bits = task.random_bits;
  if (info_of(task.rule).draws && !is_random_bit_count(bits))
    throw base::Error("step {}, layer {}: {} random bits; expected 4, 8 or 16", task.draws.step,
                      task.draws.layer, bits);
}

Refusal inexact_sum(const GemmSize& size, Encoding left, Encoding right, std::size_t samples) {
  const std::int64_t product = std::int64_t{largest_magnitude(left)} * largest_magnitude(right);
  if (product == 0) return std::nullopt;  // no encoding of codes: a machine refuses it
  const std::int64_t most =
      std::numeric_limits<std::int32_t>::max() / product / static_cast<std::int64_t>(samples);
  if (size.k <= most) return std::nullopt;
  return fmt::format(
      "k is {} with {} sample(s) of {} x {}; expected at most {}, so that every sum fits int32", size.k,
      samples, name_of(left), name_of(right), most);
}

void check_operands(const Gemm& gemm, const Operand& left, std::span<const Operand> right) {
  const std::size_t count = right.size();
  if (gemm.phase != Phase::backward_weight && count != 1)
    throw base::Error("{} right operands; expected 1, or more in backward_weight", count);
  if (!is_sample_count(static_cast<std::int64_t>(count)))
    throw base::Error("{} samples on the right; expected 1 to 16", count);
  check_codes("left", left, left_elements(gemm.phase, gemm.geometry));
  for (const Operand& one : right) {
    if (one.encoding != right[0].encoding || one.scale != right[0].scale)
      throw base::Error(
          "right operand: a sample is {} with scale {}; expected {} with scale {}, as the first",
          name_of(one.encoding), one.scale, name_of(right[0].encoding), right[0].scale);
    check_codes("right", one, right_elements(gemm.phase, gemm.geometry));
  }
  const GemmSize size = gemm_size(gemm.phase, gemm.geometry);
  if (const Refusal reason = inexact_sum(size, left.encoding, right[0].encoding, count))
    throw base::Error("{}", *reason);
}

}  // namespace quatrain::traces
