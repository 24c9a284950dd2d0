#pragma once
/// The designs of a report beside each other: their layers and phases once, and what their figures look like.

#include "sim/accelerator/figures.hpp"
#include "sim/report/page.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quatrain::sim::report {

/// A layer and phase of the trace.
struct Place {
  std::string layer;
  traces::Phase phase = traces::Phase::forward;
  friend bool operator==(const Place&, const Place&) = default;
};

/// A design with its records summed by layer and phase. The design outlives it.
struct ShownDesign {
  const Design* design = nullptr;
  std::vector<Part> parts;

  const std::string& label() const { return design->label; }
  const Simulation& simulation() const { return design->simulation; }
  const Part* part(const Place& place) const;                         ///< null where it has no record
  const TechnologyResult* technology(const std::string& node) const;  ///< null where it was not priced there
  const Bounds* energy_pj(const Part& part, const std::string& node) const;
};

std::vector<ShownDesign> shown_designs(const Report& report);

/// Layers in the order of the trace's forward products; for each layer forward, backward_data,
/// backward_weight.
std::vector<Place> places_of(const std::vector<ShownDesign>& designs);
std::vector<std::string> nodes_of(const std::vector<ShownDesign>& designs);

/// As tables show it: grouped counts, shares in percent, four digits of a time; "not simulated" for nothing.
std::string shown_figure(const Figure& figure, const AcceleratorConfig& config, const Tally& tally);

/// Low, nominal and high in microjoules, empty cells for null.
void append_bounds(std::vector<Cell>& row, const Bounds* energy_pj);

/// "array.rows" -> "32": paths as --set takes them, values in JSON, in the order of the configuration.
std::vector<std::pair<std::string, std::string>> keys_of(const AcceleratorConfig& config);

/// The keys of the configurations in which the designs differ; no row for a single design.
Table differing_keys(const std::vector<ShownDesign>& designs);

/// Parts and total of each design at each node.
Table area_table(const std::vector<ShownDesign>& designs);

/// Adds the tables and the chart of the energies to the section.
void add_energy(const std::vector<ShownDesign>& designs, Section& section);

}  // namespace quatrain::sim::report
