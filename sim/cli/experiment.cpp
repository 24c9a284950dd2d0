/// quatrain experiment: variants of a config, each with several seeds, compared.
#include "emu/nn/run_directory.hpp"
#include "emu/nn/run_file.hpp"
#include "sim/cli/command.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/typed_values.hpp"
#include "sim/embedded/resources.hpp"
#include "sim/experiment/page.hpp"
#include "sim/jobs/jobs.hpp"
#include "sim/records/outputs.hpp"
#include "sim/report/html.hpp"
#include "sim/report/terminal.hpp"
#include "traces/base/error.hpp"
#include "traces/base/files.hpp"
#include "traces/base/processors.hpp"
#include "traces/run_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace quatrain::sim {
namespace {

using experiment::Cell;
using experiment::Experiment;
using experiment::RunResult;

constexpr const char* experiment_examples = R"(
FILE is an experiment inside the program (demo_recipes) or a file: a training config, seeds, and variants that
each replace some of its keys. Every variant is trained with every seed, each run in a process of its own, as
many at a time as the computer has cores.

Runs that have finished are kept: the same command with the same --out goes on where it was interrupted, and
seeds or variants that were added to the file are trained too.

DIR holds:
  VARIANT/seed_N/   the run directory of each run
  results.csv       one row per run and epoch
  report.html       curves, means, spread, and paired differences to the baseline with 95 % intervals

Examples:
  quatrain experiment demo_recipes                     five recipes, three seeds, into runs/demo_recipes-001
  quatrain experiment mine.json --out runs/mine        your own; again to go on
  quatrain experiment mine.json --out runs/mine --jobs 1 --threads 2

Exit codes:
  0    every run has finished
  2    bad input, or a run that failed: one line says which; the report shows the others)";

struct TypedExperiment {
  std::string file, data;
  std::filesystem::path out;
  unsigned jobs = 0, threads = 0;
};

/// The runs that are still to be made.
struct Plan {
  std::vector<Job> jobs;
  std::vector<std::filesystem::path> run_directories;  ///< of each job
  std::size_t kept = 0;
};

Plan plan_of(const Experiment& experiment, const std::vector<RunResult>& results, const TypedExperiment& typed,
             unsigned threads) {
  Plan plan;
  for (const RunResult& result : results) {
    if (result.is_finished) {
      ++plan.kept;
      continue;
    }
    std::vector<std::string> words = experiment::train_words(experiment, result.cell, result.directory);
    if (!typed.data.empty()) words.insert(words.end(), {"--data", typed.data});
    words.insert(words.end(), {"--threads", std::to_string(threads)});
    if (std::filesystem::exists(result.directory / traces::run_names::config)) words.emplace_back("--resume");
    const std::string& name = experiment.variants[result.cell.variant].name;
    plan.jobs.push_back({fmt::format("{}, seed {}", name, result.cell.seed), std::move(words),
                         typed.out / name / fmt::format("seed_{}.txt", result.cell.seed)});
    plan.run_directories.push_back(result.directory);
  }
  return plan;
}

/// Of the epochs; a run file that is not there yet, or is just being made, says nothing.
double share_done(const std::filesystem::path& run_directory) try {
  const auto run = emu::read_run_file(run_directory);
  if (!run || run->of_epochs == 0) return 0;
  return static_cast<double>(run->epochs) / static_cast<double>(run->of_epochs);
} catch (const std::exception&) {
  return 0;
}

void print_end(const Job& job, const std::filesystem::path& run_directory, const JobEnd& end) {
  if (end.exit_code != 0) {
    print_to_stderr(fmt::format("error: {}: {}", job.name, last_line_of(job)));
    return;
  }
  const emu::EpochMetrics last = emu::read_epochs(run_directory).back();
  fmt::print("{:<32}  {:6.2f} %  {:>9}  {}\n", job.name, last.test_accuracy_percent,
             duration_text(end.seconds), last.state_hash);
  flush_stdout();
}

/// What makes the experiment again, and each run by itself.
std::vector<std::string> commands_of(const Experiment& experiment, const TypedExperiment& typed,
                                     const std::vector<RunResult>& results) {
  std::vector<std::string> data;
  if (!typed.data.empty()) data = {"--data", typed.data};
  const std::string again = typed.out.lexically_normal().string() + "-again";
  std::vector<std::string> words = {"quatrain", "experiment", typed.file, "--out", again};
  words.insert(words.end(), data.begin(), data.end());
  std::vector<std::string> commands = {shell_line(words)};
  for (const RunResult& result : results) {
    words = experiment::train_words(experiment, result.cell,
                                    experiment::run_directory_of(again, experiment, result.cell));
    words.insert(words.begin(), "quatrain");
    words.insert(words.end(), data.begin(), data.end());
    commands.push_back(shell_line(words));
  }
  return commands;
}

