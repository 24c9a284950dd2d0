#pragma once
/// Designs and workloads as they are typed for `quatrain sim`, told apart by what they are.

#include "sim/accelerator/config.hpp"
#include "sim/accelerator/technology.hpp"
#include "sim/embedded/overrides.hpp"
#include "sim/records/provenance.hpp"
#include "sim/workload/workload.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim {

/// What --fidelity takes beside fidelity_words (replay.hpp): the closed forms alone.
inline constexpr std::string_view analytic_word = "analytic";

struct DesignInput {
  std::vector<Override> overrides = {};
  AcceleratorConfig config;  ///< its technology tables stand as absolute paths
  std::vector<Technology> technologies;
  std::vector<Input> inputs;  ///< the config, then its tables
};

/// A design by its name inside the program, or its file. Throws Error with file and JSON pointer.
DesignInput open_design(const std::string& argument);

/// A trace's folder, not looked into yet, or shapes.
struct WorkloadInput {
  std::string place;
  std::optional<Workload> shapes;
  bool is_trace() const { return !shapes; }
  bool has_values() const { return is_trace() || shapes->source.has_values(); }
};

struct SimInputs {
  std::vector<DesignInput> designs;
  std::vector<WorkloadInput> workloads;
};

/// As typed.
struct SimNames {
  std::vector<std::string> names = {};   ///< designs, workloads and folders of traces
  std::vector<std::string> traces = {};  ///< of --trace
  std::vector<std::string> sets = {};    ///< of --set: each design once with every combination of the values
  std::string values = {};               ///< of --values: "seed=7"; "" draws none
};

/// Throws Error when a name is neither, when there is none of a kind, and for options that a workload has no
/// use for.
SimInputs sim_inputs(const SimNames& typed, const WorkloadOptions& options);

}  // namespace quatrain::sim
