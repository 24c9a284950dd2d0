#pragma once
/// A workload without values as a user names it: the name of one that is embedded ("resnet50", "demo_cnn"), a
/// training config, or a CSV file of shapes.

#include "sim/workload/workload.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim {

/// A training config has layers; every other JSON file is none.
bool is_training_config(const std::string& file);

/// Names of the embedded workloads and training configs.
std::vector<std::string> embedded_workloads();
/// Whether open_shapes() would take it for a workload: an embedded name, a .csv file, or a training config.
bool names_shapes(const std::string& argument);

/// Throws Error with file, and line or JSON pointer.
Workload open_shapes(const std::string& argument, const WorkloadOptions& options);

}  // namespace quatrain::sim
