#pragma once
/// One processing element of an output-stationary array as a module: two operand registers, one accumulator,
/// the multiplier of its kind, and its place in the column's drain chain. Where sums have chunks a second
/// register sums the chunk.
///
/// At a rising edge the operands on its inputs move into the registers, which are the links to the right and
/// downwards; if both are valid their product joins the accumulator, readable one cycle later; `first` on the
/// left restarts it: from zero, or from a sum that comes back on the column's bus.
///
/// Words leave a column downwards, through the accumulators, or with Drain::shadow through shadow registers:
/// these take the sum together with the accumulator when `last` passes. A PE of the tile takes the word above
/// it at the first edge of a drain, and after that as long as the PE above did so at the edge before. So the
/// top PE takes none, the one below it one, and each is free for the next tile when the words above it have
/// passed.

#include "rtl_models/array/dataflow.hpp"
#include "rtl_models/pe/control.hpp"
#include "rtl_models/pe/dual_int4_fp4.hpp"
#include "rtl_models/pe/float_mac.hpp"
#include "rtl_models/pe/link.hpp"
#include "rtl_models/pe/operand.hpp"
#include "rtl_models/pe/sum_unit.hpp"

#include <systemc>

#include <cstdint>

namespace quatrain::rtl_models {

template <typename Kind>
class Pe final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"}, reset{"reset"};
  sc_core::sc_in<PeControl> control{"control"};
  sc_core::sc_in<LinkWires> left_in{"left_in"}, right_in{"right_in"};
  sc_core::sc_out<LinkWires> left_out{"left_out"}, right_out{"right_out"};
  sc_core::sc_in<bool> draining{"draining"}, begins{"begins"};  ///< of the column; begins: the first edge
  sc_core::sc_in<unsigned> tap{"tap"};                          ///< the tile's last row
  sc_core::sc_in<sc_dt::sc_int<32>> above{"above"};             ///< of the chain
  sc_core::sc_in<sc_dt::sc_int<32>> returning{"returning"};     ///< of the column: with `first`, for this row
  sc_core::sc_in<bool> above_took{"above_took"};
  sc_core::sc_out<sc_dt::sc_int<32>> accumulator{"accumulator"}, shadow{"shadow"};
  sc_core::sc_out<sc_dt::sc_int<32>> part{"part"};  ///< the sum of a chunk (PeSums)
  sc_core::sc_out<bool> took{"took"};               ///< a word from above at the last edge

  SC_HAS_PROCESS(Pe);
  Pe(const sc_core::sc_module_name& name, std::uint32_t row, Drain drain)
      : sc_module(name), row_(row), has_shadow_(drain == Drain::shadow) {
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
      shadow.write(0);
      part.write(0);
      took.write(false);
      return;
    }
    const LinkWires left = left_in.read(), right = right_in.read();
    left_out.write(left);
    right_out.write(right);
    const bool takes =
        row_ > 0 && draining.read() && row_ <= tap.read() && (begins.read() || above_took.read());
    took.write(takes);
    const bool adds = left[wire_of(valid_at)] && right[wire_of(valid_at)];
    const PeSums now = adds ? sums(left, right) : held();
    part.write(now.part);
    if (has_shadow_) {
      accumulator.write(now.sum);
      if (adds && left[wire_of(last_at)])
        shadow.write(now.sum);
      else if (takes)
        shadow.write(above.read());
    } else {
      accumulator.write(takes ? above.read() : sc_dt::sc_int<32>(now.sum));
    }
  }

  PeSums held() const { return {accumulator.read().to_int(), part.read().to_int()}; }

  PeSums sums(const LinkWires& left, const LinkWires& right) const {
    constexpr int last = Kind::operand_bits - 1;
    const int a = left.range(last, 0).to_int(), b = right.range(last, 0).to_int();
    const bool restarts = left[wire_of(first_at)];
    const PeSums kept = restarts ? PeSums{returning.read().to_int(), 0} : held();
    const int term = with_mode<Kind>(control.read().mode,
                                     [&]<PeMode mode>() { return Kind::template product<mode>(a, b); });
    const bool closes = right[wire_of(closes_at)];
    const PeSums now = SumUnit(control.read().accumulator).add(kept, term, closes);
    return now;
  }

  PeSums sums(const LinkWires& left, const LinkWires& right) const requires TakesNumbers<Kind> {
    const int begin = left[wire_of(first_at)] ? returning.read().to_int() : held().sum;
    const auto before = static_cast<std::uint32_t>(begin);
    const std::uint32_t now = sum_of_pair<typename Kind::Format>(before, left.to_uint(), right.to_uint());
    return {static_cast<std::int32_t>(now), 0};
  }

  std::uint32_t row_;
  bool has_shadow_;
};

}  // namespace quatrain::rtl_models
