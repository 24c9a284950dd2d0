/// Both operands cast to FP7 and multiplied: the circuit that the shift replaces.
#include "sim/accelerator/pe/kinds.hpp"

namespace quatrain::sim {

const PeKind& fp7_kind() {
  static constexpr TechnologyRow per_mac[] = {operation_row("pe_fp7_int32")};
  static constexpr std::string_view limits[] = {
      "the PE is priced from gate counts, of which the last shift is an estimate; a bf16 PE from published "
      "macros"};
  static constexpr PeKind kind{
      .name = "fp7", .per_mac = per_mac, .gates = 453, .model = rtl_models::fp7_pe, .limits = limits};
  return kind;
}

}  // namespace quatrain::sim
