#include "rtl_models/replay_check.hpp"

#include "rtl_models/schedule/sum_order.hpp"
#include "rtl_models/schedule/tile_work.hpp"
#include "traces/base/error.hpp"

#include <fmt/format.h>

#include <cassert>

namespace quatrain::rtl_models {

traces::Refusal mode_missing(const PeModel& pe, traces::Encoding left, traces::Encoding right) {
  if (const auto mode = pe_mode(left, right); mode && pe.has(*mode)) return std::nullopt;
  return fmt::format("the PE {} has no mode for {} x {}", pe.name, traces::name_of(left),
                     traces::name_of(right));
}

void check_replay(const traces::Gemm& gemm, const traces::Operand& left,
                  std::span<const traces::Operand> right, const TileSchedule& schedule, ArrayShape shape,
                  const Dataflow& dataflow) {
  traces::check_operands(gemm, left, right);
  if (const auto reason =
          sums_out_of_order(gemm.accumulator, dataflow, schedule,
                            static_cast<std::uint64_t>(traces::gemm_size(gemm.phase, gemm.geometry).k)))
    throw base::Error("an accumulator {} meets {}", traces::text_of(gemm.accumulator), *reason);
  const traces::GemmSize size = traces::gemm_size(gemm.phase, gemm.geometry);
  assert(pe_mode(left.encoding, right[0].encoding).has_value() && "refuses() says so beforehand");
  assert(schedule.array == shape && "the schedule is for another array");
  assert(schedule.stream_length == right.size() * static_cast<std::uint64_t>(size.k));
  for ([[maybe_unused]] const Tile& tile : schedule.tiles) {
    [[maybe_unused]] const TileWork work =
        work_of(dataflow, tile, right.size(), static_cast<std::uint64_t>(size.k));
    assert(work.rows >= 1 && work.rows <= shape.rows && work.columns >= 1 && work.columns <= shape.columns);
    assert(tile.k || work.preload == 0);
    assert(tile.group < size.groups && tile.first_row + tile.rows <= static_cast<std::uint64_t>(size.m) &&
           tile.first_column + tile.columns <= static_cast<std::uint64_t>(size.n));
    assert(!tile.k || (tile.k->first < tile.k->end && tile.k->end <= static_cast<std::uint64_t>(size.k)));
  }
}

}  // namespace quatrain::rtl_models
