#pragma once
/// The faults of tests/faults/rtl_models/, and one register too many at an edge, each in an array of 4 x 4
/// PEs of either fidelity with the smallest GEMM or tensor that shows it.

#include "tests/support/planted_fault.hpp"

#include <vector>

namespace quatrain::tests {

/// SystemC elaborates once per process: call make() of all faults that are wanted before the first of them
/// multiplies.
std::vector<PlantedFault> systemc_faults();

}  // namespace quatrain::tests
