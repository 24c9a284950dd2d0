#pragma once
/// The sections of the page, one file each. A part that the report does not have gives no section.

#include "sim/report/page.hpp"

#include <optional>

namespace quatrain::sim::report {

std::optional<Section> training_section(const Report& report);
std::optional<Section> gradient_curves_section(const Report& report);
std::optional<Section> gradient_section(const Report& report);
std::optional<Section> crosscheck_section(const Report& report);
std::optional<Section> simulation_section(const Report& report);

}  // namespace quatrain::sim::report
