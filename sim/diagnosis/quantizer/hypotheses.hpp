#pragma once
/// The hypotheses about quantizers, a file each.

#include "sim/diagnosis/differing_quantizer.hpp"

#include <vector>

namespace quatrain::sim::diagnosis {

std::vector<QuantizerClaim> ties();
std::vector<QuantizerClaim> rounding();
std::vector<QuantizerClaim> threshold();
std::vector<QuantizerClaim> draw();
std::vector<QuantizerClaim> scaling();
std::vector<QuantizerClaim> range();
std::vector<QuantizerClaim> clamp();
std::vector<QuantizerClaim> packing();

}  // namespace quatrain::sim::diagnosis
