#pragma once
/// The faults of tests/faults/kernels/, each in a machine of the SIMT build with the smallest case that shows
/// it. The kernels on a GPU are the same source.

#include "tests/support/planted_fault.hpp"

#include <vector>

namespace quatrain::tests {

std::vector<PlantedFault> kernel_faults();

}  // namespace quatrain::tests
