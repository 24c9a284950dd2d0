/// INT4 x INT4 by partial products, INT4 x FP4 by a shift (MF-BPROP): the product is an integer in either
/// mode.
#include "sim/accelerator/pe/kinds.hpp"

namespace quatrain::sim {

const PeKind& dual_int4_fp4_kind() {
  static constexpr TechnologyRow per_mac[] = {operation_row("pe_dual_int32")};
  static constexpr std::string_view limits[] = {
      "the PE is priced from gate counts; a bf16 PE from published macros"};
  static constexpr PeKind kind{.name = "dual_int4_fp4",
                               .per_mac = per_mac,
                               .gates = 435,
                               .model = rtl_models::dual_int4_fp4_pe,
                               .limits = limits};
  return kind;
}

}  // namespace quatrain::sim
