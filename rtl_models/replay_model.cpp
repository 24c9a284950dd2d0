#include "rtl_models/replay_model.hpp"

#include <cassert>

namespace quatrain::rtl_models {

void check_job(const traces::Gemm& gemm, const traces::Operand& left, std::span<const traces::Operand> right,
               const TileSchedule& schedule, ArrayShape shape) {
  traces::check_operands(gemm, left, right);
  const traces::GemmSize size = traces::gemm_size(gemm.phase, gemm.geometry);
  assert(pe_mode(left.encoding, right[0].encoding).has_value() && "refuses() says so beforehand");
  assert(schedule.array == shape && "the schedule is for another array");
  assert(schedule.stream_length == right.size() * static_cast<std::uint64_t>(size.k));
  for ([[maybe_unused]] const Tile& tile : schedule.tiles) {
    assert(tile.rows >= 1 && tile.rows <= shape.rows && tile.columns >= 1 && tile.columns <= shape.columns);
    assert(tile.group < size.groups && tile.first_row + tile.rows <= static_cast<std::uint64_t>(size.m) &&
           tile.first_column + tile.columns <= static_cast<std::uint64_t>(size.n));
  }
}

}  // namespace quatrain::rtl_models
