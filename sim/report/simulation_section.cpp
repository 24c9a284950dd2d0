#include "sim/report/numbers.hpp"
#include "sim/report/sections.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quatrain::sim::report {
namespace {

/// An accelerator's energy at a node, or null.
const TechnologyResult* find_node(const Simulation& simulation, const std::string& node) {
  for (const TechnologyResult& technology : simulation.technologies)
    if (technology.name == node) return &technology;
  return nullptr;
}

std::optional<Part> find_part(const Simulation& simulation, const std::string& layer, traces::Phase phase) {
  for (const Part& part : parts_by_phase(simulation.records))
    if (part.first->layer == layer && part.first->phase == phase) return part;
  return std::nullopt;
}

std::optional<Part> find_part(const Simulation& simulation, const Part& like) {
  return find_part(simulation, like.first->layer, like.first->phase);
}

const Bounds* find_energy(const Simulation& simulation, const Part& part, const std::string& node) {
  for (std::size_t i = 0; i < simulation.technologies.size(); ++i)
    if (simulation.technologies[i].name == node) return &part.tally.energy_pj[i];
  return nullptr;
}

/// Every layer and phase that a simulation has: layers in the order of their forward products, their phases
/// in the order forward, backward_data, backward_weight.
std::vector<Part> all_parts(const Report& report) {
  std::vector<std::string> layers;
  for (const Simulation& simulation : report.simulations)
    for (const RecordResult& record : simulation.records)
      if (std::find(layers.begin(), layers.end(), record.layer) == layers.end())
        layers.push_back(record.layer);
  std::vector<Part> parts;
  for (const std::string& layer : layers)
    for (const traces::Phase phase :
         {traces::Phase::forward, traces::Phase::backward_data, traces::Phase::backward_weight})
      for (const Simulation& simulation : report.simulations)
        if (const auto found = find_part(simulation, layer, phase)) {
          parts.push_back(*found);
          break;
        }
  return parts;
}

std::string in_words(traces::Phase phase) { return std::string(traces::name_of(phase)); }

std::vector<std::string> all_nodes(const Report& report) {
  std::vector<std::string> nodes;
  for (const Simulation& simulation : report.simulations)
    for (const TechnologyResult& technology : simulation.technologies)
      if (std::find(nodes.begin(), nodes.end(), technology.name) == nodes.end())
        nodes.push_back(technology.name);
  return nodes;
}

void append_bounds(std::vector<Cell>& row, const Bounds* energy) {
  for (const double Bounds::*bound : {&Bounds::low, &Bounds::nominal, &Bounds::high})
    row.emplace_back(energy == nullptr ? "" : microjoules(energy->*bound));
}

std::string replay_in_words(const Simulation& simulation) {
  if (!simulation.replay) return "closed form only";
  const ReplaySummary& replay = *simulation.replay;
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
                          {"overall utilization"},
                          {"replayed on", Align::left}},
              .rows = {}};
  for (const Simulation& simulation : report.simulations) {
    const bool differs = simulation.replay && !simulation.replay->equal();
    table.rows.push_back(
        {simulation.config.name,
         fmt::format("{} x {}", simulation.config.array.rows, simulation.config.array.columns),
         significant(simulation.config.clock_mhz),
         grouped(simulation.total.use.cycles),
         significant(milliseconds(simulation.config, simulation.total)),
         significant(dram_milliseconds(simulation.config, simulation.total)),
         grouped(simulation.total.use.macs),
         grouped(simulation.total.in_range_macs),
         percent(simulation.total.use.overall()),
         {replay_in_words(simulation), differs ? Tone::bad : Tone::plain}});
  }
  return table;
}

Table totals_table(const Report& report) {
  Table table{.title = "Energy in microjoules",
              .columns = {{"node", Align::left},
                          {"accelerator", Align::left},
                          {"low"},
                          {"nominal"},
                          {"high"},
                          {"kind of the constants", Align::left}},
              .rows = {}};
  for (const std::string& node : all_nodes(report))
    for (const Simulation& simulation : report.simulations)
      if (const TechnologyResult* technology = find_node(simulation, node)) {
        std::vector<Cell>& row = table.rows.emplace_back(std::vector<Cell>{node, simulation.config.name});
        append_bounds(row, &technology->energy_pj);
        row.emplace_back(kinds_of(technology->components));
      }
  return table;
}

