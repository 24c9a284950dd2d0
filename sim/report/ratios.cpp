#include "sim/report/ratios.hpp"

#include "sim/report/designs.hpp"
#include "sim/report/numbers.hpp"
#include "traces/base/joined.hpp"

#include <fmt/format.h>

namespace quatrain::sim::report {
namespace {

double milliseconds_of(const Design& design) {
  return milliseconds(design.simulation.config, design.simulation.total);
}

std::string voltages_of_both(const TechnologyResult& a, const TechnologyResult& b) {
  std::vector<ComponentEnergy> lines = a.components;
  lines.insert(lines.end(), b.components.begin(), b.components.end());
  return voltages_of(lines);
}

}  // namespace

Ratios ratios_of(const Report& report) {
  Ratios ratios;
  ratios.reference = headline_design(report);
  if (ratios.reference == nullptr) return ratios;
  const double reference_time = milliseconds_of(*ratios.reference);
  for (const TechnologyResult& table : ratios.reference->simulation.technologies)
    for (const Design& design : report.designs) {
      if (&design == ratios.reference || reference_time <= 0) continue;
      for (const TechnologyResult& other : design.simulation.technologies) {
        if (other.name != table.name || other.table_sha256 != table.table_sha256) continue;
        if (const auto energy = energy_ratio(other.components, table.components))
          ratios.list.push_back({&design, table.name, milliseconds_of(design) / reference_time, *energy,
                                 voltages_of_both(table, other)});
      }
    }
  return ratios;
}

Table ratio_table(const Ratios& ratios) {
  Table table{.title = fmt::format("Ratios to {}, bound by bound", ratios.reference->label),
              .columns = {{"node", Align::left}, {"accelerator", Align::left}, {"time"}},
              .rows = {}};
  for (const Bound& bound : bounds_in_order) table.columns.push_back({fmt::format("energy, {}", bound.name)});
  table.columns.push_back({"families apart"});
  table.columns.push_back({"mixed families", Align::left});
  table.columns.push_back({"voltages of the constants", Align::left});
  for (const DesignRatio& ratio : ratios.list) {
    std::vector<Cell>& row =
        table.rows.emplace_back(std::vector<Cell>{ratio.node, ratio.design->label, significant(ratio.time)});
    for (const Bound& bound : bounds_in_order)
      row.emplace_back(significant(ratio.energy.paired.*bound.member));
    row.emplace_back(
        fmt::format("{} to {}", significant(ratio.energy.smallest), significant(ratio.energy.largest)));
    row.emplace_back(ratio.energy.mixed.empty() ? "none" : base::joined(ratio.energy.mixed, "; "));
    row.emplace_back(ratio.voltages);
  }
  return table;
}

}  // namespace quatrain::sim::report
