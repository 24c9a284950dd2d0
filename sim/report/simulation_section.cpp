#include "sim/report/designs.hpp"
#include "sim/report/numbers.hpp"
#include "sim/report/ratios.hpp"
#include "sim/report/sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace quatrain::sim::report {
namespace {

std::string replay_in_words(const Simulation& simulation) {
  if (!simulation.replay) return "closed form only";
  const ReplayFindings& replay = *simulation.replay;
  const auto in_words = [](bool is_equal) { return is_equal ? "equal" : "DIFFERENT"; };
  std::string text =
      fmt::format("{}: {} of {} GEMMs equal, cycles {}, {} tiles at pe", replay.ran_on, replay.gemms_equal,
                  replay.gemms, in_words(replay.cycles_equal), replay.pe_tiles_checked);
  if (const auto& quantizers = simulation.quantizer_replay)
    text += fmt::format("; {} of {} quantizers equal, their cycles {}", quantizers->quantizers_equal,
                        quantizers->quantizers, in_words(quantizers->cycles_equal));
  return text;
}

/// "DRAM time, ms"; a share's unit stands in its cells.
std::string heading_of(const Figure& figure) {
  const std::string_view unit = figure.quantity == Quantity::milliseconds ? unit_of(figure.quantity) : "";
  return unit.empty() ? std::string(figure.heading) : fmt::format("{}, {}", figure.heading, unit);
}

/// The figures of a design that the other tables begin with.
constexpr std::array<std::string_view, 8> first_figures = {
    "cycles",       "milliseconds", "dram_milliseconds", "longer_milliseconds",
    "memory_bound", "macs",         "in_range_macs",     "utilization_overall"};

Table cycles_table(const std::vector<ShownDesign>& designs) {
  Table table{.title = "Cycles", .columns = {{"accelerator", Align::left}, {"PEs"}, {"MHz"}}, .rows = {}};
  for (const std::string_view name : first_figures) table.columns.push_back({heading_of(figure(name))});
  table.columns.push_back({"replayed on", Align::left});
  for (const ShownDesign& design : designs) {
    const Simulation& simulation = design.simulation();
    const AcceleratorConfig& config = simulation.config;
    std::vector<Cell>& row = table.rows.emplace_back(
        std::vector<Cell>{design.label(), fmt::format("{} x {}", config.array.rows, config.array.columns),
                          significant(config.clock_mhz)});
    for (const std::string_view name : first_figures)
      row.emplace_back(shown_figure(figure(name), config, simulation.total));
    const bool differs = (simulation.replay && !simulation.replay->equal()) ||
                         (simulation.quantizer_replay && !simulation.quantizer_replay->equal());
    row.emplace_back(replay_in_words(simulation), differs ? Tone::bad : Tone::plain);
  }
  return table;
}

/// Every figure there is, one row each.
Table figures_table(const std::vector<ShownDesign>& designs) {
  Table table{.title = "All figures, with what they mean",
              .columns = {{"figure", Align::left}, {"meaning", Align::left}},
              .rows = {},
              .is_detail = true};
  for (const ShownDesign& design : designs) table.columns.push_back({design.label()});
  for (const Figure& figure : figures()) {
    std::vector<Cell>& row =
        table.rows.emplace_back(std::vector<Cell>{heading_of(figure), std::string(figure.description)});
    for (const ShownDesign& design : designs)
      row.emplace_back(shown_figure(figure, design.simulation().config, design.simulation().total));
  }
  return table;
}

Table cycles_by_part(const std::vector<ShownDesign>& designs) {
  constexpr std::array<std::string_view, 5> shown = {"cycles", "milliseconds", "dram_milliseconds", "macs",
                                                     "in_range_macs"};
  Table table{.title = "Cycles by layer and phase",
              .columns = {{"layer", Align::left}, {"phase", Align::left}, {"accelerator", Align::left}},
              .rows = {}};
  for (const std::string_view name : shown) table.columns.push_back({heading_of(figure(name))});
  table.columns.push_back({"memory-bound"});
  for (const Place& place : places_of(designs))
    for (const ShownDesign& design : designs) {
      const Part* part = design.part(place);
      if (part == nullptr) continue;
      std::vector<Cell>& row = table.rows.emplace_back(
          std::vector<Cell>{place.layer, std::string(traces::name_of(place.phase)), design.label()});
      for (const std::string_view name : shown)
        row.emplace_back(shown_figure(figure(name), design.simulation().config, part->tally));
      row.emplace_back(fmt::format("{} of {}", part->tally.memory_bound, part->tally.records));
    }
  return table;
}

Table replay_differences(const std::vector<ShownDesign>& designs) {
  Table table{.title = "Where the replay differs",
              .columns = {{"accelerator", Align::left}, {"difference", Align::left}},
              .rows = {}};
  const auto add = [&](const ShownDesign& design, const auto& replay) {
    if (!replay) return;
    for (const std::string& line : replay->differences)
      table.rows.push_back({{design.label(), Tone::bad}, line});
  };
  for (const ShownDesign& design : designs) {
    add(design, design.simulation().replay);
    add(design, design.simulation().quantizer_replay);
  }
  return table;
}

/// A limit that all accelerators share is said once.
std::vector<std::string> limits_of(const std::vector<ShownDesign>& designs) {
  std::vector<std::string> limits;
  const auto has = [](const ShownDesign& design, const std::string& limit) {
    return std::ranges::find(design.simulation().limits, limit) != design.simulation().limits.end();
  };
  for (const ShownDesign& design : designs)
    for (const std::string& limit : design.simulation().limits) {
      const bool is_shared =
          std::ranges::all_of(designs, [&](const ShownDesign& other) { return has(other, limit); });
      const std::string line = is_shared ? limit : fmt::format("{}: {}", design.label(), limit);
      if (std::ranges::find(limits, line) == limits.end()) limits.push_back(line);
    }
  return limits;
}

}  // namespace

