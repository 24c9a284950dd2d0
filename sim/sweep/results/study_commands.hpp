#pragma once
/// Command lines that make a study, or one design of it, again. Each runs from the folder where it is shown:
/// names inside the program stay, relative paths that count from another folder become absolute.

#include "sim/sweep/results/study_json.hpp"
#include "sim/sweep/results/study_page.hpp"

#include <filesystem>

namespace quatrain::sim {

/// `folder`: of the results; the whole study goes into the first of FOLDER-again, -again-2, ... that is free.
StudyCommands study_commands(const StudyResults& results, const StudyOrigin& origin,
                             const std::filesystem::path& folder);

}  // namespace quatrain::sim
