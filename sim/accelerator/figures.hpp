#pragma once
/// What a simulation's JSON file says, for reports: its totals, and its records summed by layer and phase.
/// The figures are the file's own; only the in-range utilization is made from them.

#include "sim/accelerator/simulate.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quatrain::sim {

/// A layer and phase, summed over the traced steps.
struct PartFigures {
  std::string layer;
  traces::Phase phase = traces::Phase::forward;
  std::uint64_t cycles = 0, macs = 0, in_range_macs = 0, bytes = 0;
  std::vector<std::pair<std::string, Bounds>> energy_pj;  ///< by technology, in the file's order
};

struct SimulationFigures {
  AcceleratorConfig config;
  std::string scope;
  std::uint64_t cycles = 0, macs = 0, in_range_macs = 0;
  double milliseconds = 0, dram_milliseconds = 0;
  Traffic traffic;
  double spatial_utilization = 0, temporal_utilization = 0, overall_utilization = 0;
  std::optional<rtl_models::Activity> activity;
  std::optional<ReplaySummary> replay;
  std::vector<PartFigures> parts;
  std::vector<TechnologyResult> technologies;
  std::vector<std::string> limits;

  double in_range_utilization() const;  ///< MACs in range / (PEs x cycles)
};

/// `manifest_sha256`: of the trace beside the file, "" for any. Throws Error with file and JSON pointer.
SimulationFigures read_simulation(const std::filesystem::path& file, const std::string& manifest_sha256);

}  // namespace quatrain::sim
