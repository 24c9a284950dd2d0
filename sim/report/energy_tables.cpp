#include "sim/accelerator/comparison.hpp"
#include "sim/report/designs.hpp"
#include "sim/report/numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace quatrain::sim::report {
namespace {

std::string in_words(traces::Phase phase) { return std::string(traces::name_of(phase)); }

/// `columns` with low, nominal and high behind them.
std::vector<Column> with_bounds(std::vector<Column> columns, const std::string& before = "") {
  for (const Bound& bound : bounds_in_order) columns.push_back({before + std::string(bound.name)});
  return columns;
}

Table totals_table(const std::vector<ShownDesign>& designs) {
  Table table{.title = "Energy in microjoules",
              .columns = with_bounds({{"node", Align::left}, {"accelerator", Align::left}}),
              .rows = {}};
  table.columns.push_back({"kind of the constants", Align::left});
  table.columns.push_back({"their voltages", Align::left});
  for (const std::string& node : nodes_of(designs))
    for (const ShownDesign& design : designs)
      if (const TechnologyResult* technology = design.technology(node)) {
        std::vector<Cell>& row = table.rows.emplace_back(std::vector<Cell>{node, design.label()});
        append_bounds(row, &technology->energy_pj);
        row.emplace_back(kinds_of(technology->components));
        row.emplace_back(voltages_of(technology->components));
      }
  return table;
}

Table by_part(const std::vector<ShownDesign>& designs, const std::string& node) {
  Table table{
      .title = fmt::format("Energy by layer and phase at {}, microjoules", node),
      .columns = with_bounds({{"layer", Align::left}, {"phase", Align::left}, {"accelerator", Align::left}}),
      .rows = {}};
  for (const Place& place : places_of(designs))
    for (const ShownDesign& design : designs) {
      const Part* part = design.part(place);
      if (part == nullptr || design.technology(node) == nullptr) continue;
      append_bounds(
          table.rows.emplace_back(std::vector<Cell>{place.layer, in_words(place.phase), design.label()}),
          design.energy_pj(*part, node));
    }
  return table;
}

Table by_component(const std::vector<ShownDesign>& designs, const std::string& node) {
  Table table{
      .title = fmt::format("Energy by component at {}, microjoules, with the kind of its constants", node),
      .columns = with_bounds({{"component", Align::left}, {"accelerator", Align::left}}),
      .rows = {}};
  table.columns.push_back({"kind", Align::left});
  for (const std::string_view component : component_words)
    for (const ShownDesign& design : designs) {
      const TechnologyResult* technology = design.technology(node);
      if (technology == nullptr) continue;
      for (const ComponentTotal& total : totals_by_component(technology->components)) {
        if (name_of(total.component) != component) continue;
        std::vector<Cell>& row =
            table.rows.emplace_back(std::vector<Cell>{std::string(component), design.label()});
        append_bounds(row, &total.energy_pj);
        row.emplace_back(total.kinds);
      }
    }
  return table;
}

Chart chart_of(const std::vector<ShownDesign>& designs, const std::string& node) {
  Chart chart{.kind = Chart::Kind::ranges,
              .title = fmt::format("Energy by layer and phase at {}: low to high, nominal marked", node),
              .x_label = "",
              .y_label = "microjoules",
              .labels = {},
              .series = {}};
  const std::vector<Place> places = places_of(designs);
  for (const Place& place : places) chart.labels.push_back(place.layer + " " + in_words(place.phase));
  for (const ShownDesign& design : designs) {
    if (design.technology(node) == nullptr) continue;
    Series series{.name = design.label(), .y = {}, .x = {}, .bounds = {}};
    for (const Place& place : places) {
      const Part* part = design.part(place);
      const Bounds drawn = part == nullptr ? Bounds{} : *design.energy_pj(*part, node);
      series.y.push_back(drawn.nominal * 1e-6);
      series.bounds.emplace_back(drawn.low * 1e-6, drawn.high * 1e-6);
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

Table lines_of(const ShownDesign& design, const TechnologyResult& technology) {
  Table table{
      .title = fmt::format("Where the energy of {} goes at {}", design.label(), technology.name),
      .columns = with_bounds(
          with_bounds({{"component", Align::left}, {"events"}, {"unit", Align::left}}, "pJ each, "), "uJ, "),
      .rows = {},
      .is_detail = true};
  table.columns.push_back({"kind", Align::left});
  table.columns.push_back({"source", Align::left});
  for (const ComponentEnergy& line : technology.components) {
    std::vector<Cell>& row = table.rows.emplace_back(
        std::vector<Cell>{std::string(name_of(line.component)), grouped(line.events), line.per_event.unit});
    for (const Bound& bound : bounds_in_order) row.emplace_back(significant(line.per_event.pj.*bound.member));
    append_bounds(row, &line.energy_pj);
    row.emplace_back(line.per_event.kind);
    row.emplace_back(line.per_event.source);
  }
  return table;
}

}  // namespace

void add_energy(const std::vector<ShownDesign>& designs, Section& section) {
  section.tables.push_back(totals_table(designs));
  const std::vector<std::string> nodes = nodes_of(designs);
  for (const std::string& node : nodes)
    for (Table table : {by_part(designs, node), by_component(designs, node)}) {
      table.is_detail = node != nodes.front() || table.rows.size() > most_rows;
      section.tables.push_back(std::move(table));
    }
  if (!nodes.empty()) section.charts.push_back(chart_of(designs, nodes.front()));
  for (const ShownDesign& design : designs)
    for (const TechnologyResult& technology : design.simulation().technologies)
      section.tables.push_back(lines_of(design, technology));
}

}  // namespace quatrain::sim::report
