#pragma once
/// The faults of tests/faults/emu/ in emu.naive and emu.blocked, each with the smallest case that shows it
/// and the place where a checker must point.

#include "tests/support/planted_fault.hpp"

#include <vector>

namespace quatrain::tests {

/// The machines of emu.blocked run on the chosen path with two threads. A fault of kind "stale" shows after
/// an earlier GEMM of the same sizes whose right operand is zero.
std::vector<PlantedFault> emu_faults();

}  // namespace quatrain::tests
