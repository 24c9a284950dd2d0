/// The baseline without 4-bit formats: bf16 operands, fp32 sums, all tensors in bf16.
#include "sim/accelerator/pe/kinds.hpp"

namespace quatrain::sim {

const PeKind& bf16_kind() {
  static constexpr TechnologyRow per_mac[] = {operation_row("bf16_mul"), TechnologyRow::fp32_add};
  static constexpr std::string_view limits[] = {
      "multiplier and adder are published macros; the 4-bit PE is priced from gate counts",
      "weights, activations and gradients stand in DRAM as bf16; an fp32 master copy of the weights is not "
      "moved"};
  static constexpr PeKind kind{
      .name = "bf16",
      .operand_bits = 16,
      .accumulator = "float",
      .per_mac = per_mac,
      .gates = 2322,  // fp32 adder 1744, 8 x 8 multiplier 478, exponents 100 (assumed)
      .tensors = TensorForm::operands,
      .floats = traces::FloatFormat::bf16,
      .limits = limits};
  return kind;
}

}  // namespace quatrain::sim
