#pragma once
/// A training step as files: JSON with everything (configs/schemas/step.schema.json) and CSV with one row per
/// operation.

#include "sim/step/training_step.hpp"

#include <string>
#include <string_view>

namespace quatrain::sim {

inline constexpr std::string_view step_format = "quatrain-step";

std::string step_json(const TrainingStep& step);
std::string step_csv(const TrainingStep& step);
/// What the first row of every such CSV begins with.
inline constexpr std::string_view step_csv_mark = "begin_cycle,cycles,layer,part,operation,bound_by,";

}  // namespace quatrain::sim
