#pragma once
/// Results of `quatrain sim` as a study: the designs in one folder that ran the same workloads.

#include "sim/report/model.hpp"
#include "sim/sweep/results/study_results.hpp"

#include <string>
#include <vector>

namespace quatrain::sim {

struct SimulatedDesigns {
  StudyResults results;
  std::vector<std::string> left_out;  ///< one sentence per design that did not run every workload
};

/// `report`: of a folder of simulations, all of which were priced. The study has the folder's name and no
/// base.
SimulatedDesigns simulated_designs(const report::Report& report);

}  // namespace quatrain::sim
