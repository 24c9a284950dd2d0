#pragma once
/// Results of many designs as tables for spreadsheets: one row per design and workload, and one per layer.

#include "sim/accelerator/simulate.hpp"
#include "sim/sweep/design_axes.hpp"

#include <string>
#include <vector>

namespace quatrain::sim {

/// A field of a CSV file: in quotes where it has to be.
std::string csv_field(const std::string& text);

/// What the first columns of a row say.
struct RowLabel {
  std::string design;
  std::vector<Override> overrides = {};
};

/// Columns of all rows: the keys that were set, and the technologies whose energies are told.
struct RowColumns {
  std::vector<std::string> keys = {}, technologies = {};

  /// the first ones, "refused", the technology by which studies compare it, what the design is, every
  /// figure, energies by technology and component, areas.
  std::string design_headings() const;
  std::string design_row(const RowLabel& label, const Simulation& simulation) const;
  /// Of a design that could not be simulated: why, and no figure.
  std::string refused_row(const RowLabel& label, const WorkloadSource& workload,
                          const std::string& why) const;

  /// The first ones, then the columns of a simulation's own CSV.
  std::string layer_headings() const;
  std::vector<std::string> layer_rows(const RowLabel& label, const Simulation& simulation) const;

 private:
  /// design, workload, file, phases, batch, values, the keys.
  std::string first_headings() const;
  std::string beginning(const RowLabel& label, const WorkloadSource& workload) const;
};

}  // namespace quatrain::sim
