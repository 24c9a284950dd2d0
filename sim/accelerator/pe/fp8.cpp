/// The baselines with 8-bit floating-point operands (OCP formats), fp32 sums, all tensors in 8 bits.
#include "sim/accelerator/pe/kinds.hpp"

namespace quatrain::sim {
namespace {

// The multiplier: 4 x 4 significands 94 (as the INT4 one), exponents 37 (LUQ's appendix A.8). The 3 x 3 of
// E5M2 is taken to be as large.
constexpr TechnologyRow fp8_per_mac[] = {operation_row("pe_fp8_mul"), TechnologyRow::fp32_add};
constexpr unsigned fp8_gates = 1744 + 94 + 37;
constexpr std::string_view fp8_limits[] = {
    "the multiplier is priced from gate counts, the adder is a published macro",
    "weights, activations and gradients stand in DRAM in 8 bits; scales, casts and an fp32 master copy of "
    "the "
    "weights are not in it"};

constexpr PeKind kind_of(traces::FloatFormat format) {
  return {.name = traces::name_of(format),
          .operand_bits = traces::info_of(format).bits,
          .accumulator = "float",
          .per_mac = fp8_per_mac,
          .gates = fp8_gates,
          .tensors = TensorForm::operands,
          .floats = format,
          .limits = fp8_limits};
}

}  // namespace

const PeKind& fp8_e4m3_kind() {
  static constexpr PeKind kind = kind_of(traces::FloatFormat::fp8_e4m3);
  return kind;
}

const PeKind& fp8_e5m2_kind() {
  static constexpr PeKind kind = kind_of(traces::FloatFormat::fp8_e5m2);
  return kind;
}

}  // namespace quatrain::sim
