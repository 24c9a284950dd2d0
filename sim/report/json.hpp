#pragma once
/// report.json (configs/schemas/report.schema.json).

#include "sim/report/model.hpp"

#include <string>

namespace quatrain::sim::report {

std::string render_json(const Report& report);

}  // namespace quatrain::sim::report
