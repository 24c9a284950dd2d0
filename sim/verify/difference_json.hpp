#pragma once
/// Pattern and diagnosis of a machine's differences in crosscheck.json.

#include "sim/verify/difference_study.hpp"
#include "traces/base/strict_json.hpp"

#include <nlohmann/json_fwd.hpp>

namespace quatrain::sim {

nlohmann::ordered_json to_json_object(const diagnosis::Pattern& pattern);
nlohmann::ordered_json to_json_object(const diagnosis::Diagnosis& diagnosis);

/// Throw Error with file and JSON pointer, also where a text contradicts the keys that it follows from.
diagnosis::Pattern read_pattern(const base::JsonNode& node);
diagnosis::Diagnosis read_diagnosis(const base::JsonNode& node);

}  // namespace quatrain::sim
