#pragma once
/// An accelerator on a workload: mapping, cycles, traffic, energy, and, for a trace with models, the replay
/// that proves bits and cycles. Results are sums over all GEMMs of the workload; 4-bit layers only.

#include "sim/accelerator/area.hpp"
#include "sim/accelerator/config.hpp"
#include "sim/accelerator/energy.hpp"
#include "sim/accelerator/quantizer_replay.hpp"
#include "sim/accelerator/replay.hpp"
#include "sim/accelerator/tally.hpp"
#include "sim/records/provenance.hpp"
#include "sim/workload/workload.hpp"
#include "traces/base/progress.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace quatrain::sim {

class SimulationTimeline;

/// One GEMM of the workload. Its tally is the sum of all its occurrences, tally.records says how many.
struct RecordResult {
  std::uint32_t step = 0;
  std::string layer;
  traces::Phase phase = traces::Phase::forward;
  traces::GemmSize size;
  unsigned samples = 1;
  Tally tally;
  std::optional<Blocks> blocks = {};  ///< nothing: tile after tile
  EventCounts events = {};            ///< from which its energies come
};

struct TechnologyResult {
  std::string name, table_sha256;
  std::vector<ComponentEnergy> components;
  Bounds energy_pj;
  std::vector<ComponentArea> area = {};
};

/// All that `quatrain sim` finds, and all that its file says (simulation_file.hpp).
struct Simulation {
  AcceleratorConfig config;
  WorkloadSource workload;
  std::string scope;                  ///< what the sums are over, in words
  std::vector<RecordResult> records;  ///< in the order of computation
  Tally total;                        ///< of all records
  std::vector<TechnologyResult> technologies;
  std::optional<ReplayFindings> replay;
  std::optional<QuantizerFindings> quantizer_replay;
  Provenance provenance;
  std::vector<std::string> limits;  ///< what the figures do not contain, one sentence each
};

/// Records that are shown as one.
struct Part {
  const RecordResult* first = nullptr;
  Tally tally;
};

/// One part for each layer and phase, in the order of the first records.
std::vector<Part> parts_by_phase(const std::vector<RecordResult>& records);
/// The same, but records of different sizes stand apart.
std::vector<Part> parts_by_size(const std::vector<RecordResult>& records);

/// "layer conv2, step 0, forward": names a record in tables and messages.
std::string place_of(const RecordResult& record);

/// The tables that a config names: embedded ones, or files relative to `folder`.
std::vector<Technology> read_technologies(const AcceleratorConfig& config,
                                          const std::filesystem::path& folder);

/// A replay gives the sums of the design's accumulator, and the trace holds those of its own: throws Error
/// where these differ.
void require_accumulator(const AcceleratorConfig& config, const std::vector<TrainingGemm>& work);

struct SimulationTask {
  AcceleratorConfig config;
  std::vector<Technology> technologies;
  ArrayModels* models = nullptr;           ///< nullptr: closed forms only; of the config's shape otherwise
  SimulationTimeline* timeline = nullptr;  ///< has begun; is told every GEMM
  std::function<bool()> stops = {};        ///< polled between GEMMs; true makes simulate() throw Interrupted
};

/// The closed forms alone, of any workload; the task's models are not asked. Throws Error when a table's name
/// occurs twice.
Simulation simulate(const SimulationTask& task, const Workload& workload);
/// Shapes with the values of `source`, replayed on the task's models.
Simulation simulate(const SimulationTask& task, const Workload& workload, const ReplaySource& source,
                    base::Progress& progress);
/// A trace, replayed where the task has models. Throws Error also when the trace has no training GEMM.
Simulation simulate(const SimulationTask& task, const traces::TraceReader& reader, base::Progress& progress);

}  // namespace quatrain::sim
