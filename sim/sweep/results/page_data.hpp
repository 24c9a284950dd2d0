#pragma once
/// What the page's script (study.js) draws from.

#include "sim/sweep/results/study_page.hpp"

#include <string>

namespace quatrain::sim {

/// JSON. Designs stand in the order of ranked(); of very many designs those behind the first ones are left
/// out, but for the fronts. Numbers have seven digits.
std::string page_data(const StudyResults& results, const StudyCommands& commands);

/// One sentence: which designs have their layers on the page.
std::string layer_note(const StudyResults& results);

}  // namespace quatrain::sim
