#pragma once
/// An experiment as it is read: the page of `quatrain report` (sim/report/page.hpp) with what the runs say.

#include "sim/experiment/results.hpp"
#include "sim/report/page.hpp"

#include <string>
#include <vector>

namespace quatrain::sim::experiment {

/// `commands`: what makes the whole experiment again.
report::Page make_page(const Experiment& experiment, const std::vector<RunResult>& results,
                       const std::vector<std::string>& commands);

}  // namespace quatrain::sim::experiment
