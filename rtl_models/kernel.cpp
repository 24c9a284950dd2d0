#include "rtl_models/kernel.hpp"

#include "rtl_models/array/ports.hpp"
#include "rtl_models/pe/multiplier.hpp"
#include "traces/base/error.hpp"
#include "traces/encoding/nibbles.hpp"

#include <systemc>

#include <cassert>

/// libsystemc refers to it; the kernel is driven through sc_start, so it is never called.
int sc_main(int, char**) { return 0; }

namespace quatrain::rtl_models {

namespace {

void report(const sc_core::sc_report& what, const sc_core::sc_actions&) {
  if (what.get_severity() < sc_core::SC_ERROR) return;
  throw traces::Error("SystemC: {}: {}", what.get_msg_type(), what.get_msg());
}

}  // namespace

void check_elaboration(ArrayShape shape) {
  if (shape.rows == 0 || shape.columns == 0 || shape.rows > largest_side || shape.columns > largest_side)
    throw traces::Error("an array of {} x {} PEs: rows and columns must be 1 to {}", shape.rows,
                        shape.columns, largest_side);
  sc_core::sc_report_handler::set_handler(report);
  if (sc_core::sc_get_status() != sc_core::SC_ELABORATION)
    throw traces::Error(
        "SystemC elaborates once a process: all array models must be made before the first replay");
}

void run_kernel() try { sc_core::sc_start(); } catch (const sc_core::sc_report& what) {
  throw traces::Error("SystemC: {}: {}", what.get_msg_type(), what.get_msg());
}

void check_job(const traces::Gemm& gemm, const traces::Operand& left, std::span<const traces::Operand> right,
               const TileSchedule& schedule, ArrayShape shape) {
  const traces::GemmSize size = traces::gemm_size(gemm.phase, gemm.geometry);
  const auto packed = [](std::int64_t elements) {
    return traces::packed_size(static_cast<std::size_t>(elements));
  };
  assert(!right.empty() && (right.size() == 1 || gemm.phase == traces::Phase::backward_weight));
  assert(pe_mode(left.encoding, right[0].encoding).has_value() && "refuses() says so beforehand");
  assert(left.codes.size() >= packed(traces::left_elements(gemm.phase, gemm.geometry)));
  for ([[maybe_unused]] const traces::Operand& sample : right) {
    assert(sample.encoding == right[0].encoding);
    assert(sample.codes.size() >= packed(traces::right_elements(gemm.phase, gemm.geometry)));
  }
  assert(schedule.array == shape && "the schedule is for another array");
  assert(schedule.stream_length == right.size() * static_cast<std::uint64_t>(size.k));
  for ([[maybe_unused]] const Tile& tile : schedule.tiles) {
    assert(tile.rows >= 1 && tile.rows <= shape.rows && tile.columns >= 1 && tile.columns <= shape.columns);
    assert(tile.group < size.groups && tile.first_row + tile.rows <= static_cast<std::uint64_t>(size.m) &&
           tile.first_column + tile.columns <= static_cast<std::uint64_t>(size.n));
  }
}

}  // namespace quatrain::rtl_models
