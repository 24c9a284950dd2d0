#include "sim/report/model.hpp"

#include "sim/report/commands.hpp"
#include "sim/report/run_files.hpp"
#include "sim/study/study_file.hpp"
#include "sim/verify/cross_check_json.hpp"
#include "traces/base/error.hpp"
#include "traces/base/joined.hpp"
#include "traces/format/reader.hpp"
#include "traces/run_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

namespace quatrain::sim::report {
namespace {

namespace fs = std::filesystem;
namespace names = traces::run_names;

/// Words in the order of a dictionary, numbers in them by value: "8x8" before "16x16".
bool comes_before(std::string_view a, std::string_view b) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  while (!a.empty() && !b.empty()) {
    if (is_digit(a.front()) && is_digit(b.front())) {
      const auto number = [&](std::string_view& text) {
        std::size_t end = 0;
        while (end < text.size() && is_digit(text[end])) ++end;
        std::string_view digits = text.substr(0, end);
        text.remove_prefix(end);
        while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
        return digits;
      };
      const std::string_view of_a = number(a), of_b = number(b);
      if (of_a.size() != of_b.size()) return of_a.size() < of_b.size();
      if (of_a != of_b) return of_a < of_b;
    } else {
      if (a.front() != b.front()) return a.front() < b.front();
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  return a.size() < b.size();
}

/// Reads; a file that is not what it should be costs `part` of the report, not all of it.
template <typename Read>
void try_file(const std::string& part, Report& report, const Read& read) {
  try {
    read();
  } catch (const base::Interrupted&) {
    throw;
  } catch (const base::Error& error) {
    report.missing.push_back({part, error.what(), "", true});
  }
}

/// JSON files of a folder, by name, but for an earlier report.
std::vector<fs::path> json_files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".json" && entry.path().filename() != names::report_json)
      files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

/// The simulations in a folder, in the order in which a report shows them.
std::vector<Design> read_designs(const fs::path& folder, const std::string& manifest_sha256, Report& report) {
  std::vector<Design> designs;
  for (const fs::path& file : json_files_of(folder))
    try_file("cycles and energy of " + file.stem().string(), report, [&] {
      if (is_simulation(file)) designs.push_back({"", file, read_simulation(file, manifest_sha256)});
    });
  std::map<std::string, int> of_name;
  for (Design& design : designs) {
    design.label = design.simulation.config.name;
    ++of_name[design.label];
  }
  for (Design& design : designs)
    if (of_name[design.label] > 1) design.label += fmt::format(" ({})", design.file.stem().string());
  std::sort(designs.begin(), designs.end(), [](const Design& a, const Design& b) {
    const bool is_a = a.simulation.replay.has_value(), is_b = b.simulation.replay.has_value();
    return is_a != is_b ? is_a : comes_before(a.label, b.label);
  });
  return designs;
}

/// A folder of simulations: its designs that ran the workload of the first one, and the others.
void read_simulations(const fs::path& directory, Report& report) {
  report.designs = read_designs(directory, "", report);
  report.missing.push_back({"training", "a folder of simulations", ""});
  if (report.designs.empty()) return;
  const WorkloadSource first = report.designs.front().simulation.workload;
  const auto ran_it = [&](const Design& design) {
    const WorkloadSource& mine = design.simulation.workload;
    return mine.sha256 == first.sha256 && mine.phases == first.phases && mine.batch == first.batch;
  };
  const auto others = std::stable_partition(report.designs.begin(), report.designs.end(), ran_it);
  report.others.assign(std::move_iterator(others), std::move_iterator(report.designs.end()));
  report.designs.erase(others, report.designs.end());
  for (const Design& design : report.others)
    report.missing.push_back({"cycles and energy of " + design.label,
                              "it ran another workload than " + report.designs.front().label, ""});
}

bool has_simulation(const fs::path& directory) {
  if (!fs::is_directory(directory)) return false;
  return std::ranges::any_of(json_files_of(directory), [](const fs::path& file) {
    try {
      return is_simulation(file);
    } catch (const base::Error&) {
      return false;
    }
  });
}

bool has_config(const fs::path& directory) { return fs::is_regular_file(directory / names::config); }

/// Nothing where it cannot be read.
void add_trace(const fs::path& trace, Report& report) {
  try_file("trace", report, [&] {
    const traces::TraceReader reader(trace);
    TraceFacts facts{.manifest_sha256 = reader.manifest_sha256(),
                     .model = reader.manifest().run.model,
                     .gemms = reader.manifest().gemms.size(),
                     .quantizers = reader.manifest().quantizers.size(),
                     .steps = {}};
    for (const traces::QuantizerRecord& record : reader.manifest().quantizers)
      if (record.pass == traces::Pass::train) facts.steps.insert(record.step);
    report.trace = std::move(facts);
  });
}

void add_gradients(const fs::path& trace, const std::string& manifest_sha256, Report& report) {
  const fs::path file = trace.parent_path() / names::gradient_study;
  if (!fs::exists(file)) {
    report.missing.push_back({"gradients", "no gradients.json", report.trace ? study_command(trace) : ""});
    return;
  }
  try_file("gradients", report, [&] {
    report.gradients = study::read_study(file, manifest_sha256);
    for (const study::UnreadableRecord& record : report.gradients->unreadable)
      report.missing.push_back(
          {fmt::format("gradients of {}, step {}", record.layer, record.step), record.why, "", true});
  });
}

/// What `quatrain verify`, `sim` and `study` made of a trace stands beside it.
void add_trace_results(const fs::path& trace, Report& report) {
  const fs::path run = trace.parent_path();
  if (fs::is_directory(trace)) {
    add_trace(trace, report);
  } else if (!fs::exists(run / names::gradient_study)) {
    const auto traced = std::ranges::find(report.training, report.traced_folder, &TrainingRun::folder);
    report.missing.push_back(
        {"gradients", "no trace", traced == report.training.end() ? "" : traced_run_command(run, *traced)});
  }
  const std::string manifest_sha256 = report.trace ? report.trace->manifest_sha256 : "";
  if (report.trace || fs::exists(run / names::gradient_study)) add_gradients(trace, manifest_sha256, report);

  const fs::path crosscheck = run / names::crosscheck;
  if (fs::exists(crosscheck))
    try_file("cross-check", report,
             [&] { report.crosscheck = read_cross_check(crosscheck, manifest_sha256); });
  else
    report.missing.push_back(
        {"cross-check", "no crosscheck.json", report.trace ? verify_command(trace) : ""});

  const std::size_t missing = report.missing.size();
  if (fs::is_directory(run / names::simulation))
    report.designs = read_designs(run / names::simulation, manifest_sha256, report);
  if (report.designs.empty() && report.missing.size() == missing)
    report.missing.push_back(
        {"cycles and energy", "no simulation/*.json", report.trace ? simulation_command(trace) : ""});
}

/// Of the run that the trace is of; closed forms from its configuration and those of the designs.
void add_steps(Report& report) {
  const auto run = std::ranges::find(report.training, report.traced_folder, &TrainingRun::folder);
  const Design* headline = headline_design(report);
  if (run == report.training.end() || headline == nullptr) return;
  const auto add = [&](const Design& design) {
    try {
      report.steps.push_back(
          {design.label, training_step(design.simulation.config, {}, run->config, run->config.batch)});
    } catch (const base::Error& error) {  // a product that the design cannot map
      report.missing.push_back({"one training step on " + design.label, error.what(), ""});
    }
  };
  add(*headline);
  for (const Design& design : report.designs)
    if (&design != headline && report.steps.size() < most_steps) add(design);
}

void add_stages(const fs::path& directory, Report& report) {
  const fs::path file = directory / names::stages;
  if (fs::exists(file))
    try_file("time by stage", report, [&] { report.stages = read_stages(file); });
  else if (report.kind == "demo")
    report.missing.push_back({"time by stage", "no stages.json", ""});
}

std::string why_of(const TrainingRun& run) { return run.stopped.empty() ? "" : ": " + run.stopped; }

/// `folder`: of the run in `directory`, "" for itself.
void add_training(const fs::path& directory, const std::string& folder, const std::string& part,
                  Report& report) {
  TrainingRun& run = report.training.emplace_back(read_training_run(directory / folder));
  run.folder = folder;
  try_file(part + ", gradients", report, [&] { run.gradients = emu::read_gradients(directory / folder); });
  if (run.epochs.empty()) report.missing.push_back({part, "no epoch has ended" + why_of(run), ""});
}

/// A demo shows the trace of its luq run.
void read_demo(const fs::path& directory, Report& report) {
  for (const std::string_view word : base::words_of<emu::Recipe>)
    if (has_config(directory / word))
      add_training(directory, std::string(word), fmt::format("training {}", word), report);
  for (const std::string_view word : base::words_of<emu::Recipe>)
    if (!has_config(directory / word))
      report.missing.push_back({fmt::format("training {}", word), fmt::format("no {}/config.json", word),
                                demo_command(report.training)});
  report.traced_folder = name_of(emu::Recipe::luq);
  add_trace_results(directory / report.traced_folder / names::trace, report);
}

}  // namespace

bool is_trace_folder(const fs::path& directory) { return fs::is_regular_file(directory / "manifest.json"); }

const Design* headline_design(const Report& report) {
  if (report.designs.empty()) return nullptr;
  const auto time = [](const Design& design) {
    return milliseconds(design.simulation.config, design.simulation.total);
  };
  const bool is_replayed = report.designs.front().simulation.replay.has_value();  // they stand first
  const Design* fastest = &report.designs.front();
  for (const Design& design : report.designs)
    if (design.simulation.replay.has_value() == is_replayed && time(design) < time(*fastest))
      fastest = &design;
  return fastest;
}

std::string where_kernels_ran(const CrossCheck& check) {
  std::vector<std::string> on_gpu, on_cpu;
  std::string device;
  for (const MachineFindings& machine : check.machines) {
    if (machine.verdict() == Verdict::skipped) continue;
    if (machine.name.starts_with("cuda.")) {
      on_gpu.push_back(machine.name);
      device = machine.ran_on;
    }
    if (machine.name.starts_with("simt.")) on_cpu.push_back(machine.name);
  }
  const std::string cpu =
      on_cpu.empty() ? ""
                     : fmt::format(" On the CPU runtime, from the same source: {}.", base::joined(on_cpu));
  if (on_gpu.empty()) return fmt::format("No GPU took part.{}", cpu);
  return fmt::format("CUDA kernels on a GPU ({}): {}.{}", device, base::joined(on_gpu), cpu);
}

Report read_report(const fs::path& directory) {
  Report report;
  const fs::path name = fs::absolute(directory).lexically_normal();
  report.subject = (name.has_filename() ? name : name.parent_path()).filename().string();
  const bool is_demo = std::ranges::any_of(base::words_of<emu::Recipe>,
                                           [&](std::string_view run) { return has_config(directory / run); });
  const bool is_run = has_config(directory), is_trace = is_trace_folder(directory);
  if (!is_demo && !is_run && !is_trace && !has_simulation(directory))
    throw base::Error(
        "{}: holds no config.json, no run in fp32/, luq/ or nearest/, no trace, no sweep and no simulation; "
        "expected a run directory, a demo's, a trace, or a folder of sweep or sim --out",
        directory.string());
  report.kind = is_demo ? "demo" : is_run ? "run" : is_trace ? "trace" : "simulations";
  if (is_trace) {
    add_trace_results(directory, report);
    report.missing.push_back({"training", "a trace alone", ""});
  } else if (is_demo) {
    read_demo(directory, report);
  } else if (!is_run) {
    read_simulations(directory, report);
  } else {
    add_training(directory, "", "training", report);
    add_trace_results(directory / names::trace, report);
  }
  add_steps(report);
  add_stages(directory, report);
  report.commands = commands_of(directory, report);
  return report;
}

}  // namespace quatrain::sim::report
