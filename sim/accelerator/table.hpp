#pragma once
/// A simulation as text for a terminal: a row a layer and phase (steps summed), the totals, the limits.

#include "sim/accelerator/simulate.hpp"

#include <string>

namespace quatrain::sim {

/// Energies in microjoules with their bounds; the rows use the config's first technology. At most 110
/// columns.
std::string simulation_table(const Simulation& simulation);

}  // namespace quatrain::sim
