#pragma once
/// crosscheck.json: what `quatrain verify` found, by machine (configs/schemas/crosscheck.schema.json).

#include "sim/verify/cross_check.hpp"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <string>

namespace quatrain::sim {

/// `file`: where it will stand; the trace is named relative to its folder when it lies in it or below.
std::string cross_check_json(const CrossCheck& check, const std::filesystem::path& file);

/// `manifest_sha256`: of the trace beside the file, "" for any. Throws Error with file and JSON pointer, also
/// for a verdict or text that contradicts the keys that it follows from.
CrossCheck read_cross_check(const std::filesystem::path& file, const std::string& manifest_sha256);

nlohmann::ordered_json to_json_object(const RecordCounts& records);
nlohmann::ordered_json to_json_object(const MachineFindings& machine);

}  // namespace quatrain::sim
