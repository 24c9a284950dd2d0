#include "rtl_models/array/stationary/fast_array.hpp"

#include <algorithm>

namespace quatrain::rtl_models {

StationaryFastArray::StationaryFastArray(const sc_core::sc_module_name& name, ArrayShape shape,
                                         MakePeTable make_table, Preload preload, Held which)
    : ArrayModule(name, shape),
      make_table_(make_table),
      state_(shape, shape, preload, which),
      exit_words_(shape.columns),
      bottom_until_(shape.rows),
      step_(stationary_step()) {
  SC_METHOD(on_edge);
  sensitive << clock.pos();
  dont_initialize();
  SC_METHOD(show_exits);
  sensitive << left << returning << stepped_;
  dont_initialize();
}

void StationaryFastArray::use(ArrayShape used) {
  if (used == state_.used()) return;
  state_ = StationaryState(shape_, used, state_.preload, state_.which);
  exit_words_ = ExitWords(used.columns);
  bottom_until_.assign(used.rows, 0);
}

const PeTable& StationaryFastArray::table() {
  if (!table_) table_ = make_table_(control.read().mode);
  return *table_;
}

void StationaryFastArray::on_edge() {
  ++cycle_;
  if (reset.read()) {
    state_.reset();
    activity_ = {};
    table_.reset();
  } else {
    for (std::uint32_t i = 0; i < state_.rows; ++i)
      if ((left.read().words[i] & bottom_bit) != 0) bottom_until_[i] = cycle_ + state_.columns;
    take_returning();
    step_(state_, left.read(), right.read(), table(), control.read().accumulator, activity_);
  }
  stepped_.notify(sc_core::SC_ZERO_TIME);
}

void StationaryFastArray::take_returning() {
  if (control.read().accumulator.is_exact()) return;
  std::copy_n(returning.read().words.begin(), state_.returning.size(), state_.returning.begin());
}

void StationaryFastArray::show_exits() {
  take_returning();
  bool shows = false;
  for (std::uint32_t i = 0; i < state_.rows; ++i) {
    const Link enters = left.read().words[i];
    if (cycle_ >= bottom_until_[i] && (enters & bottom_bit) == 0) continue;
    if (!shows) exit_words_.clear();
    shows = true;
    show_sums(state_, i, enters, table(), control.read().accumulator, exit_words_);
  }
  if (!shows && !shown_) return;
  if (!shows) exit_words_.clear();
  shown_ = shows;
  exits.write(exit_words_);
}

}  // namespace quatrain::rtl_models
