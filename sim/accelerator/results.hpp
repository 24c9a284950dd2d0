#pragma once
/// A simulation as files: ACCELERATOR.json (configs/schemas/simulation.schema.json) and ACCELERATOR.csv, a
/// row a record.

#include "sim/accelerator/simulate.hpp"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace quatrain::sim {

nlohmann::ordered_json to_json_object(const Bounds& bounds);
nlohmann::ordered_json to_json_object(const Traffic& traffic);
/// null where there is none.
nlohmann::ordered_json to_json_object(const std::optional<rtl_models::Activity>& activity);
nlohmann::ordered_json to_json_object(const std::optional<ReplaySummary>& replay);

std::string simulation_json(const Simulation& simulation);
std::string simulation_csv(const Simulation& simulation);

/// Writes both into `folder`, which is made when it is missing. Returns the path of the JSON file.
std::filesystem::path write_simulation(const Simulation& simulation, const std::filesystem::path& folder);

}  // namespace quatrain::sim
