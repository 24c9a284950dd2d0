#pragma once
/// Many training runs that are compared: variants of one config, each with every seed
/// (configs/schemas/experiment.schema.json, docs/guides/experiments.md).

#include "emu/nn/training_config.hpp"
#include "sim/embedded/overrides.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim::experiment {

/// What one variant changes of the config: keys first, then the recipe, as `quatrain train` does it.
struct Variant {
  std::string name;   ///< folder of its runs
  std::string title;  ///< in tables and charts; the name where the file gives none
  std::vector<Override> set;
  std::optional<emu::Recipe> quantize = {};
};

struct Experiment {
  std::string name;
  std::string config;  ///< as `quatrain train` takes it: a name inside the program, or a path from here
  std::vector<std::uint32_t> seeds;
  std::vector<Variant> variants;
  std::size_t baseline = 0;  ///< the variant that all others are compared with
};

inline constexpr std::size_t most_variants = 100, most_seeds = 1000;

/// Refuses unknown keys, names and seeds that stand twice, and variants whose config the training reader
/// refuses: nothing starts before all of it could. Relative paths count from the file's folder.
Experiment read_experiment(const base::JsonNode& root);

/// The config of one run.
emu::TrainingConfig config_of(const Experiment& experiment, const Variant& variant, std::uint32_t seed);

/// One cell of the grid.
struct Cell {
  std::size_t variant = 0;
  std::uint32_t seed = 0;
};
/// All of them: every variant with the first seed, then with the second, so that an experiment that is
/// stopped has compared what it has.
std::vector<Cell> cells_of(const Experiment& experiment);

/// "DIRECTORY/luq/seed_1".
std::filesystem::path run_directory_of(const std::filesystem::path& directory, const Experiment& experiment,
                                       const Cell& cell);

/// The words behind `quatrain` that train one cell into a run directory.
std::vector<std::string> train_words(const Experiment& experiment, const Cell& cell,
                                     const std::filesystem::path& run_directory);

}  // namespace quatrain::sim::experiment
