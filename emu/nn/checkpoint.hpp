#pragma once
/// The state of a run after an epoch, or after a step inside one, as a safetensors file
/// (traces/format/safetensors.hpp): for every parameter its value ("conv1.weight") and its momentum
/// ("conv1.weight.momentum"), for every other state its value ("bn1.running_mean"), and under __metadata__
/// the format's name, epoch, step, state_hash and data_sha256 as strings (docs/training-step.md). A file is
/// whole when its hash is that of its contents.

#include "emu/nn/layer.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quatrain::emu {

/// What was done of an epoch that is not over.
struct EpochSoFar {
  std::vector<float> losses = {};  ///< of its images, in the order of the epoch; their mean is its train_loss
  double seconds = 0;
};

struct Checkpoint {
  std::uint64_t epoch = 0, step = 0;  ///< epochs and updates done
  std::string state_hash = {};
  std::string data_sha256 =
      {};  ///< of the data trained on (emu/data/data_set.hpp); "" in a file of an older program
  std::optional<EpochSoFar> so_far = {};  ///< after a step inside an epoch
};

/// "epoch_0003.safetensors" in `directory`, which exists; inside an epoch
/// "epoch_0003_step_00002900.safetensors": 3 epochs and 2900 steps are done.
void write_checkpoint(const std::filesystem::path& directory, const Checkpoint& checkpoint,
                      std::span<const LayerState> layers);

/// Fills values, momenta and states. Throws Error when the file is damaged or of another network; what the
/// layers hold is then unspecified.
Checkpoint read_checkpoint(const std::filesystem::path& file, std::span<const LayerState> layers);

/// Reads the newest whole checkpoint of `directory`; none when the folder has none at all. What is wrong with
/// the damaged ones that were skipped goes to `skipped`. Throws Error when all are damaged.
std::optional<Checkpoint> read_newest_checkpoint(const std::filesystem::path& directory,
                                                 std::span<const LayerState> layers,
                                                 std::vector<std::string>& skipped);

/// Removes all but the newest `count` checkpoints of `directory`.
void keep_newest(const std::filesystem::path& directory, std::size_t count);

/// The newest checkpoint of the run in `path`, or `path` itself where that is a file. Throws Error when there
/// is none.
std::filesystem::path find_checkpoint(const std::filesystem::path& path);

/// Takes over the values of all parameters, and of the states that the file has, from a checkpoint of another
/// run of the same network; momenta become zero. Throws Error when the file is damaged, lacks a parameter of
/// `layers`, or holds one with a NaN or an infinity. Returns its facts.
Checkpoint start_from(const std::filesystem::path& file, std::span<const LayerState> layers);

}  // namespace quatrain::emu
