#include "rtl_models/array/fast_array.hpp"

#include <algorithm>

namespace quatrain::rtl_models {

FastArray::FastArray(const sc_core::sc_module_name& name, ArrayShape shape, MakePeTable make_table,
                     Drain drain)
    : ArrayModule(name, shape),
      make_table_(make_table),
      state_(shape, shape, drain),
      exit_words_(shape.columns),
      step_(array_step()) {
  SC_METHOD(on_edge);
  sensitive << clock.pos();
  dont_initialize();
}

void FastArray::use(ArrayShape used) {
  if (used == state_.used()) return;
  state_ = ArrayState(shape_, used, state_.has_shadows() ? Drain::shadow : Drain::serial);
  exit_words_ = ExitWords(used.columns);
}

void FastArray::on_edge() {
  if (reset.read()) {
    state_.reset();
    activity_ = {};
    table_.reset();
  } else {
    if (!table_) table_ = make_table_(control.read().mode);
    if (!control.read().accumulator.is_exact())
      std::copy_n(returning.read().words.begin(), state_.returning.size(), state_.returning.begin());
    step_(state_, left.read(), right.read(), *table_, control.read().accumulator, activity_);
  }
  show_exits();
}

void FastArray::show_exits() {
  if (!state_.any_drain && !shown_) return;
  exit_words_.clear();
  shown_ = state_.any_drain;
  if (shown_) {
    const Registers& chain = state_.chain();
    for (std::size_t j = 0; j < state_.columns; ++j)
      if (state_.drain[j] != 0)
        exit_words_.words[j] = {chain[static_cast<std::size_t>(state_.tap[j]) * state_.stride + j], true};
  }
  exits.write(exit_words_);
}

}  // namespace quatrain::rtl_models
