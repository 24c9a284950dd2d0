#pragma once
/// What a training run leaves behind: config.json (complete, as run), run.json (how it was started, how far
/// it came), metrics.csv (one row per epoch), steps.csv (one row per step), gradients.csv (statistics of the
/// gradients of some steps), hashes.csv (hashes of the state's tensors), log.txt and checkpoints/. Every
/// file is whole at any time. A row is written before the checkpoint of its epoch, and going on from a
/// checkpoint cuts the tables to it. One process at a time works in a run directory.

#include "emu/nn/checkpoint.hpp"
#include "emu/nn/gradient_table.hpp"
#include "emu/nn/run_file.hpp"
#include "emu/nn/step_hashes.hpp"
#include "emu/nn/training_config.hpp"
#include "traces/base/files.hpp"
#include "traces/run_names.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::emu {

struct EpochMetrics {
  std::int64_t epoch = 0, step = 0;  ///< epochs and updates done
  float train_loss = 0;              ///< mean over the epoch's images, each at the step that used it
  float test_loss = 0;
  double test_accuracy_percent = 0;
  float learning_rate = 0;  ///< of the epoch's last step
  double seconds = 0;       ///< training and evaluation of this epoch
  std::string state_hash;
};

class RunDirectory {
 public:
  /// A new run: `directory` does not exist or is empty. Throws Error otherwise.
  static RunDirectory create(const std::filesystem::path& directory, const TrainingConfig& config,
                             RunFile run);
  /// An earlier run of exactly this config and these data; `run` has one command, which is added to its own.
  static RunDirectory open(const std::filesystem::path& directory, const TrainingConfig& config, RunFile run);

  const std::filesystem::path& path() const { return directory_; }
  std::filesystem::path checkpoints() const { return directory_ / traces::run_names::checkpoints; }
  /// False where the file system cannot flush folders: the newest files may be lost when the power fails.
  bool is_flushed() const { return is_flushed_; }
  const std::vector<EpochMetrics>& epochs() const { return epochs_; }

  /// Drops what came after the checkpoint, or everything when there is none. Throws Error when the tables do
  /// not reach it.
  void cut_to(const Checkpoint& checkpoint);

  /// Of the next step; held until the epoch is over or the run ends.
  void add_step(float loss);
  const std::vector<float>& step_losses() const { return step_losses_; }
  /// Rows of gradients.csv, to which a watcher adds.
  std::vector<GradientRow>& gradients() { return gradients_; }
  /// `tensors`: of the state, in its order. Comes before the first add_hashes(); throws Error when hashes.csv
  /// has others.
  void set_hashed_tensors(std::vector<std::string> tensors);
  void add_hashes(HashRow row) { hashes_.rows.push_back(std::move(row)); }
  /// Writes the tables as they are, so that a checkpoint of the step at hand finds its rows.
  void save();
  /// Writes the tables.
  void add_epoch(const EpochMetrics& metrics);
  /// The run is over: writes steps.csv and run.json. `reason`: why it stopped, for RunState::stopped.
  void end(RunState state, const std::optional<std::string>& reason = std::nullopt);
  void log(std::string_view line) const;

 private:
  RunDirectory(std::filesystem::path directory, RunFile run);
  void read_tables();
  void write_tables();
  void write_gradient_table();
  void write_hash_table();
  void write_run();

  std::filesystem::path directory_;
  RunFile run_;
  std::optional<base::Lock> lock_;
  bool is_flushed_ = true;
  std::vector<EpochMetrics> epochs_;
  std::vector<float> step_losses_;
  std::vector<GradientRow> gradients_;
  HashTable hashes_;
};

/// A row of metrics.csv, without the line's end; its columns are those of EpochMetrics.
std::string row_of(const EpochMetrics& metrics);

/// Throws Error naming the first key in which the run in `directory` has another config.
void require_same_config(const std::filesystem::path& directory, const TrainingConfig& config);

/// The two tables of a run, from its directory. Throw Error with file and line when they are not as written
/// here.
std::vector<EpochMetrics> read_epochs(const std::filesystem::path& directory);
std::vector<float> read_step_losses(const std::filesystem::path& directory);  ///< element i is step i

/// Makes "PARENT/NAME-001", or the first number that is free: of two processes each gets its own.
std::filesystem::path make_numbered_directory(const std::filesystem::path& parent, std::string_view name);

}  // namespace quatrain::emu
