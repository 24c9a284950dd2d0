#pragma once
/// Two designs priced by one table, as ratios (docs/energy.md, "Comparing two designs").

#include "sim/accelerator/energy.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quatrain::sim {

/// Energy of a design divided by that of a reference.
struct EnergyRatio {
  /// Low with low, nominal with nominal, high with high: the bounds of a family move together. Its `low` need
  /// not be the smallest.
  Bounds paired;
  /// The extremes where every family takes its low, nominal or high for both designs, but each by itself.
  double smallest = 0, largest = 0;
  /// "pe_combinational: energy per gate against Jouppi 2021": components whose constants in the two designs
  /// are of different families. Empty where no ratio mixes them.
  std::vector<std::string> mixed;
};

/// Neither design's energy is 0 at any bound, or nothing comes out. Both were priced by one table.
std::optional<EnergyRatio> energy_ratio(std::span<const ComponentEnergy> design,
                                        std::span<const ComponentEnergy> reference);

/// Each voltage of the constants once, in volts ascending, then those without: "0.7 V (assumed), not stated".
std::string voltages_of(std::span<const ComponentEnergy> lines);
/// Their families, each once, in the order of the lines: "energy per gate, CACTI 7".
std::string families_of(std::span<const ComponentEnergy> lines);

}  // namespace quatrain::sim
