#pragma once
/// Fidelity `array`: the whole array is one module, its registers are plain arrays, every clock edge is
/// simulated. Same bits, cycles and activity as pe_array.hpp.

#include "rtl_models/array/array_module.hpp"
#include "rtl_models/array/array_step.hpp"

#include <utility>

namespace quatrain::rtl_models {

/// `Kind`: of PE (pe/dual_int4_fp4.hpp).
template <typename Kind = DualInt4Fp4>
class FastArray final : public ArrayModule {
 public:
  SC_HAS_PROCESS(FastArray);
  FastArray(const sc_core::sc_module_name& name, ArrayShape shape, Drain drain = Drain::serial)
      : ArrayModule(name, shape),
        now_(shape.rows, shape.columns, drain),
        next_(now_),
        exit_words_(shape.columns),
        step_(array_step<Kind>()) {
    SC_METHOD(on_edge);
    sensitive << clock.pos();
    dont_initialize();
  }

  Activity activity() override { return activity_; }

 private:
  void on_edge() {
    if (reset.read()) {
      now_.reset();
      next_.reset();
      activity_ = {};
    } else {
      step_(now_, next_, left.read(), right.read(), control.read().mode, activity_);
      std::swap(now_, next_);
    }
    show_exits();
  }

  void show_exits() {
    if (!now_.any_drain && !shown_) return;
    exit_words_.clear();
    shown_ = now_.any_drain;
    if (shown_) {
      const std::vector<std::int32_t>& chain = now_.chain();
      for (std::size_t j = 0; j < shape_.columns; ++j)
        if (now_.drain[j] != 0)
          exit_words_.words[j] = {chain[static_cast<std::size_t>(now_.tap[j]) * now_.stride + j], true};
    }
    exits.write(exit_words_);
  }

  ArrayState now_, next_;
  ExitWords exit_words_;
  ArrayStep step_;
  Activity activity_;
  bool shown_ = false;  ///< the exits show something
};

}  // namespace quatrain::rtl_models
