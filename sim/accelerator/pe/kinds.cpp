#include "sim/accelerator/pe/kinds.hpp"

#include "traces/base/error.hpp"

#include <algorithm>
#include <cassert>
#include <vector>

namespace quatrain::sim {

namespace {

std::vector<const PeKind*> all_kinds() {
  std::vector<const PeKind*> kinds = {&dual_int4_fp4_kind(), &int4_kind(),     &fp7_kind(),     &int8_kind(),
                                      &bf16_kind(),          &fp8_e4m3_kind(), &fp8_e5m2_kind()};
  for (const PeKind* kind : pe_kinds_from_outside()) {
    if (std::ranges::find(kinds, kind->name, &PeKind::name) != kinds.end())
      throw base::Error("two kinds of PE have the name '{}'; expected different names", kind->name);
    kinds.push_back(kind);
  }
  return kinds;
}

}  // namespace

std::span<const PeKind* const> pe_kinds() {
  static const std::vector<const PeKind*> kinds = all_kinds();
  return kinds;
}

const PeKind& pe_kind(std::string_view name) {
  const auto found = std::ranges::find(pe_kinds(), name, &PeKind::name);
  assert(found != pe_kinds().end());
  return **found;
}

}  // namespace quatrain::sim
