#include "sim/accelerator/replay.hpp"

#include "rtl_models/schedule/tile_work.hpp"
#include "sim/accelerator/cycles.hpp"
#include "sim/accelerator/memory/block_visits.hpp"
#include "traces/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <random>
#include <span>

namespace quatrain::sim {
namespace {

using rtl_models::ArrayRun;
using rtl_models::Tile;
using rtl_models::TileSchedule;

constexpr unsigned sampling_seed = 1;
constexpr int sampling_rounds = 2;
constexpr std::uint32_t most_sampled_pes = 64 * 64;  // a module each: 128 x 128 would take ten times as long

bool samples_pes(rtl_models::ArrayShape shape, rtl_models::Fidelity fidelity) {
  return fidelity != rtl_models::Fidelity::pe && shape.rows * shape.columns <= most_sampled_pes;
}

ArrayRun replay_on(rtl_models::ArrayModel& model, const TrainingGemm& work, const ReplayOperands& operands,
                   const TileSchedule& schedule) {
  const traces::Operand &left = operands.left, &right = operands.right[0];
  if (const auto reason = model.refuses(work.gemm, left.encoding, right.encoding))
    throw base::Error("{}: {}", place_of(work), *reason);
  return model.replay(work.gemm, left, operands.right, schedule);
}

}  // namespace

std::string_view name_of(rtl_models::Fidelity fidelity) {
  return fidelity_words[static_cast<std::size_t>(fidelity)];
}

ArrayModels make_array_models(rtl_models::ArrayShape shape, rtl_models::Fidelity fidelity,
                              const rtl_models::Dataflow& dataflow, bool with_memory,
                              const rtl_models::PeModel& pe) {
  ArrayModels models;
  models.main = rtl_models::make_array_model(shape, fidelity, dataflow, pe);
  if (samples_pes(shape, fidelity))
    models.sampled_pe = rtl_models::make_array_model(shape, rtl_models::Fidelity::pe, dataflow, pe);
  if (with_memory) models.memory = rtl_models::make_memory_model();
  return models;
}

ArrayModels make_float_models(rtl_models::ArrayShape shape, rtl_models::Fidelity fidelity,
                              const rtl_models::OutputStationary& dataflow, traces::FloatFormat format,
                              bool with_memory) {
  ArrayModels models;
  models.floats = rtl_models::make_float_array_model(shape, format, fidelity, dataflow);
  if (samples_pes(shape, fidelity))
    models.sampled_float_pe =
        rtl_models::make_float_array_model(shape, format, rtl_models::Fidelity::pe, dataflow);
  models.float_format = format;
  if (with_memory) models.memory = rtl_models::make_memory_model();
  return models;
}

std::vector<SampledTile> sample_tiles(const std::vector<TrainingGemm>& work, std::uint64_t pe_cycles) {
  std::mt19937 random(sampling_seed);
  std::vector<std::size_t> order(work.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t index) { return work[index].mapping.stream_length(); });
  std::vector<SampledTile> sampled;
  std::uint64_t spent = 0;
  for (int round = 0; round < sampling_rounds; ++round)
    for (const std::size_t index : order) {
      const TileSchedule schedule = schedule_of(work[index].mapping);
      const Tile& tile = schedule.tiles[random() % schedule.tiles.size()];
      const Mapping& mapping = work[index].mapping;
      const rtl_models::TileWork of_tile =
          work_of(mapping.dataflow, tile, mapping.samples, static_cast<std::uint64_t>(mapping.size.k));
      const std::uint64_t cycles = of_tile.preload + of_tile.stream + 2 * of_tile.rows + of_tile.columns - 2;
      spent += cycles * schedule.array.rows * schedule.array.columns;
      if (spent > pe_cycles) return sampled;
      sampled.push_back({index, tile});
    }
  return sampled;
}

RecordCheck::RecordCheck(const ReplaySource& source, ArrayModels& models) : source_(source), models_(models) {
  findings_.fidelity = models.main ? models.main->fidelity() : models.floats->fidelity();
  findings_.against_emulator = models.floats != nullptr || source.trace() == nullptr;
  findings_.ran_on = rtl_models::systemc_version();
}

