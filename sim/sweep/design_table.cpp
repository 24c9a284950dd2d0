#include "sim/sweep/design_table.hpp"

#include "sim/accelerator/figures.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quatrain::sim {
namespace {

template <typename Value>
void add_new(std::vector<Value>& list, const Value& value) {
  if (std::ranges::find(list, value) == list.end()) list.push_back(value);
}

std::string replay_word(const Simulation& simulation) {
  if (!simulation.replay) return "none";
  const bool is_equal =
      simulation.replay->equal() && (!simulation.quantizer_replay || simulation.quantizer_replay->equal());
  return is_equal ? "equal" : "DIFFERENT";
}

std::string shown(std::string_view column, const Simulation& simulation) {
  const Figure& one = figure(column);
  return text_of(one.quantity, one.value(simulation.config, simulation.total));
}

}  // namespace

std::string DesignTable::text() const {
  constexpr double uj_per_pj = 1e-6, mb_per_byte = 1e-6;
  std::size_t design = 6, workload = 8;
  for (const auto& [label, simulation] : all_) {
    design = std::max(design, simulation.config.name.size());
    workload = std::max(workload, simulation.workload.name.size());
  }
  std::string text =
      fmt::format("{:<{}} {:<{}} {:>5} {:>14} {:>14} {:>12} {:>6} {:>12} {:>12} {:>12} {:<6} {}\n", "design",
                  design, "workload", workload, "batch", "cycles", "milliseconds", "DRAM MB", "use %",
                  "uJ low", "nominal", "high", "at", "replay");
  for (const auto& [label, simulation] : all_) {
    const WorkloadSource& source = simulation.workload;
    const TechnologyResult& technology = simulation.technologies.front();
    text += fmt::format(
        "{:<{}} {:<{}} {:>5} {:>14} {:>14} {:>12.3f} {:>6} {:>12.3f} {:>12.3f} {:>12.3f} {:<6} {}\n",
        simulation.config.name, design, base::printable(source.name), workload,
        source.is_trace() ? "-" : fmt::format("{}", source.batch), shown("cycles", simulation),
        shown("milliseconds", simulation),
        mb_per_byte * static_cast<double>(simulation.total.traffic.total_bytes()),
        shown("utilization_overall", simulation), uj_per_pj * technology.energy_pj.low,
        uj_per_pj * technology.energy_pj.nominal, uj_per_pj * technology.energy_pj.high, technology.name,
        replay_word(simulation));
  }
  return text;
}

std::string DesignTable::csv() const {
  RowColumns columns;
  for (const auto& [label, simulation] : all_) {
    for (const Override& one : label.overrides) add_new(columns.keys, one.key);
    for (const TechnologyResult& technology : simulation.technologies)
      add_new(columns.technologies, technology.name);
  }
  std::string csv = columns.design_headings() + "\n";
  for (const auto& [label, simulation] : all_)
    csv += columns.design_row({simulation.config.name, label.overrides}, simulation) + "\n";
  return csv;
}

}  // namespace quatrain::sim
