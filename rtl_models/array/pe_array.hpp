#pragma once
/// Fidelity `pe`: every PE a module, every link a signal. The golden structure, for tiles rather than
/// networks; fast_array.hpp gives the same bits, cycles and activity.

#include "rtl_models/array/array_module.hpp"
#include "rtl_models/array/column_drain.hpp"
#include "rtl_models/array/wire_observer.hpp"
#include "rtl_models/pe/operand.hpp"
#include "rtl_models/pe/pe.hpp"

#include <memory>
#include <string>
#include <vector>

namespace quatrain::rtl_models {

/// `Kind`: of PE (pe/dual_int4_fp4.hpp), or one of floating-point operands (pe/float_mac.hpp).
template <typename Kind = DualInt4Fp4>
class PeArray final : public ArrayModuleOf<EdgeLinkOf<Kind>> {
  using Edge = Lanes<EdgeLinkOf<Kind>>;
  using Module = ArrayModuleOf<EdgeLinkOf<Kind>>;

 public:
  using Module::clock, Module::reset, Module::left, Module::right, Module::control, Module::exits;
  using Module::returning;

  SC_HAS_PROCESS(PeArray);
  PeArray(const sc_core::sc_module_name& name, ArrayShape shape, Drain drain = Drain::serial)
      : Module(name, shape), drain_(drain), wires_(shape), returning_("returning_wires", shape.columns) {
    for (std::uint32_t i = 0; i < shape.rows; ++i)
      for (std::uint32_t j = 0; j < shape.columns; ++j) place(i, j);
    for (std::uint32_t j = 0; j < shape.columns; ++j) place_drain(j);
    observer_ = std::make_unique<WireObserver>("observer", wires_, Kind::zero_mask);
    observer_->clock(clock);
    observer_->reset(reset);
    observer_->control(control);
    SC_METHOD(split_left);
    sensitive << left;
    SC_METHOD(split_right);
    sensitive << right;
    SC_METHOD(split_returning);
    sensitive << returning;
    SC_METHOD(show_exits);
    for (std::uint32_t j = 0; j < shape.columns; ++j) {
      sensitive << wires_.draining[j] << wires_.tap[j];
      for (std::uint32_t i = 0; i < shape.rows; ++i) sensitive << chain(i, j);
    }
  }

  void trace(sc_core::sc_trace_file* file, bool with_parts) override {
    sc_core::sc_trace(file, clock, "clock");
    sc_core::sc_trace(file, reset, "reset");
    for (std::uint32_t j = 0; j < shape_.columns; ++j) {
      sc_core::sc_trace(file, wires_.draining[j], "column_" + std::to_string(j) + ".draining");
      for (std::uint32_t i = 0; i < shape_.rows; ++i) {
        const std::string pe = "pe_" + std::to_string(i) + "_" + std::to_string(j) + ".";
        sc_core::sc_trace(file, wires_.left_into(i, j + 1), pe + "left");
        sc_core::sc_trace(file, wires_.right_into(i + 1, j), pe + "right");
        sc_core::sc_trace(file, wires_.accumulator(i, j), pe + "accumulator");
        if (with_parts) sc_core::sc_trace(file, wires_.part(i, j), pe + "part");
        if (drain_ == Drain::shadow) sc_core::sc_trace(file, wires_.shadow(i, j), pe + "shadow");
      }
    }
  }

  Activity activity() override { return observer_->activity(); }
  ArrayWires& wires() { return wires_; }

 private:
  using Module::shape_, Module::sensitive;

  /// Words leave a column through these.
  sc_core::sc_signal<sc_dt::sc_int<32>>& chain(std::uint32_t i, std::uint32_t j) {
    return drain_ == Drain::shadow ? wires_.shadow(i, j) : wires_.accumulator(i, j);
  }

  void place(std::uint32_t i, std::uint32_t j) {
    auto pe = std::make_unique<Pe<Kind>>(sc_core::sc_gen_unique_name("pe"), i, drain_);
    pe->clock(clock);
    pe->reset(reset);
    pe->control(control);
    pe->left_in(wires_.left_into(i, j));
    pe->left_out(wires_.left_into(i, j + 1));
    pe->right_in(wires_.right_into(i, j));
    pe->right_out(wires_.right_into(i + 1, j));
    pe->draining(wires_.draining[j]);
    pe->begins(wires_.begins[j]);
    pe->tap(wires_.tap[j]);
    const std::uint32_t above = i == 0 ? 0 : i - 1;  // row 0 has no PE above and takes nothing
    pe->above(chain(above, j));
    pe->above_took(wires_.took(above, j));
    pe->returning(returning_[j]);
    pe->accumulator(wires_.accumulator(i, j));
    pe->shadow(wires_.shadow(i, j));
    pe->part(wires_.part(i, j));
    pe->took(wires_.took(i, j));
    pes_.push_back(std::move(pe));
  }

  void place_drain(std::uint32_t j) {
    auto drain = std::make_unique<ColumnDrain>(sc_core::sc_gen_unique_name("drain"), shape_.rows);
    drain->clock(clock);
    drain->reset(reset);
    for (std::uint32_t i = 0; i < shape_.rows; ++i) {
      drain->left[i](wires_.left_into(i, j));
      drain->right[i](wires_.right_into(i, j));
    }
    drain->draining(wires_.draining[j]);
    drain->begins(wires_.begins[j]);
    drain->tap(wires_.tap[j]);
    drains_.push_back(std::move(drain));
  }

  void split_left() {
    const Edge& word = left.read();
    const traces::Encoding encoding = left_encoding(control.read().mode);
    for (std::uint32_t i = 0; i < word.count; ++i)
      wires_.left_into(i, 0).write(entering<Kind>(encoding, word.words[i]));
  }
  void split_right() {
    const Edge& word = right.read();
    const traces::Encoding encoding = right_encoding(control.read().mode);
    for (std::uint32_t j = 0; j < word.count; ++j)
      wires_.right_into(0, j).write(entering<Kind>(encoding, word.words[j]));
  }
  void split_returning() {
    const SumWords& words = returning.read();
    for (std::uint32_t j = 0; j < words.count; ++j) returning_[j].write(words.words[j]);
  }
  void show_exits() {
    ExitWords words(shape_.columns);
    for (std::uint32_t j = 0; j < shape_.columns; ++j)
      if (wires_.draining[j].read()) words.words[j] = {chain(wires_.tap[j].read(), j).read().to_int(), true};
    exits.write(words);
  }

  Drain drain_;
  ArrayWires wires_;
  sc_core::sc_vector<sc_core::sc_signal<sc_dt::sc_int<32>>> returning_;  ///< [column]: the bus
  std::vector<std::unique_ptr<Pe<Kind>>> pes_;
  std::vector<std::unique_ptr<ColumnDrain>> drains_;
  std::unique_ptr<WireObserver> observer_;
};

}  // namespace quatrain::rtl_models
