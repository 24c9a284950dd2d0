#pragma once
/// Weight and input stationary at fidelity `pe`: every PE a module, every link a signal. fast_array.hpp gives
/// the same bits, cycles and activity.

#include "rtl_models/array/array_module.hpp"
#include "rtl_models/array/stationary/wire_observer.hpp"
#include "rtl_models/pe/operand.hpp"
#include "rtl_models/pe/stationary_pe.hpp"

#include <memory>
#include <string>
#include <vector>

namespace quatrain::rtl_models {

template <typename Kind = DualInt4Fp4>
class StationaryPeArray final : public ArrayModule {
 public:
  SC_HAS_PROCESS(StationaryPeArray);
  StationaryPeArray(const sc_core::sc_module_name& name, ArrayShape shape, Preload preload, Held which)
      : ArrayModule(name, shape), which_(which), wires_(shape) {
    for (std::uint32_t i = 0; i < shape.rows; ++i)
      for (std::uint32_t j = 0; j < shape.columns; ++j) place(i, j, preload, which);
    observer_ = std::make_unique<StationaryWireObserver>("observer", wires_, preload, which, Kind::zero_mask);
    observer_->clock(clock);
    observer_->reset(reset);
    observer_->control(control);
    SC_METHOD(split_left);
    sensitive << left;
    SC_METHOD(split_top);
    sensitive << right;
    SC_METHOD(split_returning);
    sensitive << returning;
    SC_METHOD(show_exits);
    for (std::uint32_t i = 0; i < shape.rows; ++i)
      for (std::uint32_t j = 0; j < shape.columns; ++j)
        sensitive << wires_.leaves(i, j) << wires_.adder(i, j);
  }

  /// Sums have no chunks here.
  void trace(sc_core::sc_trace_file* file, bool) override {
    sc_core::sc_trace(file, clock, "clock");
    sc_core::sc_trace(file, reset, "reset");
    for (std::uint32_t i = 0; i < shape_.rows; ++i)
      for (std::uint32_t j = 0; j < shape_.columns; ++j) {
        const std::string pe = "pe_" + std::to_string(i) + "_" + std::to_string(j) + ".";
        sc_core::sc_trace(file, wires_.held(i, j), pe + "held");
        sc_core::sc_trace(file, wires_.moving_into(i, j + 1), pe + "moving");
        sc_core::sc_trace(file, wires_.sum_into(i + 1, j), pe + "sum");
        sc_core::sc_trace(file, wires_.leaves(i, j), pe + "leaves");
      }
  }

  Activity activity() override { return observer_->activity(); }

 private:
  void place(std::uint32_t i, std::uint32_t j, Preload preload, Held which) {
    auto pe = std::make_unique<StationaryPe<Kind>>(sc_core::sc_gen_unique_name("pe"), i, preload, which);
    pe->clock(clock);
    pe->reset(reset);
    pe->control(control);
    pe->moving_in(wires_.moving_into(i, j));
    pe->moving_out(wires_.moving_into(i, j + 1));
    pe->chain_in(wires_.chain_into(i, j));
    pe->chain(wires_.chain_into(i + 1, j));
    pe->top(wires_.chain_into(0, j));
    pe->held(wires_.held(i, j));
    pe->above_took(wires_.took(i == 0 ? 0 : i - 1, j));  // row 0 takes from the top
    pe->took(wires_.took(i, j));
    pe->sum_above(wires_.sum_into(i, j));
    pe->sum(wires_.sum_into(i + 1, j));
    pe->adder(wires_.adder(i, j));
    pe->leaves(wires_.leaves(i, j));
    pes_.push_back(std::move(pe));
  }

  void split_left() {
    const EdgeWord& word = left.read();
    const PeMode mode = control.read().mode;
    const traces::Encoding encoding = which_ == Held::left ? right_encoding(mode) : left_encoding(mode);
    for (std::uint32_t i = 0; i < word.count; ++i)
      wires_.moving_into(i, 0).write(entering<Kind>(encoding, word.words[i]));
  }
  void split_top() {
    const EdgeWord& word = right.read();
    const PeMode mode = control.read().mode;
    const traces::Encoding encoding = which_ == Held::left ? left_encoding(mode) : right_encoding(mode);
    for (std::uint32_t j = 0; j < word.count; ++j)
      wires_.chain_into(0, j).write(entering<Kind>(encoding, word.words[j]));
  }
  /// The top row adds to them.
  void split_returning() {
    const SumWords& words = returning.read();
    for (std::uint32_t j = 0; j < words.count; ++j) wires_.sum_into(0, j).write(words.words[j]);
  }
  void show_exits() {
    ExitWords words(shape_.columns);
    for (std::uint32_t i = 0; i < shape_.rows; ++i)
      for (std::uint32_t j = 0; j < shape_.columns; ++j)
        if (wires_.leaves(i, j).read()) words.words[j] = {wires_.adder(i, j).read().to_int(), true};
    exits.write(words);
  }

  Held which_;
  StationaryWires wires_;
  std::vector<std::unique_ptr<StationaryPe<Kind>>> pes_;
  std::unique_ptr<StationaryWireObserver> observer_;
};

}  // namespace quatrain::rtl_models
