#include "rtl_models/elaborated_tiles.hpp"

#include "rtl_models/array/tile/operand_codes.hpp"
#include "rtl_models/pe/sum_unit.hpp"
#include "rtl_models/replay_check.hpp"
#include "rtl_models/schedule/tile_work.hpp"
#include "rtl_models/systemc_kernel.hpp"

#include <fmt/format.h>

#include <variant>

namespace quatrain::rtl_models {

ElaboratedTiles::ElaboratedTiles(ArrayShape shape, const Dataflow& dataflow, const PeModel& pe)
    : shape_(shape), dataflow_(dataflow), pe_(pe), path_(chosen_path()) {
  check_elaboration(shape);
  array_ = std::make_unique<TileArray>(sc_core::sc_gen_unique_name("tile_array"));
}

ElaboratedTiles::~ElaboratedTiles() {
  if (sc_core::sc_get_status() == sc_core::SC_ELABORATION) static_cast<void>(array_.release());
}

traces::Refusal ElaboratedTiles::refuses(const traces::Gemm& gemm, traces::Encoding left,
                                         traces::Encoding right) const {
  constexpr double most_codes = 0x1p32;
  if (const double codes = OperandCodes::left_size(gemm); codes > most_codes)
    return fmt::format(
        "the left tensor with its padding has {:.3g} codes; fidelity tile copies at most {:.3g}", codes,
        most_codes);
  if (!std::holds_alternative<OutputStationary>(dataflow_) && gemm.accumulator.chunk != 0)
    if (const auto reason = traces::needs_exact_sums(gemm)) return reason;
  return mode_missing(pe_, left, right);
}

ArrayRun ElaboratedTiles::replay(const traces::Gemm& gemm, const traces::Operand& left,
                                 std::span<const traces::Operand> right, const TileSchedule& schedule) {
  check_replay(gemm, left, right, schedule, shape_, dataflow_);
  ArrayRun result;
  result.accumulators.resize(static_cast<std::size_t>(traces::result_elements(gemm.phase, gemm.geometry)));
  if (schedule.tiles.empty()) return result;
  const auto k = static_cast<std::uint64_t>(traces::gemm_size(gemm.phase, gemm.geometry).k);
  std::vector<TileWork> works;
  for (const Tile& tile : schedule.tiles) works.push_back(work_of(dataflow_, tile, right.size(), k));
  const Timeline timeline = timeline_of(works, *make_pacing(dataflow_, shape_));
  const auto values = make_tile_values(
      dataflow_, {gemm, left, right, shape_, pe_.operands, timeline.end, result.accumulators, path_});
  result.cycles = array_->run(schedule, timeline, *values);
  const SumUnit unit(gemm.accumulator);
  for (std::int32_t& element : result.accumulators) element = unit.result(element);
  result.activity = values->activity();
  return result;
}

}  // namespace quatrain::rtl_models
