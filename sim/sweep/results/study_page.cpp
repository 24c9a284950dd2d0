#include "sim/sweep/results/study_page.hpp"

#include "sim/accelerator/events.hpp"
#include "sim/records/provenance.hpp"
#include "sim/report/numbers.hpp"
#include "sim/sweep/results/objective_axes.hpp"
#include "sim/sweep/results/page_data.hpp"
#include "traces/base/joined.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace quatrain::sim {
namespace {

using report::Align;
using report::Cell;
using report::Chart;
using report::KeyFigure;
using report::microjoules;
using report::Page;
using report::Section;
using report::significant;
using report::Table;
using report::Tone;

constexpr std::size_t most_rows_shown = 20, most_rows_folded = 2000, most_bars = 500;

std::string amount(const StudyResults& results, const DesignSums& sums) {
  const ObjectiveAxis& axis = axis_of(results.study.objective);
  return fmt::format("{} {}", significant(axis.scale * value_of(axis.objective, sums)), axis.unit);
}

/// "2.31 times less than the base NAME".
std::string margin_of(const StudyResults& results, std::size_t best) {
  const std::optional<double> times = results.times_base(best);
  if (times) {
    const std::string base = "the base " + results.base->name;
    if (*times == 1) return "as much as " + base;
    if (*times > 1) return fmt::format("{} times that of {}", significant(*times, 3), base);
    return fmt::format("{} times less than {}", significant(1 / *times, 3), base);
  }
  if (results.base) return "the base " + results.base->name + " is refused";
  const std::vector<std::size_t> order = results.ranked();
  if (order.size() < 2 || !results.designs[order[1]].keeps_constraints) return "no other design";
  const double next = results.value(results.study.objective, order[1]);
  return fmt::format("{} times less than the next, {}",
                     significant(next / results.value(results.study.objective, best), 3),
                     results.designs[order[1]].name);
}

std::vector<KeyFigure> key_figures(const StudyResults& results) {
  const ObjectiveAxis& axis = axis_of(results.study.objective);
  std::vector<KeyFigure> figures;
  const std::optional<std::size_t> best = results.best();
  if (best) {
    const StudiedDesign& design = results.designs[*best];
    figures.push_back({.label = fmt::format("Least {}", axis.title),
                       .value = amount(results, design.sums),
                       .detail = fmt::format("{}; {}", design.name, margin_of(results, *best)),
                       .tone = Tone::good});
    figures.push_back(
        {.label = "Its time, energy and area",
         .value = fmt::format("{} ms, {} uJ, {} mm2", significant(design.sums.milliseconds),
                              microjoules(design.sums.energy_pj), significant(design.sums.area_mm2)),
         .detail = results.times_base(*best) ? fmt::format("the base: {} ms, {} uJ, {} mm2",
                                                           significant(results.base->sums.milliseconds),
                                                           microjoules(results.base->sums.energy_pj),
                                                           significant(results.base->sums.area_mm2))
                                             : "nominal, at " + design.technology});
  } else {
    figures.push_back({.label = fmt::format("Least {}", axis.title),
                       .value = "none",
                       .detail = "no design keeps the constraints",
                       .tone = Tone::bad});
  }
  const auto count = [&](auto is_counted) {
    return static_cast<std::size_t>(std::ranges::count_if(results.designs, is_counted));
  };
  const std::size_t kept = count([](const StudiedDesign&d) { return d.keeps_constraints; }),
                    refused = count([](const StudiedDesign&d) { return !d.refused.empty(); });
  figures.push_back({.label = "Designs",
                     .value = report::grouped(results.designs.size()),
                     .detail = fmt::format("{} keep the constraints, {} do not, {} are refused", kept,
                                           results.designs.size() - kept - refused, refused)});
  const std::size_t front = results.front(Objective::time, Objective::energy).size();
  figures.push_back({.label = "Front of time and energy",
                     .value = fmt::format("{} design{}", front, front == 1 ? "" : "s"),
                     .detail = "no other design takes less of one and no more of the other"});
  return figures;
}

std::vector<Cell> row_of(const StudyResults& results, const StudiedDesign& design, const std::string& place) {
  const ObjectiveAxis& axis = axis_of(results.study.objective);
  const Tone tone = design.keeps_constraints ? Tone::plain : Tone::faint;
  std::vector<Cell> row = {{place, tone}};
  for (const std::size_t key : results.differing_keys()) row.emplace_back(design.values[key], tone);
  if (axis.objective == Objective::energy_delay)
    row.emplace_back(significant(axis.scale * value_of(axis.objective, design.sums)), tone);
  for (const std::string& text : {significant(design.sums.milliseconds), microjoules(design.energy_pj.low),
                                  microjoules(design.energy_pj.nominal), microjoules(design.energy_pj.high),
                                  significant(design.sums.area_mm2), significant(design.sums.watts()),
                                  significant(design.sums.buffer_kib), design.name})
    row.emplace_back(text, tone);
  return row;
}

Table table_of(const StudyResults& results, const std::string& title, std::size_t most) {
  const ObjectiveAxis& axis = axis_of(results.study.objective);
  Table table{.title = title, .columns = {{"place"}}, .rows = {}};
  for (const std::size_t key : results.differing_keys()) table.columns.push_back({results.keys[key]});
  if (axis.objective == Objective::energy_delay)
    table.columns.push_back({fmt::format("{}, {}", axis.title, axis.unit)});
  for (const char* figure : {"ms", "uJ low", "nominal", "high", "mm2", "watts", "buffer KiB"})
    table.columns.push_back({figure});
  table.columns.push_back({"design", Align::left});
  if (results.base && results.base->refused.empty())
    table.rows.push_back(row_of(results, *results.base, "base"));
  std::size_t place = 0;
  for (const std::size_t i : results.ranked()) {
    if (place == most) break;
    ++place;
    table.rows.push_back(
        row_of(results, results.designs[i],
               results.designs[i].keeps_constraints ? fmt::format("{}", place) : std::string("beyond")));
  }
  return table;
}

Section designs_section(const StudyResults& results) {
  Section section{
      .title = "Designs against each other", .text = {}, .charts = {}, .tables = {}, .limits = {}};
  section.text.push_back(
      "Each mark is a design, summed over the workloads with their weights. The line joins the front: no "
      "other "
      "design takes less of one axis and no more of the other. Hollow marks do not keep the constraints. A "
      "click "
      "on a mark, or on a row of the table, chooses a design: its whole config, its sums, commands that "
      "simulate it alone, and the charts of its layers below. The base can be chosen, too.");
  section.panels.push_back({.id = "pareto", .title = "Designs by two objectives"});
  const std::size_t simulated = results.ranked().size();
  section.tables.push_back(table_of(
      results, fmt::format("The best by {}", axis_of(results.study.objective).title), most_rows_shown));
  if (simulated > most_rows_shown) {
    section.tables.push_back(table_of(
        results,
        simulated > most_rows_folded ? fmt::format("The best {} designs", most_rows_folded) : "All designs",
        most_rows_folded));
    section.tables.back().is_detail = true;
  }
  return section;
}

Section energy_section(const StudyResults& results) {
  Section section{.title = "Energy by component", .text = {}, .charts = {}, .tables = {}, .limits = {}};
  std::vector<std::size_t> shown = results.ranked();
  section.text.push_back(fmt::format(
      "Nominal, summed over the workloads with their weights. Labels are places in the table above{}.",
      shown.size() > most_bars ? fmt::format("; the first {} of {} designs", most_bars, shown.size()) : ""));
  if (shown.size() > most_bars) shown.resize(most_bars);
  Chart chart{
      .kind = Chart::Kind::stacked,
      .title = "Energy by component, designs by " + std::string(axis_of(results.study.objective).title),
      .x_label = "",
      .y_label = "uJ",
      .labels = {},
      .series = {}};
  const bool has_base = results.base && results.base->refused.empty();
  if (has_base) chart.labels.emplace_back("base");
  for (std::size_t place = 1; place <= shown.size(); ++place)
    chart.labels.push_back(fmt::format("{}", place));
  for (std::size_t component = 0; component < component_words.size(); ++component) {
    report::Series series{.name = std::string(component_words[component]), .y = {}, .x = {}, .bounds = {}};
    const auto add = [&](const StudiedDesign& design) {
      series.y.push_back(1e-6 * design.component_pj[component]);
    };
    if (has_base) add(*results.base);
    for (const std::size_t i : shown) add(results.designs[i]);
    if (std::ranges::any_of(series.y, [](double y) { return y > 0; }))
      chart.series.push_back(std::move(series));
  }
  section.charts.push_back(std::move(chart));
  return section;
}

Section layers_section(const StudyResults& results) {
  Section section{
      .title = "Layers of the chosen design", .text = {}, .charts = {}, .tables = {}, .limits = {}};
  section.text.push_back(
      "Each mark is a layer and phase: multiply-accumulates (MACs) per byte from and to DRAM, those of its "
      "quantizers included, against MACs per second. The roof is the array's peak and the DRAM's bandwidth. "
      "Time is "
      "that with stalls, or the longer of the times of cycles and bytes.");
  section.panels.push_back({.id = "roofline", .title = "Roofline"});
  section.panels.push_back(
      {.id = "bytes", .title = "Bytes moved by layer, and those that no buffer can save"});
  if (results.designs.size() * results.shapes.size() > 0) section.text.push_back(layer_note(results));
  return section;
}

std::vector<std::string> limits_of(const StudyResults& results) {
  std::vector<std::string> limits = {
      "Cycles, bytes and energy are closed forms or earlier results: this page computes nothing but their "
      "sums.",
      "Energies and areas are nominal at each design's first technology. Low and high, in the table, are "
      "often "
      "further apart than two designs are."};
  const auto ranked = results.ranked();
  const auto without =
      std::ranges::count_if(ranked, [&](std::size_t i) { return !results.designs[i].has_stalls; });
  if (without > 0)
    limits.push_back(
        fmt::format("{} of {} designs have no stalls (dram.stalls): their time is that of the array, also "
                    "where the bytes take "
                    "longer.",
                    without, ranked.size()));
  std::set<std::string> technologies;
  for (const std::size_t i : ranked) technologies.insert(results.designs[i].technology);
  if (technologies.size() > 1)
    limits.push_back(
        fmt::format("Designs are compared at different technologies: {}.", base::joined(technologies)));
  if (results.study.search != Search::grid)
    limits.emplace_back(
        "Not every combination of the keys was simulated: a better one may be among the others.");
  return limits;
}

std::optional<Section> refused_section(const StudyResults& results) {
  Table table{.title = "Combinations that no design can have",
              .columns = {{"design", Align::left}, {"why", Align::left}},
              .rows = {}};
  for (const StudiedDesign& design : results.designs)
    if (!design.refused.empty() && table.rows.size() < most_rows_folded)
      table.rows.push_back({design.name, design.refused});
  if (table.rows.empty()) return std::nullopt;
  table.is_detail = true;
  Section section{.title = "Refused", .text = {}, .charts = {}, .tables = {}, .limits = {}};
  section.tables.push_back(std::move(table));
  return section;
}

std::string subtitle_of(const StudyResults& results) {
  std::vector<std::string> workloads;
  for (const StudiedWorkload& workload : results.workloads) {
    std::string text = workload.name;
    if (!workload.batch.empty()) text += fmt::format(", {} of {}", workload.phases, workload.batch);
    if (workload.values.starts_with("seed"))
      text += fmt::format(", values of a seeded generator ({}), not from a training run", workload.values);
    if (workload.weight != 1) text += fmt::format(", weight {}", workload.weight);
    workloads.push_back(std::move(text));
  }
  return fmt::format("{} designs on {} workload{}: {}", report::grouped(results.designs.size()),
                     workloads.size(), workloads.size() == 1 ? "" : "s", base::joined(workloads, "; "));
}

}  // namespace