std::optional<Section> simulation_section(const Report& report) {
  if (report.designs.empty()) return std::nullopt;
  const std::vector<ShownDesign> designs = shown_designs(report);
  Section section{.title = "Cycles and energy", .text = {}, .charts = {}, .tables = {}, .limits = {}};
  section.text.push_back(fmt::format("Scope: {}.", designs.front().simulation().scope));
  section.text.emplace_back(
      "Replayed: the SystemC array computed every GEMM again; accumulators are compared with the trace "
      "(where "
      "values were drawn, with the emulator), cycles with the closed form, sampled tiles with the structural "
      "model. Where the config has lanes, the "
      "SystemC quantizer made every code again. DRAM time is what the bytes "
      "alone take. Time is the array's cycles at the clock, with the stalls of designs that count them; "
      "longer "
      "time takes the larger of cycles and bytes for each record.");
  section.text.emplace_back(
      "Energy is event counts times a technology table, given as low, nominal and high: the bounds say "
      "how well the constants are known. Constants of one family move together, so two designs are compared "
      "low with low, nominal with nominal and high with high; ranges that overlap say nothing. Under "
      "'families apart' every family takes its own bound, the same for both designs.");
  if (Table keys = differing_keys(designs); !keys.rows.empty()) section.tables.push_back(std::move(keys));
  section.tables.push_back(cycles_table(designs));
  section.tables.push_back(cycles_by_part(designs));
  section.tables.back().is_detail = section.tables.back().rows.size() > most_rows;
  if (Table differences = replay_differences(designs); !differences.rows.empty())
    section.tables.push_back(std::move(differences));
  if (const Ratios ratios = ratios_of(report); !ratios.list.empty())
    section.tables.push_back(ratio_table(ratios));
  add_energy(designs, section);
  section.tables.push_back(area_table(designs));
  section.tables.back().is_detail = true;
  section.tables.push_back(figures_table(designs));
  section.limits = limits_of(designs);
  return section;
}

}  // namespace quatrain::sim::report
