#pragma once
/// A study as a page (sim/report/page.hpp): the best, all designs against each other, their energies, and the
/// layers of the one that a reader chooses.

#include "sim/report/page.hpp"
#include "sim/sweep/results/study_results.hpp"

#include <string>
#include <vector>

namespace quatrain::sim {

/// How a reader gets the same again.
struct StudyCommands {
  std::vector<std::string> all = {};              ///< make the whole study
  std::vector<std::string> one_by_workload = {};  ///< simulate one design, once its --set words are added
};

/// One sentence: the best by the study's objective, and how it stands to the base.
std::string headline_of(const StudyResults& results);

/// --set words for the keys of a design.
std::string set_words(const StudyResults& results, const StudiedDesign& design);

report::Page make_page(const StudyResults& results, const StudyCommands& commands);

}  // namespace quatrain::sim
