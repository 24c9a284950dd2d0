#include "traces/machine.hpp"

#include "traces/base/error.hpp"
#include "traces/encoding/nibbles.hpp"

namespace quatrain::traces {
namespace {

void check_codes(const char* side, const Operand& operand, std::int64_t elements) {
  const std::size_t expected = packed_size(static_cast<std::size_t>(elements));
  if (operand.codes.size() != expected)
    throw Error("{} operand: {} bytes of codes; expected {} for {} elements", side, operand.codes.size(),
                expected, elements);
}

}  // namespace

void check_task(const QuantizerTask& task) {
  const unsigned bits = task.random_bits;
  if (task.rule == Rule::luq_fp4 && bits != 4 && bits != 8 && bits != 16)
    throw Error("step {}, layer {}: {} random bits; expected 4, 8 or 16", task.draws.step, task.draws.layer,
                bits);
}

void check_operands(const Gemm& gemm, const Operand& left, std::span<const Operand> right) {
  const std::size_t count = right.size();
  if (gemm.phase != Phase::backward_weight && count != 1)
    throw Error("{} right operands; expected 1 but in backward_weight", count);
  if (count != 1 && count != 2 && count != 4 && count != 8 && count != 16)
    throw Error("{} samples on the right; expected 1, 2, 4, 8 or 16", count);
  check_codes("left", left, left_elements(gemm.phase, gemm.geometry));
  for (const Operand& one : right) {
    if (one.encoding != right[0].encoding || one.scale != right[0].scale)
      throw Error("right operand: a sample is {} with scale {}; expected {} with scale {}, as the first",
                  name_of(one.encoding), one.scale, name_of(right[0].encoding), right[0].scale);
    check_codes("right", one, right_elements(gemm.phase, gemm.geometry));
  }
}

}  // namespace quatrain::traces
