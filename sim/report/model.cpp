#include "sim/report/model.hpp"

#include "sim/report/run_files.hpp"
#include "sim/verify/cross_check_json.hpp"
#include "traces/base/error.hpp"
#include "traces/base/joined.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quatrain::sim::report {
namespace {

namespace fs = std::filesystem;

bool has_config(const fs::path& directory) { return fs::is_regular_file(directory / "config.json"); }

/// What `quatrain verify`, `sim` and the gradient statistics made of the trace of one run.
void add_trace_results(const fs::path& run, Report& report, traces::ThreadPool& pool,
                       traces::Progress& progress) {
  const std::string trace = (run / "trace").string();
  std::string manifest_sha256;
  if (fs::is_directory(trace)) {
    const traces::TraceReader reader(trace);
    manifest_sha256 = reader.manifest_sha256();
    report.gradients = study_gradients(reader, pool, progress);
    if (report.gradients->fidelity.empty())
      report.missing.push_back({"gradient fidelity", "the trace holds no unquantized gradients", ""});
  } else {
    report.missing.push_back({"gradients", "no trace", "quatrain train CONFIG --trace"});
  }

  const fs::path crosscheck = run / "crosscheck.json";
  const std::string verify = fmt::format("quatrain verify {} --json {}", trace, crosscheck.string());
  if (fs::exists(crosscheck))
    report.crosscheck = read_cross_check(crosscheck, manifest_sha256);
  else
    report.missing.push_back({"cross-check", "no crosscheck.json", verify});

  if (fs::is_directory(run / "simulation"))
    for (const fs::directory_entry& entry : fs::directory_iterator(run / "simulation"))
      if (entry.path().extension() == ".json")
        report.simulations.push_back(read_simulation(entry.path(), manifest_sha256));
  std::sort(report.simulations.begin(), report.simulations.end(),
            [](const Simulation& a, const Simulation& b) {
              return a.replay.has_value() != b.replay.has_value() ? a.replay.has_value()
                                                                  : a.config.name < b.config.name;
            });
  if (report.simulations.empty())
    report.missing.push_back({"cycles and energy", "no simulation/*.json",
                              fmt::format("quatrain sim luq_32x32 --trace {}", trace)});
}

/// What makes this run and its parts again, in a new directory.
std::vector<std::string> commands_of_run(const fs::path& directory, const Report& report) {
  const std::string again = directory.lexically_normal().string() + "-again";
  std::vector<std::string> commands = {fmt::format("quatrain train {} --out {}{}",
                                                   (directory / "config.json").string(), again,
                                                   report.gradients ? " --trace" : "")};
  if (report.crosscheck)
    commands.push_back(fmt::format("quatrain verify {}/trace --json {}/crosscheck.json", again, again));
  for (const Simulation& simulation : report.simulations)
    commands.push_back(fmt::format("quatrain sim {} --trace {}/trace{}", simulation.config.name, again,
                                   simulation.replay ? "" : " --cycles-only"));
  commands.push_back(fmt::format("quatrain report {}", again));
  return commands;
}

void add_stages(const fs::path& directory, Report& report) {
  const fs::path file = directory / "stages.json";
  if (fs::exists(file))
    report.stages = read_stages(file);
  else if (report.kind == "demo")
    report.missing.push_back({"time by stage", "no stages.json", "quatrain demo"});
  for (const Stage& stage : report.stages) report.commands.push_back(stage.command);
}

void add_training(const fs::path& run, const std::string& part, Report& report) {
  report.training.push_back(read_training_run(run));
  if (report.training.back().epochs.empty()) report.missing.push_back({part, "no epoch has ended", ""});
}

/// A demo shows the trace of its luq run.
void read_demo(const fs::path& directory, Report& report, traces::ThreadPool& pool,
               traces::Progress& progress) {
  for (const std::string_view word : emu::recipe_words) {
    const std::string name(word);
    if (has_config(directory / name))
      add_training(directory / name, "training " + name, report);
    else
      report.missing.push_back({"training " + name, "no " + name + "/config.json", "quatrain demo"});
  }
  add_trace_results(directory / "luq", report, pool, progress);
}

}  // namespace

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
                     : fmt::format(" On the CPU runtime, from the same source: {}.", traces::joined(on_cpu));
  if (on_gpu.empty()) return fmt::format("No GPU took part.{}", cpu);
  return fmt::format("CUDA kernels on a GPU ({}): {}.{}", device, traces::joined(on_gpu), cpu);
}

Report read_report(const fs::path& directory, traces::ThreadPool& pool, traces::Progress& progress) {
  Report report;
  const fs::path name = fs::absolute(directory).lexically_normal();
  report.subject = (name.has_filename() ? name : name.parent_path()).filename().string();
  const bool is_demo = std::ranges::any_of(emu::recipe_words,
                                           [&](std::string_view run) { return has_config(directory / run); });
  if (!is_demo && !has_config(directory))
    throw traces::Error(
        "{}: holds no config.json and no run in fp32/, luq/ or nearest/; expected a run directory, or "
        "a demo's",
        directory.string());
  report.kind = is_demo ? "demo" : "run";
  if (is_demo) {
    read_demo(directory, report, pool, progress);
  } else {
    add_training(directory, "training", report);
    add_trace_results(directory, report, pool, progress);
    report.commands = commands_of_run(directory, report);
  }
  add_stages(directory, report);
  return report;
}

}  // namespace quatrain::sim::report
