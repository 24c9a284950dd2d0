#pragma once
/// Weight and input stationary at fidelity `array`: one module, its registers are plain arrays, every clock
/// edge is simulated. Same bits, cycles and activity as pe_array.hpp. Time follows the PEs in use, as in
/// ../fast_array.hpp.

#include "rtl_models/array/array_module.hpp"
#include "rtl_models/array/passed_on.hpp"
#include "rtl_models/array/stationary/step.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace quatrain::rtl_models {

template <typename Kind = DualInt4Fp4>
class StationaryFastArray final : public ArrayModule {
 public:
  SC_HAS_PROCESS(StationaryFastArray);
  StationaryFastArray(const sc_core::sc_module_name& name, ArrayShape shape, Preload preload, Held which)
      : ArrayModule(name, shape),
        now_(shape, preload, which),
        next_(now_),
        exit_words_(shape.columns),
        bottom_until_(shape.rows),
        step_(stationary_step<Kind>()) {
    SC_METHOD(on_edge);
    sensitive << clock.pos();
    dont_initialize();
    SC_METHOD(show_exits);
    sensitive << left << stepped_;
    dont_initialize();
  }

  void use(ArrayShape used) override {
    if (used == ArrayShape{now_.rows, now_.columns}) return;
    now_ = next_ = StationaryState(used, now_.preload, now_.which);
    exit_words_ = ExitWords(used.columns);
    bottom_until_.assign(used.rows, 0);
    behind_ = PassedOn(shape_.columns - used.columns);
  }

  Activity activity() override { return activity_; }

 private:
  void on_edge() {
    ++cycle_;
    if (reset.read()) {
      now_.reset();
      next_.reset();
      activity_ = {};
      behind_.clear();
    } else {
      for (std::uint32_t i = 0; i < now_.rows; ++i)
        if ((left.read().words[i] & bottom_bit) != 0) bottom_until_[i] = cycle_ + now_.columns;
      step_(now_, next_, left.read(), right.read(), control.read().mode, activity_);
      if (!behind_.empty()) {
        const std::uint64_t toggles =
            behind_.edge(last_moving_toggles<Kind>(now_, next_, control.read().mode));
        (now_.which == Held::left ? activity_.right_toggles : activity_.left_toggles) += toggles;
      }
      std::swap(now_, next_);
    }
    stepped_.notify(sc_core::SC_ZERO_TIME);
  }

  /// What the adders of the bottom row make of what stands on their inputs in this cycle.
  void show_exits() {
    bool shows = false;
    for (std::uint32_t i = 0; i < now_.rows; ++i)
      if (cycle_ < bottom_until_[i] || (left.read().words[i] & bottom_bit) != 0) {
        if (!shows) exit_words_.clear();
        shows = true;
        show_row(i);
      }
    if (!shows && !shown_) return;
    if (!shows) exit_words_.clear();
    shown_ = shows;
    exits.write(exit_words_);
  }

  void show_row(std::uint32_t row) {
    const std::size_t at = std::size_t{row} * now_.stride;
    entering_.assign(now_.stride, Link{0});
    entering_[0] = left.read().words[row];
    std::copy_n(now_.moving.begin() + static_cast<std::ptrdiff_t>(at), now_.columns - 1,
                entering_.begin() + 1);
    with_mode<Kind>(control.read().mode, [&]<PeMode mode>() {
      for (std::size_t j0 = 0; j0 < now_.stride; j0 += lane_block) {
        const StationaryBlock block = multiply_block<Kind, mode>(now_, entering_.data() + j0, at + j0);
        for (std::size_t j = j0; j < now_.columns && j < j0 + lane_block; ++j)
          if (block.adds[j - j0] != 0 && (entering_[j] & bottom_bit) != 0)
            exit_words_.words[j] = {sum_above(now_, at + j) + block.products[j - j0], true};
      }
    });
  }

  StationaryState now_, next_;
  PassedOn behind_;
  ExitWords exit_words_;
  std::vector<std::uint64_t> bottom_until_;  ///< [row]: up to this cycle an operand of a bottom row is in it
  std::vector<Link> entering_;
  StationaryStep step_;
  Activity activity_;
  sc_core::sc_event stepped_{"stepped"};
  std::uint64_t cycle_ = 0;
  bool shown_ = false;  ///< the exits show something
};

}  // namespace quatrain::rtl_models
