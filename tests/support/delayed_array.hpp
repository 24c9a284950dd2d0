#pragma once
/// An array with one more register between an edge and the first PE of chosen lanes. No design has it: it
/// shows that the array tells time by its registers. Needs SystemC (quatrain_systemc).

#include "rtl_models/elaborated_array.hpp"

#include <cstdint>
#include <memory>
#include <utility>

namespace quatrain::tests {

/// Which lanes pass an extra register.
enum class EdgeDelay : std::uint8_t {
  every_lane,  ///< all rows and all columns
  first_row    ///< row 0 alone
};

class EdgeRegisters final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_in<rtl_models::EdgeWord> in{"in"};
  sc_core::sc_out<rtl_models::EdgeWord> out{"out"};

  SC_HAS_PROCESS(EdgeRegisters);
  /// Lanes 0 .. delayed - 1 are held for a cycle, the others pass.
  EdgeRegisters(const sc_core::sc_module_name& name, std::uint32_t delayed)
      : sc_module(name), delayed_(delayed) {
    SC_METHOD(hold);
    sensitive << clock.pos();
    dont_initialize();
    SC_METHOD(pass);
    sensitive << in << held_;
  }

 private:
  void hold() { held_.write(in.read()); }
  void pass() {
    rtl_models::EdgeWord word = in.read();
    const rtl_models::EdgeWord& held = held_.read();
    for (std::uint32_t lane = 0; lane < delayed_ && lane < word.count; ++lane)
      word.words[lane] = lane < held.count ? held.words[lane] : rtl_models::Link{0};
    out.write(word);
  }

  sc_core::sc_signal<rtl_models::EdgeWord> held_{"held"};
  std::uint32_t delayed_;
};

class DelayedArray final : public rtl_models::ArrayModule {
 public:
  DelayedArray(const sc_core::sc_module_name& name, rtl_models::ArrayShape shape, EdgeDelay delay,
               std::unique_ptr<rtl_models::ArrayModule> array)
      : rtl_models::ArrayModule(name, shape),
        array_(std::move(array)),
        left_registers_("left_registers", delay == EdgeDelay::every_lane ? shape.rows : 1),
        right_registers_("right_registers", delay == EdgeDelay::every_lane ? shape.columns : 0) {
    array_->clock(clock);
    array_->reset(reset);
    array_->control(control);
    array_->returning(returning);
    array_->exits(exits);
    connect(left_registers_, left, delayed_left_, array_->left);
    connect(right_registers_, right, delayed_right_, array_->right);
  }

  rtl_models::Activity activity() override { return array_->activity(); }

 private:
  using Edge = sc_core::sc_in<rtl_models::EdgeWord>;
  using EdgeSignal = sc_core::sc_signal<rtl_models::EdgeWord>;

  void connect(EdgeRegisters& registers, Edge& edge, EdgeSignal& delayed, Edge& to) {
    registers.clock(clock);
    registers.in(edge);
    registers.out(delayed);
    to(delayed);
  }

  std::unique_ptr<rtl_models::ArrayModule> array_;
  EdgeRegisters left_registers_, right_registers_;
  EdgeSignal delayed_left_, delayed_right_;
};

inline std::unique_ptr<rtl_models::ArrayModel> make_delayed_model(rtl_models::ArrayShape shape,
                                                                  rtl_models::Fidelity fidelity,
                                                                  EdgeDelay delay) {
  auto array = rtl_models::make_array_module(shape, fidelity);
  return std::make_unique<rtl_models::ElaboratedArray>(
      shape, fidelity,
      std::make_unique<DelayedArray>(sc_core::sc_gen_unique_name("delayed"), shape, delay, std::move(array)));
}

}  // namespace quatrain::tests
