#pragma once
/// The sections of the page, one file each. A part that the report does not have gives no section.

#include "sim/report/page.hpp"

#include <optional>
#include <string>

namespace quatrain::sim::report {

std::optional<Section> training_section(const Report& report);
std::optional<Section> gradient_section(const Report& report);
std::optional<Section> crosscheck_section(const Report& report);
std::optional<Section> simulation_section(const Report& report);

/// "equal", "DIFFERENT", "skipped" with their tones.
Cell verdict_cell(const MachineCheck& check);

/// One sentence: which kernels ran on a GPU, and which on the CPU runtime.
std::string where_kernels_ran(const CrossCheck& check);

}  // namespace quatrain::sim::report
