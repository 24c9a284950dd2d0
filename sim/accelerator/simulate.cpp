#include "sim/accelerator/simulate.hpp"

#include "sim/accelerator/dataflow/stationary.hpp"
#include "sim/accelerator/least_energy.hpp"
#include "sim/accelerator/mapping/block_traffic.hpp"
#include "sim/accelerator/memory/gemm_stalls.hpp"
#include "sim/accelerator/pricing.hpp"
#include "sim/accelerator/quantizer_cycles.hpp"
#include "sim/accelerator/simulation_timeline.hpp"
#include "sim/accelerator/sum_order.hpp"
#include "sim/accelerator/transposer.hpp"
#include "sim/embedded/config_file.hpp"
#include "sim/records/window.hpp"
#include "sim/workload/trace_workload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <variant>

namespace quatrain::sim {
namespace {

/// PEs x cycles of sampled tiles: the `pe` fidelity does about 2.5e7 per second.
constexpr std::uint64_t sampled_pe_cycles = 50'000'000;

OperandBuffers buffers_of(const AcceleratorConfig& config) {
  constexpr std::uint64_t bits_per_kib = 8192;
  const unsigned places = places_of(config.buffering);
  return {config.operand_kib * bits_per_kib / 2 / places,
          config.pe->operand_bits,
          config.accumulator_kib * bits_per_kib / places,
          places,
          config.pe->result_bytes(),
          config.unified_buffer ? config.unified_kib() * bits_per_kib / places : 0};
}

std::optional<Blocks> searched_blocks(const SimulationTask& task, SearchedFor least, const TrainingGemm& work,
                                      BlockTraffic& traffic) {
  const AcceleratorConfig& config = task.config;
  switch (least) {
    case SearchedFor::dram_bytes:
      return traffic.least_bytes();
    case SearchedFor::time:
      return least_time(traffic, work.mapping, timing_of(config, *config.stalls()), config.buffering);
    case SearchedFor::energy:
      return least_energy(config, work, traffic, task.technologies.at(0));
  }
  std::abort();
}

/// The blocks of a GEMM, if the config has any.
std::optional<Blocks> blocks_for(const SimulationTask& task, const TrainingGemm& work,
                                 BlockTraffic& traffic) {
  const AcceleratorConfig& config = task.config;
  const auto refused = [&](std::string_view reason) {
    return base::Error("{}: {}: {}", config.name, place_of(work), reason);
  };
  if (const Blocks* blocks = std::get_if<Blocks>(&config.mapping)) {
    if (const auto reason = traffic.refuses(*blocks)) throw refused(*reason);
    return *blocks;
  }
  const SearchedBlocks* search = std::get_if<SearchedBlocks>(&config.mapping);
  if (search == nullptr) return std::nullopt;
  const auto found = searched_blocks(task, search->least, work, traffic);
  if (!found) throw refused("/mapping/search: no block fits into the buffers");
  return found;
}

Stalls all_stalls(const AcceleratorConfig& config, const DramDetails& dram, BlockTraffic& traffic,
                  const TrainingGemm& work) {
  const rtl_models::DramTiming timing = timing_of(config, dram);
  Stalls stalls = stalls_of(traffic, work.mapping, timing, config.buffering);
  stalls.quantizers = quantizer_stall_cycles(timing, work.quantizers, *config.pe, config.quantizer_design());
  return stalls;
}

Traffic traffic_for(const AcceleratorConfig& config, const TrainingGemm& work, BlockTraffic& blocks) {
  if (work.mapping.blocks) return blocks.traffic(*work.mapping.blocks);
  if (!std::holds_alternative<rtl_models::OutputStationary>(config.dataflow))
    return stationary_traffic(work.gemm, work.mapping, buffers_of(config));
  return traffic_of(work.gemm, work.mapping, buffers_of(config));
}

/// Everything that the sizes alone give. Chooses the blocks of `work`.
Tally closed_forms(const SimulationTask& task, TrainingGemm& work) {
  const AcceleratorConfig& config = task.config;
  BlockTraffic traffic(work.gemm, work.mapping, buffers_of(config));
  work.mapping.blocks = blocks_for(task, work, traffic);
  work.mapping.dataflow = config.dataflow;
  work.mapping.convention = config.convention;
  require_order(config, work, task.models != nullptr);
  Tally tally;
  tally.records = 1;
  tally.use = use_of_array(work.mapping);
  tally.in_range_macs = in_range_macs(work.gemm.geometry, work.samples);
  tally.traffic = traffic_for(config, work, traffic);
  tally.compulsory = traffic.compulsory();
  tally.traffic.quantizer_bytes = quantizer_bytes_of(work.quantizers, *config.pe, config.quantizer_design());
  if (const DramDetails* dram = config.stalls()) tally.stalls = all_stalls(config, *dram, traffic, work);
  if (config.quantizers) tally.quantizer_cycles = quantizer_cycles(work.quantizers, *config.quantizers);
  if (config.transposer_side)
    tally.transposer_cycles = transposer_cycles(config, work.gemm.phase, tally.traffic);
  compare_times(config, tally);
  return tally;
}

template <typename Same>
std::vector<Part> parts_of(const std::vector<RecordResult>& records, Same same) {
  std::vector<Part> parts;
  for (const RecordResult& record : records) {
    auto part = std::ranges::find_if(parts, [&](const Part& other) { return same(*other.first, record); });
    if (part == parts.end()) part = parts.insert(part, {&record, {}});
    part->tally += record.tally;
  }
  return parts;
}

bool of_one_phase(const RecordResult& a, const RecordResult& b) {
  return a.layer == b.layer && a.phase == b.phase;
}

/// Of a trace: those that are simulated.
std::string_view records_word(const WorkloadSource& source) {
  return source.phases == Phases::training ? "training records" : "evaluation records";
}

/// What the sums are over, and how many GEMMs the PE cannot multiply.
std::string scope_of(const AcceleratorConfig& config, const Workload& workload, std::size_t left_out) {
  const WorkloadSource& source = workload.source;
  if (!source.is_trace())
    return fmt::format("sum over one {} with a batch of {}; {}",
                       source.phases == Phases::forward ? "forward pass" : "training step", source.batch,
                       source.seed ? "values: " + values_text(*source.seed) : "shapes alone, without values");
  if (left_out == 0)
    return fmt::format("sum over all {} of the trace; 4-bit layers only", records_word(source));
  return fmt::format(
      "sum over {} of {} {} of the trace, those that the pe '{}' can multiply; "
      "4-bit layers only",
      workload.gemms.size() - left_out, workload.gemms.size(), records_word(source), config.pe->name);
}

/// Where tensors become operands.
std::string_view placement_limit(const AcceleratorConfig& config) {
  if (config.pe->tensors == TensorForm::operands)
    return "results leave in the form of operands, and operands are read as they are: no layer is fused with "
           "the next";
  switch (config.quantizer_design().placement) {
    case QuantizerPlacement::dram:
      return "quantizers.placement dram: results leave as fp32 and operands are made from fp32 tensors in "
             "DRAM; no layer is fused with the next";
    case QuantizerPlacement::fused:
      return "quantizers.placement fused: maxima are measured where tensors are made, and codes under a "
             "hindsight maximum are made there; results of the array leave as fp32 nevertheless";
  }
  std::abort();
}

std::vector<std::string> limits_of(const AcceleratorConfig& config, const WorkloadSource& workload,
                                   std::size_t left_out) {
  std::vector<std::string> limits = {
      workload.is_trace()
          ? fmt::format("the sum over all {} of the trace; layers that stay fp32 are not in it",
                        records_word(workload))
          : "what is no matrix product is not in it",
      config.stalls() != nullptr
          ? "one DRAM channel with one request at a time; each GEMM begins with empty buffers"
          : "stalls are not modelled: the milliseconds are cycles at the clock, the bytes alone take "
            "dram_milliseconds",
      std::string(placement_limit(config)),
      fmt::format(
          "energy prices {}; wires lead from PE to PE only; control, address generators and the wires to the "
          "buffers are not in it",
          config.switching == Switching::toggles
              ? "the logic of the PEs by operand bits that change, and counts in all else"
              : "counts, not toggles")};
  if (config.random_source == RandomSource::lfsr && workload.has_values())
    limits.emplace_back(
        "random_source lfsr: its energy and area are counted; a replay draws the bits of the trace, which "
        "are "
        "Philox's");
  if (config.convention == Convention::scalesim)
    limits.emplace_back(
        "cycles are those that SCALE-Sim reports: whole rows and columns for ragged folds, no drain of "
        "output-stationary folds, one cycle less in all");
  if (config.accumulator.is_float())
    limits.emplace_back(
        "the adder of the accumulator is a published macro; it stands beside the gates of the PE, whose "
        "integer "
        "adder is priced as well");
  else if (!config.accumulator.is_exact())
    limits.emplace_back(
        "the adder of the accumulator is priced as one of 32 bits; registers and buffer have its bits");
  if (left_out > 0)
    limits.front() =
        fmt::format("the sum over the {} that the pe '{}' can multiply: {} others are left out; {}",
                    workload.is_trace() ? records_word(workload) : "products", config.pe->name, left_out,
                    workload.is_trace() ? "layers that stay fp32 are not in it" : limits.front());
  limits.insert(limits.end(), config.pe->limits.begin(), config.pe->limits.end());
  limits.insert(limits.end(), workload.notes.begin(), workload.notes.end());
  if (workload.seed)
    limits.push_back(fmt::format(
        "values: {}; a layer that occurs several times is replayed once, and its activity counts as often",
        values_text(*workload.seed)));
  return limits;
}

/// The closed forms of all GEMMs. Chooses the blocks of `work`.
Simulation closed_forms_of(const SimulationTask& task, const Workload& workload,
                           std::vector<TrainingGemm>& work) {
  Simulation simulation;
  simulation.config = task.config;
  const std::size_t left_out = workload.gemms.size() - work.size();
  simulation.workload = workload.source;
  simulation.scope = scope_of(task.config, workload, left_out);
  simulation.limits = limits_of(task.config, workload.source, left_out);
  for (TrainingGemm& gemm : work) {
    const Tally once = closed_forms(task, gemm);
    if (task.timeline != nullptr) {
      BlockTraffic traffic(gemm.gemm, gemm.mapping, buffers_of(task.config));
      task.timeline->add(gemm, once, traffic);
    }
    RecordResult result{gemm.step,          gemm.layer,   gemm.gemm.phase,
                        gemm.size(),        gemm.samples, repeated(once, gemm.count),
                        gemm.mapping.blocks};
    result.events = events_of(task.config, gemm.mapping, once.use, once.traffic, gemm.quantizers,
                              once.transposer_cycles.value_or(0));
    const std::uint64_t stalls = once.stalls ? once.stalls->all() : 0;
    result.events += leakage_of(task.config, checked_sum(once.use.cycles, stalls));
    result.events *= gemm.count;
    simulation.records.push_back(std::move(result));
  }
  price(simulation, task.technologies);
  return simulation;
}

void add_total(Simulation& simulation) {
  const std::vector<Bounds> energy_pj = std::exchange(simulation.total.energy_pj, {});
  for (const RecordResult& record : simulation.records) simulation.total += record.tally;
  simulation.total.energy_pj = energy_pj;
}

/// MACs whose switching the logic of the PEs is charged with. Known after the replay alone.
std::uint64_t switching_macs(const AcceleratorConfig& config, const rtl_models::Activity& activity) {
  switch (config.switching) {
    case Switching::uniform:
      return activity.macs - (config.zero_gating ? activity.zero_operand_macs : 0);
    case Switching::toggles:  // uniform random operands change half of their bits, on both sides
      return (activity.left_toggles + activity.right_toggles) / config.pe->operand_bits;
  }
  std::abort();
}

bool needs_values(const AcceleratorConfig& config) {
  return config.zero_gating || config.switching == Switching::toggles;
}

void charge_switching(Simulation& simulation, const SimulationTask& task) {
  for (RecordResult& record : simulation.records)
    record.events.switch_as(task.config, record.tally.use.macs,
                            switching_macs(task.config, record.tally.activity.value()));
  price(simulation, task.technologies);
}

void require_values(const SimulationTask& task) {
  if (!needs_values(task.config) || task.models != nullptr) return;
  throw base::Error(
      "{}: {}; expected a trace, or --values, and --fidelity pe, array or tile: without values no {} is "
      "known",
      task.config.name, task.config.zero_gating ? "/zero_gating: found true" : "/switching: found 'toggles'",
      task.config.zero_gating ? "zero" : "toggle");
}

rtl_models::Activity repeated(const rtl_models::Activity& once, std::uint64_t count) {
  return {checked_product(once.macs, count), checked_product(once.zero_operand_macs, count),
          checked_product(once.left_toggles, count), checked_product(once.right_toggles, count),
          checked_product(once.accumulator_toggles, count)};
}

/// A record's are the sum of all its occurrences.
Stalls of_one(const Stalls& all, std::uint64_t count) {
  return {all.load_bound / count, all.store_bound / count, all.quantizers / count};
}

/// All GEMMs of a workload with values on the array, with progress.
class Replay {
 public:
  Replay(const SimulationTask& task, const ReplaySource& source, base::Progress& progress)
      : task_(task), progress_(progress), check_(source, *task.models) {}

