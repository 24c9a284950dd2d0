#pragma once
/// Everything a report says, as data: read once from a run directory or a demo's directory, rendered three
/// times (terminal, report.json, report.html). What is not there is a `Missing`, never a made-up figure.

#include "emu/nn/run_directory.hpp"
#include "emu/nn/training_config.hpp"
#include "sim/accelerator/simulation_file.hpp"
#include "sim/report/gradient_study.hpp"
#include "sim/verify/cross_check.hpp"
#include "traces/base/parallel_for.hpp"
#include "traces/base/progress.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim::report {

struct TrainingRun {
  std::string recipe;  ///< "fp32", "luq", "nearest"
  emu::TrainingConfig config;
  std::vector<emu::EpochMetrics> epochs;
  std::vector<float> step_losses;
};

struct Stage {
  std::string name;
  double seconds = 0;
  std::string command;
};

struct Missing {
  std::string part, why, how;  ///< how: the command that would make it
};

struct Report {
  std::string kind;     ///< "demo" or "run"
  std::string subject;  ///< name of the directory
  std::vector<TrainingRun> training;
  std::optional<CrossCheck> crosscheck;
  std::vector<Simulation> simulations;  ///< those that replayed the trace first, then by name
  std::optional<GradientStudy> gradients;
  std::vector<Stage> stages;
  std::vector<std::string> commands;  ///< that repeat it
  std::vector<Missing> missing;
};

/// One sentence: which kernels ran on a GPU, and which on the CPU runtime.
std::string where_kernels_ran(const CrossCheck& check);

/// Throws Error when `directory` is neither kind of directory, or a file in it is not what it should be, or
/// belongs to another trace than the one beside it.
Report read_report(const std::filesystem::path& directory, traces::ThreadPool& pool,
                   traces::Progress& progress);

}  // namespace quatrain::sim::report
