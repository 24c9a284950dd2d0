#pragma once
/// What a comparison with a trace found, as text for the terminal.

#include "sim/verify/cross_check.hpp"

namespace quatrain::sim {

/// The trace, what ran, what was not supported, the differences; at the end one line for each machine.
void print_cross_check(const CrossCheck& check);

}  // namespace quatrain::sim
