#pragma once
/// Fidelity `array`: the whole array is one module, its registers are plain arrays, every clock edge is
/// simulated. Same bits, cycles and activity as pe_array.hpp. Registers that a job uses to pass operands on
/// alone are counted only (passed_on.hpp): time follows the PEs in use.

#include "rtl_models/array/array_module.hpp"
#include "rtl_models/array/array_step.hpp"
#include "rtl_models/array/passed_on.hpp"

#include <utility>

namespace quatrain::rtl_models {

/// `Kind`: of PE (pe/dual_int4_fp4.hpp).
template <typename Kind = DualInt4Fp4>
class FastArray final : public ArrayModule {
 public:
  SC_HAS_PROCESS(FastArray);
  FastArray(const sc_core::sc_module_name& name, ArrayShape shape, Drain drain = Drain::serial)
      : ArrayModule(name, shape),
        drain_(drain),
        now_(shape.rows, shape.columns, drain),
        next_(now_),
        exit_words_(shape.columns),
        step_(array_step<Kind>()) {
    SC_METHOD(on_edge);
    sensitive << clock.pos();
    dont_initialize();
  }

  void use(ArrayShape used) override {
    if (used == ArrayShape{now_.rows, now_.columns}) return;
    now_ = next_ = ArrayState(used.rows, used.columns, drain_);
    exit_words_ = ExitWords(used.columns);
    left_behind_ = PassedOn(shape_.columns - used.columns);
    right_behind_ = PassedOn(shape_.rows - used.rows);
  }

  Activity activity() override { return activity_; }

 private:
  void on_edge() {
    if (reset.read()) {
      now_.reset();
      next_.reset();
      activity_ = {};
      left_behind_.clear();
      right_behind_.clear();
    } else {
      step_(now_, next_, left.read(), right.read(), control.read(), activity_);
      if (!left_behind_.empty() || !right_behind_.empty()) pass_on();
      std::swap(now_, next_);
    }
    show_exits();
  }

  void pass_on() {
    const LastToggles last = last_toggles<Kind>(now_, next_, control.read().mode);
    activity_.left_toggles += left_behind_.edge(last.left);
    activity_.right_toggles += right_behind_.edge(last.right);
  }

  void show_exits() {
    if (!now_.any_drain && !shown_) return;
    exit_words_.clear();
    shown_ = now_.any_drain;
    if (shown_) {
      const std::vector<std::int32_t>& chain = now_.chain();
      for (std::size_t j = 0; j < now_.columns; ++j)
        if (now_.drain[j] != 0)
          exit_words_.words[j] = {chain[static_cast<std::size_t>(now_.tap[j]) * now_.stride + j], true};
    }
    exits.write(exit_words_);
  }

  Drain drain_;
  ArrayState now_, next_;  ///< of the rows and columns in use
  PassedOn left_behind_, right_behind_;
  ExitWords exit_words_;
  ArrayStep step_;
  Activity activity_;
  bool shown_ = false;  ///< the exits show something
};

}  // namespace quatrain::rtl_models
