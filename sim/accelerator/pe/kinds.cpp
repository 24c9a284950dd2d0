#include "sim/accelerator/pe/kinds.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace quatrain::sim {

std::span<const PeKind* const> pe_kinds() {
  static const std::array kinds = {&dual_int4_fp4_kind(), &int4_kind(), &fp7_kind(), &int8_kind(),
                                   &bf16_kind()};
  return kinds;
}

const PeKind& pe_kind(std::string_view name) {
  const auto found = std::ranges::find(pe_kinds(), name, &PeKind::name);
  assert(found != pe_kinds().end());
  return **found;
}

}  // namespace quatrain::sim
