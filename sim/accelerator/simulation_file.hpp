#pragma once
/// A simulation as files: ACCELERATOR.json (configs/schemas/simulation.schema.json), which is read back as it
/// was written, and ACCELERATOR.csv for spreadsheets, one row per record.

#include "sim/accelerator/figures.hpp"
#include "sim/accelerator/simulate.hpp"
#include "sim/records/outputs.hpp"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quatrain::sim {

nlohmann::ordered_json to_json_object(const Bounds& bounds);
/// null where there is none.
nlohmann::ordered_json to_json_object(const std::optional<ReplayFindings>& replay);
nlohmann::ordered_json to_json_object(const QuantizerFindings& replay);
/// All figures, each in the object of its group; a group without values is null.
nlohmann::ordered_json to_json_object(const AcceleratorConfig& config, const Tally& tally);

std::string simulation_json(const Simulation& simulation);
/// Fields of a CSV row: every figure, each with a comma before it; empty where there is none.
std::string figure_fields(const AcceleratorConfig& config, const Tally& tally);
std::string simulation_csv(const Simulation& simulation);

/// Counts and times are read; figures that follow from them are computed again. `manifest_sha256`: of the
/// trace beside the file, "" for any. Throws Error with file and JSON pointer.
Simulation read_simulation(const std::filesystem::path& file, const std::string& manifest_sha256);

/// Where the two files of a design go: NAME.json and NAME.csv, or NAME-2 and so on, so that designs of one
/// name keep their results apart. NAME is the design's, with that of the workload behind it where it is no
/// trace. A file of the same design and workload is an older result.
std::vector<Output> simulation_outputs(const AcceleratorConfig& config, const WorkloadSource& workload,
                                       const std::filesystem::path& folder);

/// Writes both together, into a folder that is made when it is missing. False as write_outputs() says it.
bool write_simulation(const Simulation& simulation, std::span<const Output> outputs);

}  // namespace quatrain::sim
