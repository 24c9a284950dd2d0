#include "rtl_models/systemc_kernel.hpp"

#include "traces/base/error.hpp"

#include <systemc>

namespace quatrain::rtl_models {

namespace {

void report(const sc_core::sc_report& what, const sc_core::sc_actions&) {
  if (what.get_severity() < sc_core::SC_ERROR) return;
  throw base::Error("SystemC: {}: {}", what.get_msg_type(), what.get_msg());
}

}  // namespace

void require_elaboration() {
  sc_core::sc_report_handler::set_handler(report);
  if (sc_core::sc_get_status() != sc_core::SC_ELABORATION)
    throw base::Error(
        "SystemC elaborates once per process: all array models must be made before the first replay");
}

void check_elaboration(ArrayShape shape) {
  if (shape.rows == 0 || shape.columns == 0 || shape.rows > largest_side || shape.columns > largest_side)
    throw base::Error("an array of {} x {} PEs: rows and columns must be 1 to {}", shape.rows, shape.columns,
                      largest_side);
  require_elaboration();
}

void run_kernel() try { sc_core::sc_start(); } catch (const sc_core::sc_report& what) {
  throw base::Error("SystemC: {}: {}", what.get_msg_type(), what.get_msg());
}

}  // namespace quatrain::rtl_models
