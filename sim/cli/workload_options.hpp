#pragma once
/// --phases, --batch and --shape: what may be typed of a workload without values.

#include "sim/workload/workload.hpp"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>
#include <vector>

namespace quatrain::sim {

struct TypedWorkloadOptions {
  std::string phases;
  std::int64_t batch = 0;
  std::vector<std::string> shapes;

  /// The first one typed, with its dashes; "" for none.
  std::string first() const;
  /// Throws Error for a shape that is none.
  WorkloadOptions options() const;
};

/// Adds them to a command. The result is filled when the command line is read.
std::shared_ptr<TypedWorkloadOptions> add_workload_options(CLI::App& command);

}  // namespace quatrain::sim