Table cycles_by_part(const Report& report) {
  Table table{.title = "Cycles by layer and phase",
              .columns = {{"layer", Align::left}, {"phase", Align::left}, {"MACs"}, {"in range"}},
              .rows = {}};
  for (const Simulation& simulation : report.simulations) table.columns.push_back({simulation.config.name});
  for (const Part& part : all_parts(report)) {
    std::vector<Cell>& row = table.rows.emplace_back(
        std::vector<Cell>{part.first->layer, in_words(part.first->phase), grouped(part.tally.use.macs),
                          grouped(part.tally.in_range_macs)});
    for (const Simulation& simulation : report.simulations) {
      const std::optional<Part> found = find_part(simulation, part);
      row.emplace_back(!found ? "" : grouped(found->tally.use.cycles));
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
      table.columns.push_back({fmt::format("{} {}", simulation.config.name, bound)});
  for (const Part& part : all_parts(report)) {
    std::vector<Cell>& row =
        table.rows.emplace_back(std::vector<Cell>{part.first->layer, in_words(part.first->phase)});
    for (const Simulation& simulation : report.simulations) {
      const std::optional<Part> found = find_part(simulation, part);
      append_bounds(row, !found ? nullptr : find_energy(simulation, *found, node));
    }
  }
  return table;
}

/// What an accelerator spends in a component, "" for all where it has none.
void append_total(std::vector<Cell>& row, const TechnologyResult* technology, std::string_view component) {
  if (technology != nullptr)
    for (const ComponentTotal& total : totals_by_component(technology->components))
      if (name_of(total.component) == component) {
        append_bounds(row, &total.energy_pj);
        row.emplace_back(total.kinds);
        return;
      }
  row.insert(row.end(), 4, Cell(""));
}

Table energy_by_component(const Report& report, const std::string& node) {
  Table table{
      .title = fmt::format("Energy by component at {}, microjoules, with the kind of its constants", node),
      .columns = {{"component", Align::left}},
      .rows = {}};
  for (const Simulation& simulation : report.simulations) {
    for (const char* bound : {"low", "nominal", "high"})
      table.columns.push_back({fmt::format("{} {}", simulation.config.name, bound)});
    table.columns.push_back({"kind", Align::left});
  }
  for (const std::string_view component : component_words) {
    std::vector<Cell> row = {std::string(component)};
    for (const Simulation& simulation : report.simulations)
      append_total(row, find_node(simulation, node), component);
    const auto is_empty = [](const Cell& cell) { return cell.text.empty(); };
    if (!std::all_of(row.begin() + 1, row.end(), is_empty)) table.rows.push_back(std::move(row));
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
  const std::vector<Part> parts = all_parts(report);
  for (const Part& part : parts)
    chart.labels.push_back(part.first->layer + " " + in_words(part.first->phase));
  for (const Simulation& simulation : report.simulations) {
    Series series{.name = simulation.config.name, .y = {}, .x = {}, .bounds = {}};
    for (const Part& part : parts) {
      const std::optional<Part> found = find_part(simulation, part);
      const Bounds* energy = !found ? nullptr : find_energy(simulation, *found, node);
      const Bounds drawn = energy == nullptr ? Bounds{} : *energy;
      series.y.push_back(drawn.nominal * 1e-6);
      series.bounds.emplace_back(drawn.low * 1e-6, drawn.high * 1e-6);
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

Table components_table(const Simulation& simulation, const TechnologyResult& technology) {
  Table table{
      .title = fmt::format("Where the energy of {} goes at {}", simulation.config.name, technology.name),
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
  for (const ComponentEnergy& line : technology.components) {
    std::vector<Cell>& row = table.rows.emplace_back(
        std::vector<Cell>{std::string(name_of(line.component)), grouped(line.events), line.per_event.unit});
    for (const double Bounds::*bound : {&Bounds::low, &Bounds::nominal, &Bounds::high})
      row.emplace_back(significant(line.per_event.pj.*bound));
    append_bounds(row, &line.energy_pj);
    row.emplace_back(line.per_event.kind);
    row.emplace_back(line.per_event.source);
  }
  return table;
}

Table activity_table(const Report& report) {
  Table table{.title = "Bytes moved, utilization and activity",
              .columns = {{"accelerator", Align::left},
                          {"bytes left"},
                          {"bytes right"},
                          {"bytes result"},
                          {"bytes quantizers"},
                          {"spatial utilization"},
                          {"temporal utilization"},
                          {"overall utilization"},
                          {"in-range utilization"},
                          {"MACs with a zero operand"},
                          {"left toggles"},
                          {"right toggles"},
                          {"accumulator toggles"}},
              .rows = {},
              .is_detail = true};
  for (const Simulation& simulation : report.simulations) {
    std::vector<Cell>& row = table.rows.emplace_back(std::vector<Cell>{simulation.config.name});
    const Traffic& traffic = simulation.total.traffic;
    for (const std::uint64_t bytes :
         {traffic.left_bytes, traffic.right_bytes, traffic.result_bytes, traffic.quantizer_bytes})
      row.emplace_back(grouped(bytes));
    for (const double utilization :
         {simulation.total.use.spatial(), simulation.total.use.temporal(), simulation.total.use.overall(),
          simulation.total.use.overall_of(simulation.total.in_range_macs)})
      row.emplace_back(percent(utilization));
    const auto counted = [&](std::uint64_t rtl_models::Activity::*events) {
      row.emplace_back(simulation.total.activity ? grouped((*simulation.total.activity).*events)
                                                 : "not simulated");
    };
    counted(&rtl_models::Activity::zero_operand_macs);
    counted(&rtl_models::Activity::left_toggles);
    counted(&rtl_models::Activity::right_toggles);
    counted(&rtl_models::Activity::accumulator_toggles);
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
      const std::string line = is_shared ? limit : fmt::format("{}: {}", simulation.config.name, limit);
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
    for (Table table : {energy_by_part(report, node), energy_by_component(report, node)}) {
      table.is_detail = node != nodes.front();
      section.tables.push_back(std::move(table));
    }
  }
  if (!nodes.empty()) section.charts.push_back(energy_chart(report, nodes.front()));
  Table differences{.title = "Where the replay differs",
                    .columns = {{"accelerator", Align::left}, {"difference", Align::left}},
                    .rows = {}};
  for (const Simulation& simulation : report.simulations)
    if (simulation.replay)
      for (const std::string& line : simulation.replay->differences)
        differences.rows.push_back({{simulation.config.name, Tone::bad}, line});
  if (!differences.rows.empty()) section.tables.push_back(std::move(differences));
  for (const Simulation& simulation : report.simulations)
    for (const TechnologyResult& technology : simulation.technologies)
      section.tables.push_back(components_table(simulation, technology));
  section.tables.push_back(activity_table(report));
  section.limits = limits_of(report);
  return section;
}

}  // namespace quatrain::sim::report