  /// Its quantizers are replayed too, where the design has any.
  void check_quantizers_of(const traces::TraceReader& reader) {
    if (task_.models->quantizer)
      quantizers_.emplace(reader, *task_.models->quantizer, task_.config.quantizer_design());
  }

  /// Every GEMM, then the sampled tiles.
  void run(const std::vector<TrainingGemm>& work, Simulation& simulation) {
    std::vector<SampledTile> tiles;
    if (task_.models->samples_tiles()) tiles = sample_tiles(work, sampled_pe_cycles);
    std::uint64_t macs = 0, all_macs = 0;
    for (const RecordResult& record : simulation.records) all_macs += record.tally.use.macs;
    progress_.begin("replay", all_macs);
    for (std::size_t i = 0; i < work.size(); ++i) {
      poll();
      RecordResult& record = simulation.records[i];
      const DramDetails* dram = task_.config.stalls();
      if (dram != nullptr && task_.models->memory) {
        BlockTraffic traffic(work[i].gemm, work[i].mapping, buffers_of(task_.config));
        const MemoryOfGemm memory{traffic, timing_of(task_.config, *dram), task_.config.buffering,
                                  of_one(*record.tally.stalls, work[i].count)};
        record.tally.activity = repeated(check_.replay(work[i], &memory), work[i].count);
      } else {
        record.tally.activity = repeated(check_.replay(work[i]), work[i].count);
      }
      if (quantizers_)
        for (const QuantizerWork& quantizer : work[i].quantizers) quantizers_->replay(quantizer);
      macs += record.tally.use.macs;
      progress_.update(macs, record.layer);
    }
    progress_.begin("tiles at fidelity pe", tiles.size());
    for (std::size_t i = 0; i < tiles.size(); ++i) {
      poll();
      check_.check_tile(work[tiles[i].gemm], tiles[i].tile);
      progress_.update(i + 1);
    }
    progress_.finish();
    simulation.replay = check_.findings();
    if (quantizers_) simulation.quantizer_replay = quantizers_->findings();
  }

