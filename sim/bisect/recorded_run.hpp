#pragma once
/// What a run directory says of the run, as far as two runs can be compared by it.

#include "emu/nn/repeated_step.hpp"
#include "emu/nn/run_directory.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim::bisect {

struct RecordedRun {
  std::filesystem::path directory;
  emu::TrainingConfig config;
  std::string config_text;
  std::optional<emu::RunFile> file;  ///< absent: a run of an older program
  std::vector<float> losses;         ///< of every step
  emu::HashTable hashes;
  std::map<std::int64_t, std::string> states;                 ///< state_hash by updates done, of metrics.csv
  std::map<std::int64_t, std::filesystem::path> checkpoints;  ///< by updates done; those that can be read

  const emu::HashRow* row(std::int64_t step) const;
};

/// Throws Error when it is no run directory, or a table is damaged.
RecordedRun read_run(const std::filesystem::path& directory);

/// Which of the config's keys differ: "/seed: 1 in A, 2 in B".
std::vector<std::string> differing_keys(const RecordedRun& a, const RecordedRun& b);

/// The data, if both runs name them and they are not the same: "data: train-labels-idx1-ubyte has SHA-256 ...
/// in A, ... in B".
std::optional<std::string> differing_data(const RecordedRun& a, const RecordedRun& b);

/// Why a checkpoint of `run` is not what the run had after `updates`: its hashes.csv or metrics.csv has
/// another state there, or the file is damaged. Nothing when all agree.
std::optional<std::string> why_not_its_own(const RecordedRun& run, std::int64_t updates);

/// The first tensor that differs between two checkpoint files, with its first element; nothing when all
/// values are equal.
std::optional<std::string> first_tensor(const std::filesystem::path& a, const std::filesystem::path& b);

}  // namespace quatrain::sim::bisect
