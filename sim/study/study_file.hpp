#pragma once
/// gradients.json: what `quatrain study` found (configs/schemas/gradients.schema.json).

#include "sim/study/study.hpp"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <string>

namespace quatrain::sim::study {

inline constexpr const char* study_format = "quatrain-gradients";

std::string study_json(const GradientStudy& study);

/// `manifest_sha256`: of the trace beside the file, "" for any. Throws Error with file and JSON pointer.
GradientStudy read_study(const std::filesystem::path& file, const std::string& manifest_sha256);

/// What one effect is called in JSON, without its gradient.
nlohmann::ordered_json to_json_object(const RoundingEffect& effect);

}  // namespace quatrain::sim::study
