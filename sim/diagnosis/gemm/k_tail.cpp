/// The terms behind the last whole tile of k are not added, sample by sample.
#include "sim/diagnosis/gemm/hypotheses.hpp"

#include <fmt/format.h>

namespace quatrain::sim::diagnosis {

std::vector<GemmClaim> k_tail(const DifferingGemm&, const Sum&) {
  std::vector<GemmClaim> claims;
  for (const std::int64_t tile : {4, 8, 16, 32, 64, 128, 256, 2})
    claims.push_back({fmt::format("k_tail.{}", tile),
                      [tile](const DifferingGemm& gemm) {
                        return fmt::format("equal the sum without the last {} of k = {} terms (k % {})",
                                           gemm.size.k % tile, gemm.size.k, tile);
                      },
                      [tile](const DifferingGemm& gemm, const Sum& sum) {
                        const std::int64_t end = gemm.size.k - gemm.size.k % tile;
                        return sum_of(
                            gemm, sum,
                            [&](const Term& term) { return term.k < end ? gemm.left.value(term.left) : 0; },
                            [](const Side& right, const Term& term) { return right.value(term.right); });
                      }});
  return claims;
}

}  // namespace quatrain::sim::diagnosis
