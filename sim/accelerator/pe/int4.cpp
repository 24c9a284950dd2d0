/// INT4 x INT4 alone: the forward products.
#include "sim/accelerator/pe/kinds.hpp"

namespace quatrain::sim {

const PeKind& int4_kind() {
  static constexpr TechnologyRow per_mac[] = {operation_row("pe_int4_int32")};
  static constexpr std::string_view limits[] = {
      "the PE is priced from gate counts; a bf16 PE from published macros"};
  static constexpr PeKind kind{
      .name = "int4", .per_mac = per_mac, .gates = 338, .model = rtl_models::int4_pe, .limits = limits};
  return kind;
}

}  // namespace quatrain::sim
