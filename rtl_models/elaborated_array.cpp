#include "rtl_models/elaborated_array.hpp"

#include "rtl_models/elaborated_tiles.hpp"
#include "rtl_models/feeder/feeder.hpp"
#include "rtl_models/feeder/stationary_feeder.hpp"
#include "rtl_models/pe/sum_unit.hpp"
#include "rtl_models/replay_check.hpp"
#include "rtl_models/schedule/sum_order.hpp"
#include "rtl_models/schedule/tile_work.hpp"
#include "rtl_models/systemc_kernel.hpp"

#include <fmt/format.h>

#include <variant>

namespace quatrain::rtl_models {
namespace {

std::unique_ptr<TileFeeder> make_feeder(const traces::Gemm& gemm, const traces::Operand& left,
                                        std::span<const traces::Operand> right, ArrayShape shape,
                                        const Dataflow& dataflow) {
  return std::visit(
      Overloaded{[&](const OutputStationary&) -> std::unique_ptr<TileFeeder> {
                   return std::make_unique<Feeder>(gemm, left, right);
                 },
                 [&](const WeightStationary&) -> std::unique_ptr<TileFeeder> {
                   return std::make_unique<StationaryFeeder>(gemm, left, right, shape, Held::right);
                 },
                 [&](const InputStationary&) -> std::unique_ptr<TileFeeder> {
                   return std::make_unique<StationaryFeeder>(gemm, left, right, shape, Held::left);
                 }},
      dataflow);
}

}  // namespace

std::unique_ptr<ArrayModule> make_array_module(ArrayShape shape, Fidelity fidelity, const Dataflow& dataflow,
                                               const PeModel& pe) {
  check_elaboration(shape);
  return pe.make_array(shape, fidelity, dataflow);
}

ArrayRun ElaboratedArray::replay(const traces::Gemm& gemm, const traces::Operand& left,
                                 std::span<const traces::Operand> right, const TileSchedule& schedule) {
  check_replay(gemm, left, right, schedule, shape_, dataflow_);
  ArrayRun result;
  result.accumulators.resize(static_cast<std::size_t>(traces::result_elements(gemm.phase, gemm.geometry)));
  if (schedule.tiles.empty()) return result;
  const auto feeder = make_feeder(gemm, left, right, shape_, dataflow_);
  const auto k = static_cast<std::uint64_t>(traces::gemm_size(gemm.phase, gemm.geometry).k);
  const ResultAddress address(gemm);
  const SumUnit unit(gemm.accumulator);
  SequencerJob job;
  job.control = {*pe_mode(left.encoding, right[0].encoding), gemm.accumulator};
  job.tiles = &schedule.tiles;
  job.work = [&](const Tile& tile) { return work_of(dataflow_, tile, right.size(), k); };
  job.feeder = feeder.get();
  job.store = [&](const Tile& tile, std::uint64_t word, std::uint32_t column, std::int32_t sum) {
    const ResultPlace place = place_of(dataflow_, tile, word, column);
    const auto m = static_cast<std::int64_t>(tile.first_row + place.row);
    const auto n = static_cast<std::int64_t>(tile.first_column + place.column);
    std::int32_t& element =
        result.accumulators[static_cast<std::size_t>(address.row(m) + address.column(tile.group, n))];
    // The accumulator buffer adds. check_operands bounds every sum of products, so that of a part of k as
    // well. Other sums have gone on from the one that was here.
    element = gemm.accumulator.is_exact() ? element + sum : sum;
  };
  if (sums_return(gemm.accumulator, schedule))
    job.returning = [&](const Tile& tile, std::uint64_t word, std::uint32_t column) {
      if (begins_sums(tile)) return 0;
      const ResultPlace place = std::holds_alternative<OutputStationary>(dataflow_)
                                    ? ResultPlace{word, column}  // the top row's comes first
                                    : place_of(dataflow_, tile, word, column);
      const auto n = static_cast<std::int64_t>(tile.first_column + place.column);
      return result.accumulators[static_cast<std::size_t>(
          address.row(static_cast<std::int64_t>(tile.first_row + place.row)) +
          address.column(tile.group, n))];
    };
  job.holds = schedule.holds;
  wired_->run(job);
  for (std::int32_t& element : result.accumulators) element = unit.result(element);
  result.cycles = wired_->cycles();
  result.activity = wired_->activity();
  return result;
}

std::unique_ptr<ArrayModel> make_array_model(ArrayShape shape, Fidelity fidelity, const Dataflow& dataflow,
                                             const PeModel& pe) {
  if (fidelity == Fidelity::tile) return std::make_unique<ElaboratedTiles>(shape, dataflow, pe);
  return std::make_unique<ElaboratedArray>(shape, fidelity, dataflow, pe);
}

traces::Refusal systemc_missing() { return std::nullopt; }

std::string systemc_version() {
  return fmt::format("SystemC {}.{}.{}", sc_core::sc_version_major, sc_core::sc_version_minor,
                     sc_core::sc_version_patch);
}

}  // namespace quatrain::rtl_models
