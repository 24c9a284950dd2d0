#pragma once
/// What the runs of an experiment say: read from their run directories, as results.csv, and as figures of
/// each variant.

#include "emu/nn/run_directory.hpp"
#include "sim/experiment/experiment.hpp"
#include "sim/experiment/statistics.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim::experiment {

struct RunResult {
  Cell cell;
  std::filesystem::path directory;
  bool is_finished = false;
  std::string why_not;  ///< why a run is not finished, where that is known
  std::vector<emu::EpochMetrics> epochs;
  std::vector<float> step_losses;
};

/// One element for each of cells_of(). A run that was not begun has no epochs. Throws Error for a run
/// directory of another config, naming the first key that differs, or with damaged files.
std::vector<RunResult> read_results(const Experiment& experiment, const std::filesystem::path& directory);

/// One row per run and epoch.
std::string results_csv(const Experiment& experiment, const std::vector<RunResult>& results);
inline constexpr std::string_view results_header =
    "variant,seed,epoch,step,train_loss,test_loss,test_accuracy_percent,learning_rate,seconds,state_hash";

/// A figure of a run's last epoch.
using Figure = std::function<double(const emu::EpochMetrics&)>;

/// Over the finished runs of a variant; nothing where there is none.
std::optional<Sample> sample_of(const std::vector<RunResult>& results, std::size_t variant,
                                const Figure& figure);

/// Variant minus baseline, over the seeds with which both have finished: both begin with the same weights and
/// see the images in the same order.
std::optional<Sample> paired_difference(const Experiment& experiment, const std::vector<RunResult>& results,
                                        std::size_t variant, const Figure& figure);

}  // namespace quatrain::sim::experiment
