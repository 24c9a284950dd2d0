#pragma once
/// The faults of tests/faults/rtl_models/ that are in the quantizer beside the array, each with the smallest
/// tensor that shows it. The quantizer has 4 lanes.

#include "tests/support/planted_fault.hpp"

#include <vector>

namespace quatrain::tests {

/// As systemc_faults().
std::vector<PlantedFault> systemc_quantizer_faults();

}  // namespace quatrain::tests
