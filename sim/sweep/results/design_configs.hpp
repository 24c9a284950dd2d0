#pragma once
/// The whole config of a design of a study, and what of it a page has to say anew.

#include "sim/sweep/results/study_results.hpp"

#include <nlohmann/json_fwd.hpp>

namespace quatrain::sim {

/// Complete, with the design's name; the base's for a design that is `results.base`. null where it is not
/// known. Throws Error where the base's config does not take the design's keys.
nlohmann::ordered_json whole_config(const StudyResults& results, const StudiedDesign& design);

/// What makes `to` of `from`: a list of [path, value], and of [path] for what `to` does not have. A path is a
/// list of keys.
nlohmann::ordered_json config_differences(const nlohmann::ordered_json& from,
                                          const nlohmann::ordered_json& to);

}  // namespace quatrain::sim
