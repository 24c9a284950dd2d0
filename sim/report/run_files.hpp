#pragma once
/// The files of a run directory that other commands left for the report. Each throws Error with file and JSON
/// pointer when a file is there and is not what its schema says.

#include "sim/report/model.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace quatrain::sim::report {

/// config.json, metrics.csv and steps.csv.
TrainingRun read_training_run(const std::filesystem::path& directory);

/// Whether a JSON file says that it is a simulation.
bool is_simulation(const std::filesystem::path& file);

std::vector<Stage> read_stages(const std::filesystem::path& file);

}  // namespace quatrain::sim::report
