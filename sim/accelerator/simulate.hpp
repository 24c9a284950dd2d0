#pragma once
/// An accelerator on the training GEMMs of a trace: mapping, cycles, traffic, energy, and, with models, the
/// replay that proves bits and cycles. Results are sums over all training records; 4-bit layers only.

#include "sim/accelerator/config.hpp"
#include "sim/accelerator/cycles.hpp"
#include "sim/accelerator/energy.hpp"
#include "sim/accelerator/replay.hpp"
#include "sim/accelerator/traffic.hpp"
#include "traces/base/progress.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim {

struct RecordResult {
  std::uint32_t step = 0;
  std::string layer;
  traces::Phase phase = traces::Phase::forward;
  traces::GemmSize size;
  unsigned samples = 1;
  UseOfArray use;
  std::uint64_t in_range_macs = 0;
  Traffic traffic;
  std::optional<rtl_models::Activity> activity;
  std::vector<Bounds> energy_pj;  ///< one a technology
};

struct TechnologyResult {
  std::string name;
  std::vector<ComponentEnergy> components;
  Bounds energy_pj;
};

struct Simulation {
  AcceleratorConfig config;
  std::string trace_directory, manifest_sha256, model;
  std::vector<RecordResult> records;  ///< in the order of computation
  UseOfArray use;                     ///< of all records
  std::uint64_t in_range_macs = 0;
  Traffic traffic;
  std::optional<rtl_models::Activity> activity;
  std::vector<TechnologyResult> technologies;
  std::optional<ReplaySummary> replay;

  double milliseconds() const;       ///< at the config's clock, without stalls
  double dram_milliseconds() const;  ///< what the bytes alone take at the config's bandwidth
};

/// The tables that a config names: embedded ones, or files relative to `folder`.
std::vector<Technology> read_technologies(const AcceleratorConfig& config,
                                          const std::filesystem::path& folder);

struct SimulationTask {
  AcceleratorConfig config;
  std::vector<Technology> technologies;
  ReplayModels* models = nullptr;    ///< nullptr: closed forms only; of the config's shape otherwise
  std::function<bool()> stops = {};  ///< polled between GEMMs; true makes simulate() throw Interrupted
};

/// Throws Error when the trace has no training GEMM or a table's name occurs twice.
Simulation simulate(const SimulationTask& task, const traces::TraceReader& reader,
                    traces::Progress& progress);

/// What the figures do not contain, one sentence each.
std::vector<std::string> limits_of(const AcceleratorConfig& config);

}  // namespace quatrain::sim
