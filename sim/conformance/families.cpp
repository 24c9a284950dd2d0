#include "sim/conformance/families.hpp"

#include <array>

namespace quatrain::sim {

std::span<const CaseFamily> case_families() {
  static constexpr std::array<CaseFamily, 14> all{{{"pairs", make_pairs},
                                                   {"index", make_index},
                                                   {"saturate", make_saturate},
                                                   {"cancel", make_cancel},
                                                   {"sums", make_sums},
                                                   {"scales", make_scales},
                                                   {"edges", make_edges},
                                                   {"large", make_large},
                                                   {"luq", make_luq},
                                                   {"nearest", make_nearest},
                                                   {"sawb", make_sawb},
                                                   {"tails", make_tails},
                                                   {"steps", make_steps},
                                                   {"shape", make_shapes}}};
  return all;
}

}  // namespace quatrain::sim
