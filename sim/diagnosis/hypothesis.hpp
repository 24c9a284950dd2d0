#pragma once
/// What may have gone wrong in a kernel, as a prediction of its bits. A hypothesis looks at a first wrong
/// element and makes claims; a claim says of any element of any record which bits a kernel with this mistake
/// gives. It is believed only where these are the bits that the kernel gave. Nothing here asks a machine: the
/// arithmetic is this folder's own.

#include "sim/diagnosis/differing_gemm.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim::diagnosis {

/// One mistake with its numbers filled in.
struct GemmClaim {
  std::string cause;  ///< "k_tail.8": the kind of mistake, and which one
  /// What the different elements are, for "all 384 different elements ...".
  std::function<std::string(const DifferingGemm&)> statement;
  /// The accumulator under this mistake; nothing where the mistake leaves it open (an overflow of a float).
  std::function<std::optional<std::int64_t>(const DifferingGemm&, const Sum&)> predict;
};

/// `first`: an element whose accumulator differs.
using GemmHypothesis = std::vector<GemmClaim> (*)(const DifferingGemm& gemm, const Sum& first);

/// All of them, the most special first: of two that give the same bits the earlier one is named.
const std::vector<GemmHypothesis>& gemm_hypotheses();

/// An output's bits under a mistake in scaling. All accumulators are right.
struct OutputClaim {
  std::string cause, statement;
  std::function<std::optional<float>(const DifferingGemm&, std::int32_t accumulator)> predict;
};
const std::vector<OutputClaim>& output_claims();

}  // namespace quatrain::sim::diagnosis
