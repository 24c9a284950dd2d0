#pragma once
/// One processing element of a weight- or input-stationary array as a module: it holds one operand, adds its
/// product with the operand that moves past to the sum from above, and passes the sum down.
///
/// Held operands come down the column through the chain, one row per edge: row 0 takes what stands on the top
/// with `load`, every other row takes the register above it at the edge after that one took something. At the
/// edge at which the column's last word enters, all words arrive. With Preload::exposed the chain register is
/// the operand. With Preload::hidden the operand has a register of its own, which the moving `first` fills:
/// `first` itself is multiplied with the chain's value already.

#include "rtl_models/array/dataflow.hpp"
#include "rtl_models/pe/control.hpp"
#include "rtl_models/pe/dual_int4_fp4.hpp"
#include "rtl_models/pe/link.hpp"
#include "rtl_models/pe/sum_unit.hpp"

#include <systemc>

#include <cstdint>

namespace quatrain::rtl_models {

template <typename Kind>
class StationaryPe final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"}, reset{"reset"};
  sc_core::sc_in<PeControl> control{"control"};
  sc_core::sc_in<LinkWires> moving_in{"moving_in"}, chain_in{"chain_in"};
  sc_core::sc_in<LinkWires> top{"top"};  ///< of the column
  sc_core::sc_out<LinkWires> moving_out{"moving_out"}, chain{"chain"}, held{"held"};
  sc_core::sc_in<bool> above_took{"above_took"};
  sc_core::sc_out<bool> took{"took"};  ///< a word at the last edge, and it has to go on
  sc_core::sc_in<sc_dt::sc_int<32>> sum_above{"sum_above"};
  sc_core::sc_out<sc_dt::sc_int<32>> sum{"sum"};
  sc_core::sc_out<sc_dt::sc_int<32>> adder{"adder"};  ///< what the sum becomes at the next edge
  sc_core::sc_out<bool> leaves{"leaves"};             ///< the adder's value is a word of the exit

  SC_HAS_PROCESS(StationaryPe);
  StationaryPe(const sc_core::sc_module_name& name, std::uint32_t row, Preload preload, Held which)
      : sc_module(name), row_(row), is_hidden_(preload == Preload::hidden), holds_left_(which == Held::left) {
    SC_METHOD(add);
    sensitive << moving_in << chain << held << sum_above << sum << control;
    SC_METHOD(on_edge);
    sensitive << clock.pos();
    dont_initialize();
  }

 private:
  /// What the moving operand meets.
  LinkWires operand() const {
    return is_hidden_ && !moving_in.read()[wire_of(first_at)] ? held.read() : chain.read();
  }

  void add() {
    const LinkWires moving = moving_in.read(), fixed = operand();
    const bool adds = moving[wire_of(valid_at)] && fixed[wire_of(valid_at)];
    adder.write(adds ? sum_of(moving, fixed) : sum.read());
    leaves.write(adds && moving[wire_of(bottom_at)]);
  }

  sc_dt::sc_int<32> sum_of(const LinkWires& moving, const LinkWires& fixed) const {
    constexpr int last = Kind::operand_bits - 1;
    const int a = (holds_left_ ? fixed : moving).range(last, 0).to_int(),
              b = (holds_left_ ? moving : fixed).range(last, 0).to_int();
    const int above = sum_above.read().to_int();
    const int term = with_mode<Kind>(control.read().mode,
                                     [&]<PeMode mode>() { return Kind::template product<mode>(a, b); });
    return SumUnit(control.read().accumulator).add({above, 0}, term, false).sum;
  }

  void on_edge() {
    if (reset.read()) {
      for (auto* wires : {&moving_out, &chain, &held}) wires->write(0);
      took.write(false);
      sum.write(0);
      return;
    }
    moving_out.write(moving_in.read());
    const bool takes = row_ == 0 ? bool(chain_in.read()[wire_of(load_at)]) : above_took.read();
    took.write(takes && !top.read()[wire_of(last_at)]);
    if (takes) chain.write(chain_in.read() & (operand_wire_bits | 1U << wire_of(valid_at)));
    if (is_hidden_ && moving_in.read()[wire_of(first_at)]) held.write(chain.read());
    sum.write(adder.read());
  }

  std::uint32_t row_;
  bool is_hidden_, holds_left_;
};

}  // namespace quatrain::rtl_models