constexpr const char* results_name = "results.csv";

std::array<Output, 2> outputs_in(const std::filesystem::path& directory) {
  return {Output{directory / results_name, std::string(experiment::results_header)},
          Output{directory / traces::run_names::report_html, std::string(report::page_mark)}};
}

void write_report(const Experiment& experiment, const TypedExperiment& typed, const std::vector<RunResult>& results) {
  const report::Page page =
      experiment::make_page(experiment, results, commands_of(experiment, typed, results));
  const auto outputs = outputs_in(typed.out);
  const std::array<std::string, 2> texts = {
      experiment::results_csv(experiment, results),
      report::render_html(page, embedded_resource("chart.js").value_or(""))};
  warn_unless_flushed(write_outputs(outputs, texts), outputs.back().file);
  fmt::print("\n{}\n{}\n{}\n", report::render_terminal(page), outputs.front().file.string(),
             outputs.back().file.string());
}

void run(const Plan& plan, const Experiment& experiment, unsigned at_once) {
  for (const Job& job : plan.jobs) std::filesystem::create_directories(job.output.parent_path());
  const auto progress = make_progress();
  run_jobs(plan.jobs,
           {.at_once = at_once,
            .what = experiment.name,
            .share_done = [&](std::size_t job) { return share_done(plan.run_directories[job]); }},
           *progress,
           [&](const JobEnd& end) { print_end(plan.jobs[end.job], plan.run_directories[end.job], end); });
}

int run_experiment(TypedExperiment typed) {
  const Experiment experiment = experiment::read_experiment(open_config(typed.file, ConfigKind::experiment));
  if (!typed.data.empty() && !std::filesystem::is_directory(typed.data))
    throw base::Error("{}: no such folder; expected the folder of the data set", typed.data);
  if (typed.out.empty()) typed.out = emu::make_numbered_directory("runs", experiment.name);
  require_free(outputs_in(typed.out));
  std::vector<RunResult> results = experiment::read_results(experiment, typed.out);
  const auto missing = static_cast<unsigned>(std::ranges::count(results, false, &RunResult::is_finished));
  const unsigned at_once =
      std::max(std::min(typed.jobs != 0 ? typed.jobs : base::default_thread_count(), missing), 1U);
  const unsigned threads = typed.threads != 0 ? typed.threads : threads_for_each(at_once);
  const Plan plan = plan_of(experiment, results, typed, threads);
  fmt::print("{}: {} variants of {}, {} seeds, {} runs; {} finished before; {} at a time, {} thread{} each\n",
             experiment.name, experiment.variants.size(), experiment.config, experiment.seeds.size(),
             results.size(), plan.kept, at_once, threads, threads == 1 ? "" : "s");
  flush_stdout();
  if (!plan.jobs.empty()) {
    try {
      run(plan, experiment, at_once);
    } catch (const base::Interrupted&) {
      print_to_stderr(fmt::format("what has finished is kept; it goes on with: quatrain {}",
                                  shell_line({"experiment", typed.file, "--out", typed.out.string()})));
      throw;
    }
    results = experiment::read_results(experiment, typed.out);
  }
  write_report(experiment, typed, results);
  return std::ranges::all_of(results, &RunResult::is_finished) ? 0 : 2;
}

}  // namespace

void add_experiment_command(CLI::App& program, Action& action) {
  CLI::App* command =
      program.add_subcommand("experiment", "Variants of a config with several seeds each, compared");
  command->footer(experiment_examples);
  const auto typed = std::make_shared<TypedExperiment>();
  command->add_option("FILE", typed->file, "experiment: name or file")->required();
  command
      ->add_option(
          "--out", typed->out,
          "folder of the runs; one that has some of them goes on\n(default: runs/NAME-001, the first "
          "free number)")
      ->check(not_empty());
  command
      ->add_option(
          "--data", typed->data,
          "folder of the data set (default: $QUATRAIN_DATA, else\nFashion-MNIST of the Debian package)")
      ->check(not_empty());
  command->add_option("--jobs", typed->jobs, "runs at a time (default: one per processor)")
      ->check(whole_number(1, 1024));
  command->add_option("--threads", typed->threads, "threads of each run (default: processors / jobs)")
      ->check(whole_number(1, 1024));
  command->callback(
      [typed, &action] { action = [typed](const Provenance&) { return run_experiment(*typed); }; });
}

}  // namespace quatrain::sim
