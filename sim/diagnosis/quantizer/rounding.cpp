/// The direction of rounding is wrong: at ties, or everywhere.
#include "sim/diagnosis/quantizer/hypotheses.hpp"
#include "sim/diagnosis/quantizer/model.hpp"

namespace quatrain::sim::diagnosis {

std::vector<QuantizerClaim> ties() {
  return {claim_of("ties.away", "are the codes with ties away from zero", {.ties = Ties::away}),
          claim_of("ties.zero", "are the codes with ties toward zero", {.ties = Ties::zero}),
          claim_of("ties.up", "are the codes with ties toward plus infinity", {.ties = Ties::up})};
}

std::vector<QuantizerClaim> rounding() {
  return {claim_of("rounding.toward_zero", "are the codes rounded toward zero",
                   {.rounding = Rounding::toward_zero}),
          claim_of("rounding.away", "are the codes rounded away from zero",
                   {.rounding = Rounding::away_from_zero}),
          claim_of("rounding.nearest", "are the codes rounded to nearest, without a draw",
                   {.rounding = Rounding::nearest})};
}

}  // namespace quatrain::sim::diagnosis
