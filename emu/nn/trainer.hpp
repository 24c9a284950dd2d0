#pragma once
/// One training run from a config to a run directory: epochs of steps, an evaluation, metrics, a state_hash
/// and a checkpoint after each (docs/training-step.md). The same config and data give the same bits for any
/// number of threads and any SIMD path, in one go or resumed.

#include "emu/nn/observer.hpp"
#include "emu/nn/run_directory.hpp"
#include "emu/nn/step_profile.hpp"
#include "emu/nn/training_config.hpp"
#include "emu/simd/dispatch.hpp"
#include "traces/base/progress.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::emu {

struct TraceRequest {
  std::filesystem::path directory;  ///< "" for RUN_DIRECTORY/trace
  /// Comma list of step numbers (updates before the step), or the words first, middle, last: the first step
  /// of those epochs.
  std::string steps = "first,middle,last";
};

struct TrainingOptions {
  TrainingConfig config;
  std::filesystem::path data;  ///< folder of the IDX files
  /// New or empty; an earlier run's for `resumes`. "": the first free number, runs/NAME-001, ...
  std::filesystem::path run_directory;
  std::string command;   ///< as typed, for run.json
  unsigned threads = 0;  ///< 0: as many as the machine has
  bool resumes = false;
  /// Run directory or checkpoint whose weights the run begins with; "": initial parameters of the seed.
  std::filesystem::path weights;
  std::optional<TraceRequest> trace;   ///< a run that goes on, goes on with its trace too
  std::int64_t checkpoint_every = 0;   ///< a checkpoint after so many steps too; 0: only after each epoch
  std::size_t keep_checkpoints = 0;    ///< the newest so many alone; 0: all
  std::int64_t gradients_every = 0;    ///< statistics of each step whose number it divides; 0: of none
  std::int64_t hashes_every = 0;       ///< the same for the hashes of the state's tensors
  bool profiles = false;               ///< whether TrainingResult::profile is wanted
  SimdPath path = SimdPath::portable;  ///< of quantizers and products; fast is chosen_path()
  /// Computes all quantizers and 4-bit products; null: the emulator on `path`.
  traces::Machine* machine = nullptr;
  /// Makes who watches every step and every batch of an evaluation; given the run directory. May be empty.
  std::function<std::unique_ptr<StepObserver>(const std::filesystem::path&)> watch;
  std::function<bool()> stops;  ///< polled often, by every thread; may be empty
  /// Called for every epoch, those before a resumption too; may be empty.
  std::function<void(const EpochMetrics&)> epoch_ended;
  std::function<void(std::string_view)> noted;  ///< told what the user should know of a run that goes on
};

struct TrainingResult {
  std::filesystem::path run_directory;
  std::optional<std::filesystem::path> trace;
  std::vector<EpochMetrics> epochs;             ///< of the whole run, those before a resumption too
  std::vector<ProfiledOperation> profile = {};  ///< of the training steps of this call
};

/// Reads the data before it creates anything. Throws Error for what input or disk do wrong, Interrupted when
/// `stops` says so; the last checkpoint and what was traced until then stay, and run.json says how far the
/// run came.
TrainingResult train(const TrainingOptions& options, base::Progress& progress);

}  // namespace quatrain::emu
