#pragma once
/// A simulation as text for a terminal: cycles and energy of each layer and phase (steps summed), energy of
/// each component with the kind of its constants, totals, limits.

#include "sim/accelerator/simulate.hpp"

#include <cstdint>
#include <string>

namespace quatrain::sim {

/// 0 of nothing.
double percent(std::uint64_t part, std::uint64_t whole);

/// Energies in microjoules with their bounds; those of a layer and phase use the config's first technology.
/// At most 125 columns.
std::string simulation_table(const Simulation& simulation);

}  // namespace quatrain::sim