std::string headline_of(const StudyResults& results) {
  const std::optional<std::size_t> best = results.best();
  if (!best) return "no design keeps the constraints";
  const StudiedDesign& design = results.designs[*best];
  return fmt::format("least {}: {}, {}; {}", axis_of(results.study.objective).title, design.name,
                     amount(results, design.sums), margin_of(results, *best));
}

std::string set_words(const StudyResults& results, const StudiedDesign& design) {
  std::string text;
  for (std::size_t key = 0; key < results.keys.size(); ++key)
    text += " --set " + shell_word(results.keys[key] + "=" + design.values[key]);
  return text;
}

Page make_page(const StudyResults& results, const StudyCommands& commands) {
  Page page{.title = fmt::format("Quatrain study: {}", results.study.name),
            .subtitle = subtitle_of(results),
            .figures = key_figures(results),
            .sections = {}};
  page.sections.push_back(designs_section(results));
  page.sections.push_back(energy_section(results));
  if (!results.shapes.empty()) page.sections.push_back(layers_section(results));
  if (auto refused = refused_section(results)) page.sections.push_back(std::move(*refused));
  Section repeat{
      .title = "How to repeat it", .text = {}, .charts = {}, .tables = {}, .limits = limits_of(results)};
  repeat.commands = commands.all;
  page.sections.push_back(std::move(repeat));
  page.script = "sim/sweep/results/study.js";
  page.data = page_data(results, commands);
  return page;
}

}  // namespace quatrain::sim
