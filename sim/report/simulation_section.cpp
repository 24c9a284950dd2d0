#include "sim/report/numbers.hpp"
#include "sim/report/sections.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quatrain::sim::report {
namespace {

/// An accelerator's energy at a node, or null.
const TechnologyEnergy* find_node(const Simulation& simulation, const std::string& node) {
  for (const TechnologyEnergy& technology : simulation.technologies)
    if (technology.node == node) return &technology;
  return nullptr;
}

const SimulatedPart* find_part(const Simulation& simulation, const SimulatedPart& like) {
  for (const SimulatedPart& part : simulation.parts)
    if (part.layer == like.layer && part.phase == like.phase) return &part;
  return nullptr;
}

const Bounds* find_energy(const SimulatedPart& part, const std::string& node) {
  for (const auto& [name, energy] : part.energy_pj)
    if (name == node) return &energy;
  return nullptr;
}

/// Every layer and phase that a simulation has: layers in the order of their forward products, their phases
/// in the order forward, backward_data, backward_weight.
std::vector<SimulatedPart> all_parts(const Report& report) {
  std::vector<std::string> layers;
  for (const Simulation& simulation : report.simulations)
    for (const SimulatedPart& part : simulation.parts)
      if (std::find(layers.begin(), layers.end(), part.layer) == layers.end()) layers.push_back(part.layer);
  std::vector<SimulatedPart> parts;
  for (const std::string& layer : layers)
    for (const char* phase : {"forward", "backward_data", "backward_weight"})
      for (const Simulation& simulation : report.simulations) {
        const SimulatedPart* found = find_part(simulation, {.layer = layer, .phase = phase, .energy_pj = {}});
        if (found == nullptr) continue;
        parts.push_back(*found);
        break;
      }
  return parts;
}

std::vector<std::string> all_nodes(const Report& report) {
  std::vector<std::string> nodes;
  for (const Simulation& simulation : report.simulations)
    for (const TechnologyEnergy& technology : simulation.technologies)
      if (std::find(nodes.begin(), nodes.end(), technology.node) == nodes.end())
        nodes.push_back(technology.node);
  return nodes;
}

void append_bounds(std::vector<Cell>& row, const Bounds* energy) {
  for (const double Bounds::*bound : {&Bounds::low, &Bounds::nominal, &Bounds::high})
    row.emplace_back(energy == nullptr ? "" : microjoules(energy->*bound));
}

std::string replay_in_words(const Simulation& simulation) {
  if (!simulation.replay) return "closed form only";
  const Replay& replay = *simulation.replay;
  return fmt::format("{}: {} of {} GEMMs equal, cycles {}, {} tiles at pe", replay.ran_on, replay.gemms_equal,
                     replay.gemms, replay.cycles_equal ? "equal" : "DIFFERENT", replay.pe_tiles_checked);
}

Table cycles_table(const Report& report) {
  Table table{.title = "Cycles",
              .columns = {{"accelerator", Align::left},
                          {"PEs"},
                          {"MHz"},
                          {"cycles"},
                          {"ms"},
                          {"DRAM ms"},
                          {"MACs"},
                          {"in range"},
                          {"utilization"},
                          {"replayed on", Align::left}},
              .rows = {}};
  for (const Simulation& simulation : report.simulations) {
    const bool differs = simulation.replay && !simulation.replay->is_equal();
    table.rows.push_back({simulation.accelerator,
                          fmt::format("{} x {}", simulation.rows, simulation.columns),
                          significant(simulation.clock_mhz),
                          grouped(simulation.cycles),
                          significant(simulation.milliseconds),
                          significant(simulation.dram_milliseconds),
                          grouped(simulation.macs),
                          grouped(simulation.in_range_macs),
                          percent(simulation.utilization[2]),
                          {replay_in_words(simulation), differs ? Tone::bad : Tone::plain}});
  }
  return table;
}

Table totals_table(const Report& report) {
  Table table{
      .title = "Energy in microjoules",
      .columns = {{"node", Align::left}, {"accelerator", Align::left}, {"low"}, {"nominal"}, {"high"}},
      .rows = {}};
  for (const std::string& node : all_nodes(report))
    for (const Simulation& simulation : report.simulations)
      if (const TechnologyEnergy* technology = find_node(simulation, node)) {
        std::vector<Cell>& row = table.rows.emplace_back(std::vector<Cell>{node, simulation.accelerator});
        append_bounds(row, &technology->energy_pj);
      }
  return table;
}

Table cycles_by_part(const Report& report) {
  Table table{.title = "Cycles by layer and phase",
              .columns = {{"layer", Align::left}, {"phase", Align::left}, {"MACs"}, {"in range"}},
              .rows = {}};
  for (const Simulation& simulation : report.simulations) table.columns.push_back({simulation.accelerator});
  for (const SimulatedPart& part : all_parts(report)) {
    std::vector<Cell>& row = table.rows.emplace_back(
        std::vector<Cell>{part.layer, part.phase, grouped(part.macs), grouped(part.in_range_macs)});
    for (const Simulation& simulation : report.simulations) {
      const SimulatedPart* found = find_part(simulation, part);
      row.emplace_back(found == nullptr ? "" : grouped(found->cycles));
    }
  }
  return table;
}

Table energy_by_part(const Report& report, const std::string& node) {
  Table table{.title = fmt::format("Energy by layer and phase at {}, microjoules", node),
              .columns = {{"layer", Align::left}, {"phase", Align::left}},
              .rows = {}};
  for (const Simulation& simulation : report.simulations)
    for (const char* bound : {"low", "nominal", "high"})
      table.columns.push_back({fmt::format("{} {}", simulation.accelerator, bound)});
  for (const SimulatedPart& part : all_parts(report)) {
    std::vector<Cell>& row = table.rows.emplace_back(std::vector<Cell>{part.layer, part.phase});
    for (const Simulation& simulation : report.simulations) {
      const SimulatedPart* found = find_part(simulation, part);
      append_bounds(row, found == nullptr ? nullptr : find_energy(*found, node));
    }
  }
  return table;
}

Chart energy_chart(const Report& report, const std::string& node) {
  Chart chart{.kind = Chart::Kind::ranges,
              .title = fmt::format("Energy by layer and phase at {}: low to high, nominal marked", node),
              .x_label = "",
              .y_label = "microjoules",
              .labels = {},
              .series = {}};
  const std::vector<SimulatedPart> parts = all_parts(report);
  for (const SimulatedPart& part : parts) chart.labels.push_back(part.layer + " " + part.phase);
  for (const Simulation& simulation : report.simulations) {
    Series series{.name = simulation.accelerator, .y = {}, .x = {}, .bounds = {}};
    for (const SimulatedPart& part : parts) {
      const SimulatedPart* found = find_part(simulation, part);
      const Bounds* energy = found == nullptr ? nullptr : find_energy(*found, node);
      const Bounds drawn = energy == nullptr ? Bounds{} : *energy;
      series.y.push_back(drawn.nominal * 1e-6);
      series.bounds.emplace_back(drawn.low * 1e-6, drawn.high * 1e-6);
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

Table components_table(const Simulation& simulation, const TechnologyEnergy& technology) {
  Table table{
      .title = fmt::format("Where the energy of {} goes at {}", simulation.accelerator, technology.node),
      .columns = {{"component", Align::left},
                  {"events"},
                  {"unit", Align::left},
                  {"pJ each, low"},
                  {"nominal"},
                  {"high"},
                  {"uJ, low"},
                  {"nominal"},
                  {"high"},
                  {"kind", Align::left},
                  {"source", Align::left}},
      .rows = {},
      .is_detail = true};
  for (const EnergyComponent& component : technology.components) {
    std::vector<Cell>& row = table.rows.emplace_back(
        std::vector<Cell>{component.component, grouped(component.events), component.unit});
    for (const double Bounds::*bound : {&Bounds::low, &Bounds::nominal, &Bounds::high})
      row.emplace_back(significant(component.pj_per_event.*bound));
    append_bounds(row, &component.energy_pj);
    row.emplace_back(component.kind);
    row.emplace_back(component.source);
  }
  return table;
}

Table activity_table(const Report& report) {
  Table table{.title = "Bytes moved and activity",
              .columns = {{"accelerator", Align::left},
                          {"bytes left"},
                          {"bytes right"},
                          {"bytes result"},
                          {"bytes quantizers"},
                          {"spatial utilization"},
                          {"temporal utilization"},
                          {"MACs with a zero operand"},
                          {"left toggles"},
                          {"right toggles"},
                          {"accumulator toggles"}},
              .rows = {},
              .is_detail = true};
  for (const Simulation& simulation : report.simulations) {
    std::vector<Cell>& row = table.rows.emplace_back(std::vector<Cell>{simulation.accelerator});
    for (const std::uint64_t bytes : simulation.bytes) row.emplace_back(grouped(bytes));
    row.emplace_back(percent(simulation.utilization[0]));
    row.emplace_back(percent(simulation.utilization[1]));
    const auto counted = [&](std::uint64_t Activity::*events) {
      row.emplace_back(simulation.activity ? grouped((*simulation.activity).*events) : "not simulated");
    };
    counted(&Activity::zero_operand_macs);
    counted(&Activity::left_toggles);
    counted(&Activity::right_toggles);
    counted(&Activity::accumulator_toggles);
  }
  return table;
}

/// A limit that all accelerators share is said once.
std::vector<std::string> limits_of(const Report& report) {
  std::vector<std::string> limits;
  const auto has = [](const Simulation& simulation, const std::string& limit) {
    return std::find(simulation.limits.begin(), simulation.limits.end(), limit) != simulation.limits.end();
  };
  for (const Simulation& simulation : report.simulations)
    for (const std::string& limit : simulation.limits) {
      const bool is_shared = std::all_of(report.simulations.begin(), report.simulations.end(),
                                         [&](const Simulation& other) { return has(other, limit); });
      const std::string line = is_shared ? limit : fmt::format("{}: {}", simulation.accelerator, limit);
      if (std::find(limits.begin(), limits.end(), line) == limits.end()) limits.push_back(line);
    }
  return limits;
}

}  // namespace

std::optional<Section> simulation_section(const Report& report) {
  if (report.simulations.empty()) return std::nullopt;
  Section section{.title = "Cycles and energy", .text = {}, .charts = {}, .tables = {}, .limits = {}};
  section.text.push_back(fmt::format("Scope: {}.", report.simulations.front().scope));
  section.text.emplace_back(
      "Replayed: the SystemC array computed every GEMM again; accumulators are compared with the trace, "
      "cycles with the closed form, sampled tiles with the structural model. DRAM ms is what the bytes "
      "alone take; stalls are not modelled.");
  section.text.emplace_back(
      "Energy is event counts times a technology table, given as low, nominal and high: the bounds say "
      "how well the constants are known, and no single ratio between designs follows from them.");
  section.tables = {cycles_table(report), totals_table(report), cycles_by_part(report)};
  const std::vector<std::string> nodes = all_nodes(report);
  for (const std::string& node : nodes) {
    section.tables.push_back(energy_by_part(report, node));
    section.tables.back().is_detail = node != nodes.front();
  }
  if (!nodes.empty()) section.charts.push_back(energy_chart(report, nodes.front()));
  Table differences{.title = "Where the replay differs",
                    .columns = {{"accelerator", Align::left}, {"difference", Align::left}},
                    .rows = {}};
  for (const Simulation& simulation : report.simulations)
    if (simulation.replay)
      for (const std::string& line : simulation.replay->differences)
        differences.rows.push_back({{simulation.accelerator, Tone::bad}, line});
  if (!differences.rows.empty()) section.tables.push_back(std::move(differences));
  for (const Simulation& simulation : report.simulations)
    for (const TechnologyEnergy& technology : simulation.technologies)
      section.tables.push_back(components_table(simulation, technology));
  section.tables.push_back(activity_table(report));
  section.limits = limits_of(report);
  return section;
}

}  // namespace quatrain::sim::report
