#pragma once
/// The energies of a simulation follow from its event counts and a technology table alone, its area from the
/// config and the table.

#include "sim/accelerator/simulate.hpp"

#include <span>

namespace quatrain::sim {

/// Gives every record and the total their energies, in place of those that they have. Throws Error when a
/// table's name occurs twice or a table lacks a row that an event needs.
void price(Simulation& simulation, std::span<const Technology> technologies);

}  // namespace quatrain::sim
