#pragma once
/// One processing element as a module: two operand registers, one accumulator, the dual-mode multiplier.
/// At a rising edge the operands on its inputs move into the registers, which are the links to the right and
/// downwards; if both are valid their product joins the accumulator, readable one cycle later; `first` on the
/// left restarts it from zero. In a draining column of a row in use the accumulator takes the word above
/// instead. The tile's last column passes `first` and `last` no further: behind it they would still travel
/// when the next tile, perhaps a wider one, has begun.

#include "rtl_models/pe/control.hpp"
#include "rtl_models/pe/link.hpp"
#include "rtl_models/pe/multiplier.hpp"

#include <systemc>

#include <cstdint>

namespace quatrain::rtl_models {

class Pe final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"}, reset{"reset"};
  sc_core::sc_in<TileControl> control{"control"};  ///< mode register and rows in use, set for a tile
  sc_core::sc_in<LinkWires> left_in{"left_in"}, right_in{"right_in"};
  sc_core::sc_out<LinkWires> left_out{"left_out"}, right_out{"right_out"};
  sc_core::sc_in<bool> draining{"draining"};
  sc_core::sc_in<sc_dt::sc_int<32>> above{"above"};
  sc_core::sc_out<sc_dt::sc_int<32>> accumulator{"accumulator"};

  SC_HAS_PROCESS(Pe);
  Pe(const sc_core::sc_module_name& name, std::uint32_t row, std::uint32_t column)
      : sc_module(name), row_(row), column_(column) {
    SC_METHOD(on_edge);
    sensitive << clock.pos();
    dont_initialize();
  }

 private:
  void on_edge() {
    if (reset.read()) {
      left_out.write(0);
      right_out.write(0);
      accumulator.write(0);
      return;
    }
    const LinkWires left = left_in.read(), right = right_in.read();
    left_out.write(column_ + 1 == control.read().columns ? LinkWires(left & (code_bits | valid_bit)) : left);
    right_out.write(right);
    if (draining.read() && row_ < control.read().rows)
      accumulator.write(above.read());
    else if (left[valid_at] && right[valid_at])
      accumulator.write(sum(left, right));
  }

  sc_dt::sc_int<32> sum(const LinkWires& left, const LinkWires& right) const {
    const int a = left.range(3, 0).to_int(), b = right.range(3, 0).to_int();
    const int kept = left[first_at] ? 0 : accumulator.read().to_int();
    return kept + with_mode(control.read().mode, [&]<PeMode mode>() { return product<mode>(a, b); });
  }

  std::uint32_t row_, column_;
};

}  // namespace quatrain::rtl_models
