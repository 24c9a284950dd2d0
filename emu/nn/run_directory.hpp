#pragma once
/// What a training run leaves behind: config.json (complete, as run), metrics.csv (a row an epoch), steps.csv
/// (a row a step), log.txt and checkpoints/. Every file is whole at any time; a row is written before the
/// checkpoint of its epoch, and going on from a checkpoint cuts both tables to it.

#include "emu/nn/checkpoint.hpp"
#include "emu/nn/training_config.hpp"

#include <cstdint>
#include <filesystem>
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
  static RunDirectory create(const std::filesystem::path& directory, const TrainingConfig& config);
  /// An earlier run of exactly this config.
  static RunDirectory open(const std::filesystem::path& directory, const TrainingConfig& config);

  const std::filesystem::path& path() const { return directory_; }
  std::filesystem::path checkpoints() const { return directory_ / "checkpoints"; }
  const std::vector<EpochMetrics>& epochs() const { return epochs_; }

  /// Drops what came after the checkpoint, or everything when there is none. Throws Error when the tables do
  /// not reach it.
  void cut_to(const Checkpoint& checkpoint);

  /// Of the next step; held until the epoch is over.
  void add_step(float loss);
  /// Writes both tables.
  void add_epoch(const EpochMetrics& metrics);
  void log(std::string_view line) const;

 private:
  explicit RunDirectory(std::filesystem::path directory) : directory_(std::move(directory)) {}
  void read_tables();
  void write_tables() const;

  std::filesystem::path directory_;
  std::vector<EpochMetrics> epochs_;
  std::vector<float> step_losses_;
};

/// The two tables of a run, from its directory. Throw Error with file and line when they are not as written
/// here.
std::vector<EpochMetrics> read_epochs(const std::filesystem::path& directory);
std::vector<float> read_step_losses(const std::filesystem::path& directory);  ///< element i is step i

/// "PARENT/NAME-001", or the first number that is free.
std::filesystem::path first_free_run_directory(const std::filesystem::path& parent, std::string_view name);

}  // namespace quatrain::emu
