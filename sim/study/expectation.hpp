#pragma once
/// LUQ's rounding as a distribution: of every element the two levels that it may become, and the probability
/// of the upper one over all draws (numerics.md section 3). Written from the text; no draw and no quantizer
/// takes part.

#include "traces/rule.hpp"

#include <optional>
#include <span>
#include <vector>

namespace quatrain::sim::study {

struct RoundingMoments {
  std::vector<double> mean, variance;  ///< of one sample of each element
  std::vector<double> zero;            ///< probability that a sample is zero
};

/// `maximum`: of the whole tensor that `gradient` is a part of, or the estimate that takes its place.
RoundingMoments luq_moments(std::span<const float> gradient, float maximum, unsigned random_bits,
                            traces::Alpha alpha);

}  // namespace quatrain::sim::study
