#include "sim/report/page.hpp"

#include "sim/report/numbers.hpp"
#include "sim/report/sections.hpp"
#include "sim/report/step_section.hpp"
#include "traces/base/joined.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quatrain::sim::report {
namespace {

void add_accuracy(const Report& report, Page& page) {
  KeyFigure figure{.label = "Test accuracy", .value = "", .detail = ""};
  const auto luq = std::find_if(report.training.begin(), report.training.end(), [](const TrainingRun& run) {
    return run.recipe == name_of(emu::Recipe::luq);
  });
  const TrainingRun* shown = luq != report.training.end() ? &*luq
                             : report.training.empty()    ? nullptr
                                                          : &report.training.front();
  if (shown == nullptr || shown->epochs.empty()) return;
  figure.label += ", " + shown->recipe;
  figure.value = fmt::format("{:.2f} %", shown->epochs.back().test_accuracy_percent);
  if (!shown->is_complete()) {
    figure.detail = fmt::format("stopped after epoch {} of {}", shown->epochs.size(), shown->config.epochs);
    figure.tone = Tone::bad;
  }
  std::vector<std::string> others;
  for (const TrainingRun& run : report.training)
    if (&run != shown && !run.epochs.empty())
      others.push_back(fmt::format("{} {:.2f} %", run.recipe, run.epochs.back().test_accuracy_percent));
  if (!others.empty())
    figure.detail += (figure.detail.empty() ? "beside it: " : "; beside it: ") + base::joined(others);
  page.figures.push_back(std::move(figure));
}

void add_trace(const TraceFacts& trace, Page& page) {
  page.figures.push_back(
      {.label = "Trace",
       .value = fmt::format("{} training step{}", trace.steps.size(), trace.steps.size() == 1 ? "" : "s"),
       .detail = fmt::format("{} GEMMs and {} quantizers of {}", grouped(trace.gemms),
                             grouped(trace.quantizers), trace.model)});
}

void add_verdict(const CrossCheck& check, Page& page) {
  std::size_t ran = 0, different = 0;
  for (const MachineFindings& machine : check.machines) {
    ran += machine.verdict() != Verdict::skipped;
    different += machine.verdict() == Verdict::different;
  }
  KeyFigure figure{
      .label = "Cross-check, bit for bit",
      .value = fmt::format("equal on {} machines", ran),
      .detail = fmt::format("{} accumulators, {} codes; {} MACs", grouped(check.records.accumulators),
                            grouped(check.records.codes), grouped(check.records.macs.all)),
      .tone = Tone::good};
  if (different > 0)
    figure.value = fmt::format("DIFFERENT on {} of {} machines", different, ran);
  else if (!check.contradictions.empty())
    figure.value = "the trace contradicts itself";
  else if (!check.equal())
    figure.value = "nothing was compared";
  if (!check.equal()) figure.tone = Tone::bad;
  page.figures.push_back(std::move(figure));
}

/// The headline's design, why it is that one, and its first node.
void add_cost(const Report& report, Page& page) {
  const Design* design = headline_design(report);
  if (design == nullptr) return;
  const Simulation& simulation = design->simulation;
  const auto rivals = std::ranges::count_if(report.designs, [&](const Design& other) {
    return other.simulation.replay.has_value() == simulation.replay.has_value();
  });
  const std::string choice = rivals == 1 ? ""
                                         : fmt::format("; the fastest of {} {}designs", rivals,
                                                       simulation.replay ? "replayed " : "");
  page.figures.push_back(
      {.label = "Cycles, " + design->label,
       .value = grouped(simulation.total.use.cycles),
       .detail = fmt::format(
           "{} ms at {} MHz{}; {}{}", significant(milliseconds(simulation.config, simulation.total)),
           significant(simulation.config.clock_mhz), simulation.total.stalls ? " with stalls" : "",
           simulation.replay ? "replayed on " + simulation.replay->ran_on : "closed form, not replayed",
           choice)});
  if (simulation.technologies.empty()) return;
  const TechnologyResult& technology = simulation.technologies.front();
  page.figures.push_back({.label = fmt::format("Energy, {} at {}", design->label, technology.name),
                          .value = fmt::format("{} to {} uJ", microjoules(technology.energy_pj.low),
                                               microjoules(technology.energy_pj.high)),
                          .detail = fmt::format("nominal {} uJ; 4-bit layers of the traced steps",
                                                microjoules(technology.energy_pj.nominal))});
}

Section missing_section(const Report& report) {
  Section section{.title = "Not in this report", .text = {}, .charts = {}, .tables = {}, .limits = {}};
  Table table{.title = "Missing parts", .columns = {{"part", Align::left}, {"why", Align::left}}, .rows = {}};
  for (const Missing& missing : report.missing) {
    table.rows.push_back({missing.part, missing.why});
    if (!missing.how.empty() && std::ranges::find(section.commands, missing.how) == section.commands.end())
      section.commands.push_back(missing.how);
  }
  if (!section.commands.empty()) section.text.emplace_back("The commands below make what is missing.");
  section.tables.push_back(std::move(table));
  return section;
}

Section repeat_section(const Report& report) {
  Section section{.title = "Time and how to repeat it", .text = {}, .charts = {}, .tables = {}, .limits = {}};
  double seconds = 0;
  Table table{.title = "Stages",
              .columns = {{"stage", Align::left}, {"seconds"}, {"command that ran", Align::left}},
              .rows = {}};
  for (const Stage& stage : report.stages) {
    seconds += stage.seconds;
    table.rows.push_back({stage.name, fmt::format("{:.1f}", stage.seconds), stage.command});
  }
  if (!report.stages.empty()) {
    table.rows.push_back({"all", fmt::format("{:.1f}", seconds), ""});
    section.tables.push_back(std::move(table));
  }
  section.commands = report.commands;
  section.text.emplace_back(
      "The commands below make all of it again, beside what is here. They give the same bits on any "
      "computer, "
      "with any number of threads. Seconds are those of this run and this computer.");
  return section;
}

std::string subtitle_of(const Report& report) {
  if (report.kind == "demo")
    return "4-bit training, hardware model and kernels on one set of numbers: three training runs, the "
           "traced "
           "steps of the LUQ run on every machine";
  if (report.kind == "trace") return "One trace, and what was computed from it";
  if (report.kind == "run") return "One training run, and what was computed from its trace";
  return "Accelerators on one trace";
}

}  // namespace

Page make_page(const Report& report) {
  Page page{.title = fmt::format("Quatrain report: {}", report.subject),
            .subtitle = "",
            .figures = {},
            .sections = {}};
  page.subtitle = subtitle_of(report);
  add_accuracy(report, page);
  if (report.kind == "trace" && report.trace) add_trace(*report.trace, page);
  if (report.crosscheck) add_verdict(*report.crosscheck, page);
  add_cost(report, page);
  for (auto section : {training_section(report), gradient_curves_section(report), gradient_section(report),
                       crosscheck_section(report), simulation_section(report)})
    if (section) page.sections.push_back(std::move(*section));
  if (!report.steps.empty()) page.sections.push_back(step_section(report.steps));
  if (!report.missing.empty()) page.sections.push_back(missing_section(report));
  if (!report.stages.empty() || !report.commands.empty()) page.sections.push_back(repeat_section(report));
  return page;
}

}  // namespace quatrain::sim::report
