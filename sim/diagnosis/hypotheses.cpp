#include "sim/diagnosis/gemm/hypotheses.hpp"

#include "sim/diagnosis/quantizer/hypotheses.hpp"

#include <utility>

namespace quatrain::sim::diagnosis {

const std::vector<GemmHypothesis>& gemm_hypotheses() {
  static const std::vector<GemmHypothesis> all = {tile_edge,   k_tail,   nibble_order, sign,          samples,
                                                  accumulator, geometry, index,        transposition, stale,
                                                  term,        product,  code_value};
  return all;
}

const std::vector<QuantizerClaim>& quantizer_claims() {
  static const std::vector<QuantizerClaim> all = [] {
    std::vector<QuantizerClaim> claims;
    for (const auto& hypothesis : {packing, clamp, ties, rounding, threshold, draw, scaling, range})
      for (QuantizerClaim& claim : hypothesis()) claims.push_back(std::move(claim));
    return claims;
  }();
  return all;
}

}  // namespace quatrain::sim::diagnosis
