#include "rtl_models/elaborated_array.hpp"

#include "rtl_models/array/fast_array.hpp"
#include "rtl_models/array/pe_array.hpp"
#include "rtl_models/feeder/feeder.hpp"
#include "rtl_models/systemc_kernel.hpp"

#include <cassert>

namespace quatrain::rtl_models {
namespace {

/// Throws base::Error for operands that do not fit the GEMM; asserts, for that is a mistake of the caller,
/// that schedule and array do.
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
    assert(!tile.k || (tile.k->first < tile.k->end && tile.k->end <= static_cast<std::uint64_t>(size.k)));
  }
}

}  // namespace

std::unique_ptr<ArrayModule> make_array_module(ArrayShape shape, Fidelity fidelity) {
  check_elaboration(shape);
  switch (fidelity) {
    case Fidelity::pe:
      return std::make_unique<PeArray>(sc_core::sc_gen_unique_name("pe_array"), shape);
    case Fidelity::array:
      return std::make_unique<FastArray>(sc_core::sc_gen_unique_name("array"), shape);
  }
  __builtin_unreachable();
}

ArrayRun ElaboratedArray::replay(const traces::Gemm& gemm, const traces::Operand& left,
                                 std::span<const traces::Operand> right, const TileSchedule& schedule) {
  check_job(gemm, left, right, schedule, shape_);
  ArrayRun result;
  result.accumulators.resize(static_cast<std::size_t>(traces::result_elements(gemm.phase, gemm.geometry)));
  if (schedule.tiles.empty()) return result;
  Feeder feeder(gemm, left, right);
  const ResultAddress address(gemm);
  SequencerJob job;
  job.mode = *pe_mode(left.encoding, right[0].encoding);
  job.tiles = &schedule.tiles;
  job.load = [&](const Tile& tile) { feeder.load(tile); };
  job.left = &feeder.left();
  job.right = &feeder.right();
  job.store = [&](const Tile& tile, std::uint32_t row, std::uint32_t column, std::int32_t accumulator) {
    const auto m = static_cast<std::int64_t>(tile.first_row + row);
    const auto n = static_cast<std::int64_t>(tile.first_column + column);
    // check_operands bounds every sum of products, so that of a part of k as well.
    result.accumulators[static_cast<std::size_t>(address.row(m) + address.column(tile.group, n))] +=
        accumulator;
  };
  wired_->run(job);
  result.cycles = wired_->cycles();
  result.activity = wired_->activity();
  return result;
}

std::unique_ptr<ArrayModel> make_array_model(ArrayShape shape, Fidelity fidelity) {
  return std::make_unique<ElaboratedArray>(shape, fidelity);
}

traces::Refusal systemc_missing() { return std::nullopt; }

std::string systemc_version() {
  return fmt::format("SystemC {}.{}.{}", sc_core::sc_version_major, sc_core::sc_version_minor,
                     sc_core::sc_version_patch);
}

}  // namespace quatrain::rtl_models
