/// INT8 x INT8 on the values of the codes; tensors of operands take 8 bits per element.
#include "sim/accelerator/pe/kinds.hpp"

namespace quatrain::sim {

const PeKind& int8_kind() {
  static constexpr TechnologyRow per_mac[] = {operation_row("pe_int8_int32")};
  static constexpr std::string_view limits[] = {
      "the PE is priced from gate counts; a bf16 PE from published macros",
      "operands are the values of 4-bit codes, stored in 8 bits: the numbers are those of 4-bit training"};
  static constexpr PeKind kind{.name = "int8",
                               .operand_bits = 8,
                               .per_mac = per_mac,
                               .gates = 723,
                               .model = rtl_models::int8_pe,
                               .limits = limits};
  return kind;
}

}  // namespace quatrain::sim
