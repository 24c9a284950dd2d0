#include "sim/accelerator/simulate.hpp"

#include "sim/embedded/config_file.hpp"
#include "sim/records/in_range.hpp"

namespace quatrain::sim {
namespace {

/// PEs x cycles of sampled tiles: the `pe` fidelity does about 2.5e7 a second.
constexpr std::uint64_t sampled_pe_cycles = 50'000'000;

void check_names(const std::vector<Technology>& technologies) {
  for (std::size_t i = 0; i < technologies.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (technologies[i].name() == technologies[j].name())
        throw traces::Error("two technology tables have the name '{}'; expected different names",
                            technologies[i].name());
}

OperandBuffers buffers_of(const AcceleratorConfig& config) {
  constexpr std::uint64_t bits_per_kib = 8192;
  return {config.operand_kib * bits_per_kib / 2, config.operand_bits()};
}

/// Everything that the sizes alone give.
RecordResult closed_forms(const AcceleratorConfig& config, const TrainingGemm& work) {
  RecordResult result;
  result.step = work.record->step;
  result.layer = work.layer->name;
  result.phase = work.record->phase;
  result.size = work.record->size;
  result.samples = work.record->samples;
  result.use = use_of_array(work.mapping);
  result.in_range_macs = in_range_macs(work.gemm.geometry, work.record->samples);
  result.traffic = traffic_of(work.gemm, work.mapping, buffers_of(config));
  result.traffic.quantizer_bytes = quantizer_bytes_of(work.quantizers, config.operand_bits());
  return result;
}

class Replay {
 public:
  Replay(const SimulationTask& task, const traces::TraceReader& reader, traces::Progress& progress)
      : task_(task), progress_(progress), replayer_(reader, *task.models) {}

  /// Every GEMM, then the sampled tiles.
  void run(const std::vector<TrainingGemm>& work, Simulation& simulation) {
    std::vector<SampledTile> tiles;
    if (task_.models->sampled_pe) tiles = sample_tiles(work, sampled_pe_cycles);
    simulation.activity.emplace();
    progress_.begin("replay", simulation.use.macs);
    std::uint64_t macs = 0;
    for (std::size_t i = 0; i < work.size(); ++i) {
      poll();
      RecordResult& record = simulation.records[i];
      record.activity = replayer_.replay(work[i]);
      *simulation.activity += *record.activity;
      macs += record.use.macs;
      progress_.update(macs, record.layer);
    }
    progress_.begin("tiles at fidelity pe", tiles.size());
    for (std::size_t i = 0; i < tiles.size(); ++i) {
      poll();
      replayer_.check_tile(work[tiles[i].gemm], tiles[i].tile);
      progress_.update(i + 1);
    }
    progress_.finish();
    simulation.replay = replayer_.summary();
  }

 private:
  void poll() const {
    if (task_.stops && task_.stops()) throw traces::Interrupted();
  }

  const SimulationTask& task_;
  traces::Progress& progress_;
  Replayer replayer_;
};

}  // namespace

double Simulation::milliseconds() const { return static_cast<double>(use.cycles) / (config.clock_mhz * 1e3); }

double Simulation::dram_milliseconds() const {
  constexpr double gib = 1024.0 * 1024.0 * 1024.0;
  return static_cast<double>(traffic.total_bytes()) / (config.dram_gib_per_s * gib) * 1e3;
}

std::vector<Technology> read_technologies(const AcceleratorConfig& config,
                                          const std::filesystem::path& folder) {
  std::vector<Technology> technologies;
  for (const std::string& name : config.technology)
    technologies.push_back(Technology::read(open_config(name, ConfigKind::technology, folder)));
  return technologies;
}

Simulation simulate(const SimulationTask& task, const traces::TraceReader& reader,
                    traces::Progress& progress) {
  check_names(task.technologies);
  const std::vector<TrainingGemm> work = training_gemms(reader.manifest(), task.config.array);
  if (work.empty())
    throw traces::Error("{}: found no training GEMM; expected at least one", reader.directory().string());
  Simulation simulation;
  simulation.config = task.config;
  simulation.trace_directory = reader.directory().string();
  simulation.manifest_sha256 = reader.manifest_sha256();
  simulation.model = reader.manifest().run.model;
  EventCounts all_events;
  for (const TrainingGemm& gemm : work) {
    RecordResult result = closed_forms(task.config, gemm);
    const EventCounts events =
        events_of(task.config, gemm.mapping, result.use, result.traffic, gemm.quantizers);
    for (const Technology& technology : task.technologies)
      result.energy_pj.push_back(energy_pj(events, technology));
    all_events += events;
    simulation.use += result.use;
    simulation.in_range_macs += result.in_range_macs;
    simulation.traffic += result.traffic;
    simulation.records.push_back(std::move(result));
  }
  for (const Technology& technology : task.technologies)
    simulation.technologies.push_back(
        {technology.name(), energy_by_component(all_events, technology), energy_pj(all_events, technology)});
  if (task.models != nullptr) Replay(task, reader, progress).run(work, simulation);
  return simulation;
}

std::vector<std::string> limits_of(const AcceleratorConfig& config) {
  std::vector<std::string> limits = {
      "the sum over all training records of the trace; layers that stay fp32 are not in it",
      "stalls are not modelled: the milliseconds are cycles at the clock, the bytes alone take "
      "dram_milliseconds",
      "results leave as fp32 and operands are made from fp32 tensors in DRAM: no layer is fused with the "
      "next",
      "energy prices counts, not toggles; wires, leakage, control and clock tree are not in it"};
  if (config.pe == Pe::bf16) {
    limits.emplace_back("multiplier and adder are published macros; the 4-bit PE is priced from gate counts");
    limits.emplace_back("cycles and energy only: this PE has no bit-accurate model");
  } else {
    limits.emplace_back("the PE is priced from gate counts; a bf16 PE from published macros");
  }
  return limits;
}

}  // namespace quatrain::sim
