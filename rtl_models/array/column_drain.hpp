#pragma once
/// Counts the words that a column still has to send. It starts when the stream's last operands stand on the
/// inputs of the column's PE in the tile's bottom row: from the next cycle on the words of that column are
/// complete, and one leaves per cycle, the bottom row's first.

#include "rtl_models/pe/link.hpp"

#include <systemc>

#include <cstdint>

namespace quatrain::rtl_models {

class ColumnDrain final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"}, reset{"reset"};
  sc_core::sc_vector<sc_core::sc_in<LinkWires>> left, right;  ///< what enters the column's PEs, one per row
  sc_core::sc_out<bool> draining{"draining"};
  sc_core::sc_out<bool> begins{"begins"};  ///< the first cycle of a drain
  sc_core::sc_out<unsigned> tap{"tap"};    ///< the row whose word leaves

  SC_HAS_PROCESS(ColumnDrain);
  ColumnDrain(const sc_core::sc_module_name& name, std::uint32_t rows)
      : sc_module(name), left("left", rows), right("right", rows) {
    SC_METHOD(on_edge);
    sensitive << clock.pos();
    dont_initialize();
  }

 private:
  void on_edge() {
    if (words_ > 0) --words_;
    bool is_first = false;
    for (unsigned i = 0; i < left.size(); ++i) {
      constexpr Link leaves = valid_bit | last_bit | bottom_bit;
      if ((control_on(left[i].read().to_uint()) & leaves) != leaves || !right[i].read()[wire_of(valid_at)])
        continue;
      words_ = i + 1;
      is_first = true;
      tap.write(i);
    }
    if (reset.read()) words_ = 0;
    draining.write(words_ > 0);
    begins.write(is_first);
  }

  unsigned words_ = 0;
};

}  // namespace quatrain::rtl_models
