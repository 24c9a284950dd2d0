#pragma once
/// Everything that a report says, as data. It is read once, from a run directory, a demo's folder or a folder
/// of simulations, and rendered three times (terminal, report.json, report.html). A part that is not there is
/// a `Missing`, never a made-up figure.

#include "emu/nn/run_directory.hpp"
#include "emu/nn/training_config.hpp"
#include "sim/accelerator/simulation_file.hpp"
#include "sim/step/training_step.hpp"
#include "sim/study/study.hpp"
#include "sim/verify/cross_check.hpp"

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace quatrain::sim::report {

struct TrainingRun {
  std::string recipe;  ///< "fp32", "luq", "nearest"
  emu::TrainingConfig config;
  std::vector<emu::EpochMetrics> epochs;
  std::vector<float> step_losses;
  std::vector<emu::GradientRow> gradients;  ///< of gradients.csv; none where there is no such file
  std::string folder;                       ///< in the report's directory; "" for a single run
  std::string data_folder;                  ///< of its images, as typed; "" when nothing says it
  std::string stopped;  ///< why it ended before its last epoch; "" when it did not, or nothing says why
  bool stopped_by_error = false;

  bool is_complete() const { return static_cast<std::int64_t>(epochs.size()) >= config.epochs; }
};

struct Stage {
  std::string name;
  double seconds = 0;
  std::string command;
};

/// One accelerator on the trace.
struct Design {
  std::string label;  ///< its name; where designs share one, with the file's name behind it
  std::filesystem::path file;
  Simulation simulation;
};

/// A whole training step of the run's network on a design, under the name that the page has for it.
struct ShownStep {
  std::string label;
  TrainingStep step;
};

struct Missing {
  std::string part, why, how;  ///< how: the command that would make it
  bool is_damaged = false;     ///< its file is there, and is not what it should be
};

/// Of one layer, over the rows of gradients.csv that have the figure.
struct GradientMeans {
  std::string layer;
  std::uint64_t steps = 0;
  std::optional<double> snr_db, cosine, gain, below_alpha_share, top_code_share, ln_sigma;
};
/// In the order of the network.
std::vector<GradientMeans> gradient_means(const TrainingRun& run);

/// The trace beside the run.
struct TraceFacts {
  std::string manifest_sha256, model;
  std::size_t gemms = 0, quantizers = 0;
  std::set<std::uint32_t> steps;  ///< training steps
};

struct Report {
  std::string kind;     ///< "demo", "run", "trace", or "simulations": a folder of results of `quatrain sim`
  std::string subject;  ///< name of the directory
  std::vector<TrainingRun> training;
  std::string traced_folder;  ///< of the run whose trace the rest is about
  std::optional<TraceFacts> trace;
  std::optional<CrossCheck> crosscheck;
  std::vector<Design>
      designs;  ///< those that replayed the trace first, then by name; numbers in names in their order
  std::vector<Design> others;  ///< in a folder of simulations: those of another workload than the first one's
  std::vector<ShownStep> steps;  ///< on the headline's design, then on others, most_steps at most
  std::optional<study::GradientStudy> gradients;
  std::vector<Stage> stages;
  std::vector<std::string> commands;  ///< that repeat it
  std::vector<Missing> missing;
};

inline constexpr std::size_t most_steps = 4;

/// Whether it is the folder of a trace.
bool is_trace_folder(const std::filesystem::path& directory);

/// The design that the headline shows: the fastest of those that replayed the trace, or of all when none did.
const Design* headline_design(const Report& report);

/// One sentence: which kernels ran on a GPU, and which on the CPU runtime.
std::string where_kernels_ran(const CrossCheck& check);

/// `directory` without a slash at its end. Throws Error when it is no such directory, or the configuration or
/// tables of a training run in it are not what they should be. Any other file that is not what it should be,
/// or belongs to another trace than the one beside it, costs its part of the report: it is named in
/// `missing`, and so is a record of the trace that could not be read.
Report read_report(const std::filesystem::path& directory);

}  // namespace quatrain::sim::report
