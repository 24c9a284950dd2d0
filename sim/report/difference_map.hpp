#pragma once
/// The differences of a machine in the report: where they lie, drawn as a map, and which mistake gives them.

#include "sim/report/page.hpp"

#include <string>

namespace quatrain::sim::report {

/// Adds what is known beside the first differences: tables of patterns and diagnoses, and a map of each
/// record with a pattern. Nothing where no machine differs.
void add_differences(const CrossCheck& check, Section& section);

/// An SVG image, a square for each cell: the more of its elements differ, the darker. What a cell holds is
/// its title.
std::string render_map(const Map& map);

}  // namespace quatrain::sim::report