rtl_models::Activity RecordCheck::replay(const TrainingGemm& work, const MemoryOfGemm* memory) {
  if (models_.floats) return replay_floats(work, memory);
  const ReplayOperands operands = source_.operands(work);
  ArrayRun result;
  play(work, memory,
       [&](const TileSchedule& schedule) { result = replay_on(*models_.main, work, operands, schedule); });
  ++findings_.gemms;
  if (const auto difference = source_.difference(work, operands, result.accumulators))
    findings_.differences.push_back(fmt::format("{}: {}", place_of(work), *difference));
  else
    ++findings_.gemms_equal;
  compare_cycles(work, result.cycles);
  return result.activity;
}

void RecordCheck::compare_cycles(const TrainingGemm& work, std::uint64_t found) {
  const std::uint64_t expected = cycles_of(work.mapping);
  if (found == expected) return;
  findings_.cycles_equal = false;
  findings_.differences.push_back(
      fmt::format("{}: {} cycles simulated; the closed form gives {}", place_of(work), found, expected));
}

void RecordCheck::play(const TrainingGemm& work, const MemoryOfGemm* memory,
                       const std::function<void(const TileSchedule&)>& array) {
  TileSchedule schedule = schedule_of(work.mapping);
  if (memory == nullptr) return array(schedule);
  BlockVisits visits(memory->traffic, work.mapping);
  rtl_models::Holds holds{block_begins(work.mapping, schedule), nullptr, memory->timing.period_ps};
  schedule.holds = &holds;
  const rtl_models::MemoryRun run =
      models_.memory->run(memory->timing,
                          {memory->timing.period_ps, places_of(memory->buffering),
                           [&](rtl_models::BlockVisit& visit) { return visits.next(visit); }, nullptr},
                          [&](rtl_models::BlockGate& gate) {
                            holds.gate = &gate;
                            array(schedule);
                          });
  const auto compare = [&](std::string_view what, std::uint64_t found, std::uint64_t closed) {
    if (found == closed) return;
    findings_.cycles_equal = false;
    findings_.differences.push_back(
        fmt::format("{}: {} {} cycles in the simulated memory; the closed form gives {}", place_of(work),
                    found, what, closed));
  };
  compare("computing", run.computing, cycles_of(work.mapping));
  compare("load-bound", run.load_bound, memory->expected.load_bound);
  compare("store-bound", run.store_bound, memory->expected.store_bound);
}

void RecordCheck::check_tile(const TrainingGemm& work, const Tile& tile) {
  const TileSchedule schedule{work.mapping.array, work.mapping.stream_length(), {tile}};
  if (models_.floats) return check_float_tile(work, schedule);
  const ReplayOperands operands = source_.operands(work);
  const ArrayRun found = replay_on(*models_.main, work, operands, schedule);
  const ArrayRun pe = replay_on(*models_.sampled_pe, work, operands, schedule);
  compare_tile(work, tile, found, pe, pe.accumulators == found.accumulators);
}

template <typename Run>
void RecordCheck::compare_tile(const TrainingGemm& work, const Tile& tile, const Run& found, const Run& pe,
                               bool equal_sums) {
  ++findings_.pe_tiles_checked;
  const auto differs = [&](std::string_view what) {
    findings_.differences.push_back(
        fmt::format("{}: tile at row {}, column {} of group {}: pe and {} differ in {}", place_of(work),
                    tile.first_row, tile.first_column, tile.group, name_of(findings_.fidelity), what));
  };
  if (!equal_sums) differs("accumulators");
  if (pe.cycles != found.cycles) differs(fmt::format("cycles: {} and {}", pe.cycles, found.cycles));
  if (pe.activity != found.activity) differs("activity");
}

template void RecordCheck::compare_tile(const TrainingGemm&, const Tile&, const rtl_models::FloatRun&,
                                        const rtl_models::FloatRun&, bool);

}  // namespace quatrain::sim
