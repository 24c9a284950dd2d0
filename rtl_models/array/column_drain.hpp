#pragma once
/// Counts the words that a column still has to send. It starts when the stream's last operand stands on the
/// left input of the column's PE at the tap (the tile's bottom row): from the next cycle on that PE's
/// accumulator is final, and one word leaves per cycle, the bottom row's first.

#include "rtl_models/pe/control.hpp"
#include "rtl_models/pe/link.hpp"

#include <systemc>

#include <cstdint>

namespace quatrain::rtl_models {

class ColumnDrain final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"}, reset{"reset"};
  sc_core::sc_in<TileControl> control{"control"};
  sc_core::sc_vector<sc_core::sc_in<LinkWires>> left;  ///< what enters the column's PEs, one per row
  sc_core::sc_out<bool> draining{"draining"};

  SC_HAS_PROCESS(ColumnDrain);
  ColumnDrain(const sc_core::sc_module_name& name, std::uint32_t rows, std::uint32_t column)
      : sc_module(name), left("left", rows), column_(column) {
    SC_METHOD(on_edge);
    sensitive << clock.pos();
    dont_initialize();
  }

 private:
  void on_edge() {
    const TileControl& tile = control.read();
    const bool in_use = tile.rows > 0 && column_ < tile.columns;
    if (reset.read())
      words_ = 0;
    else if (in_use && left[tile.rows - 1].read()[last_at])
      words_ = tile.rows;
    else if (words_ > 0)
      --words_;
    draining.write(words_ > 0);
  }

  std::uint32_t column_;
  std::uint32_t words_ = 0;
};

}  // namespace quatrain::rtl_models