 private:
  void poll() const {
    if (task_.stops && task_.stops()) throw base::Interrupted();
  }

  const SimulationTask& task_;
  base::Progress& progress_;
  RecordCheck check_;
  std::optional<QuantizerCheck> quantizers_;
};

}  // namespace

std::vector<Part> parts_by_phase(const std::vector<RecordResult>& records) {
  return parts_of(records, of_one_phase);
}

std::vector<Part> parts_by_size(const std::vector<RecordResult>& records) {
  return parts_of(records, [](const RecordResult& a, const RecordResult& b) {
    return of_one_phase(a, b) && a.size == b.size && a.samples == b.samples;
  });
}

std::string place_of(const RecordResult& record) {
  return fmt::format("layer {}, step {}, {}", record.layer, record.step, name_of(record.phase));
}

std::vector<Technology> read_technologies(const AcceleratorConfig& config,
                                          const std::filesystem::path& folder) {
  std::vector<Technology> technologies;
  for (const std::string& name : config.technology) {
    technologies.push_back(Technology::read(open_config(name, ConfigKind::technology, folder)));
    technologies.back().table_sha256 = config_sha256(name, ConfigKind::technology, folder);
  }
  return technologies;
}

void require_accumulator(const AcceleratorConfig& config, const std::vector<TrainingGemm>& work) {
  if (config.pe->floats) return;  // it computes from the fp32 tensors
  for (const TrainingGemm& gemm : work)
    if (gemm.gemm.accumulator != config.accumulator)
      throw base::Error(
          "{}: /accumulator: found {}; expected {}, as the trace has it in {}, or --fidelity analytic",
          config.name, text_of(config.accumulator), text_of(gemm.gemm.accumulator), place_of(gemm));
}

Simulation simulate(const SimulationTask& task, const Workload& workload) {
  require_values({task.config, {}});
  std::vector<TrainingGemm> work = mapped_to(task.config, workload);
  Simulation simulation = closed_forms_of(task, workload, work);
  add_total(simulation);
  return simulation;
}

Simulation simulate(const SimulationTask& task, const Workload& workload, const ReplaySource& source,
                    base::Progress& progress) {
  std::vector<TrainingGemm> work = mapped_to(task.config, workload);
  for (TrainingGemm& gemm : work) gemm.gemm.accumulator = task.config.accumulator;
  Simulation simulation = closed_forms_of(task, workload, work);
  Replay(task, source, progress).run(work, simulation);
  if (needs_values(task.config)) charge_switching(simulation, task);
  add_total(simulation);
  return simulation;
}

Simulation simulate(const SimulationTask& task, const traces::TraceReader& reader, base::Progress& progress) {
  const Workload workload = trace_workload(reader);
  std::vector<TrainingGemm> work = mapped_to(task.config, workload);
  require_values(task);
  if (task.models != nullptr) require_accumulator(task.config, work);
  Simulation simulation = closed_forms_of(task, workload, work);
  if (task.models != nullptr) {
    const TraceSource source(reader);
    Replay replay(task, source, progress);
    replay.check_quantizers_of(reader);
    replay.run(work, simulation);
  }
  if (needs_values(task.config)) charge_switching(simulation, task);
  add_total(simulation);
  return simulation;
}

}  // namespace quatrain::sim
