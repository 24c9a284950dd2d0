#include "rtl_models/feeder/sequencer.hpp"

#include <algorithm>
#include <cassert>

namespace quatrain::rtl_models {

Sequencer::Sequencer(const sc_core::sc_module_name& name, ArrayShape shape)
    : sc_module(name), words_taken_(shape.columns), left_word_(shape.rows), right_word_(shape.columns) {
  SC_METHOD(on_edge);
  sensitive << clock.pos();
  dont_initialize();
}

void Sequencer::begin(const SequencerJob& job) {
  assert(finished() && !job.tiles->empty());
  job_ = job;
  state_ = State::resetting;
  tile_ = 0;
  cycles_ = 0;
}

void Sequencer::on_edge() {
  switch (state_) {
    case State::idle:
      return;
    case State::resetting:
      reset.write(true);
      state_ = State::starting;
      return;
    case State::starting:
      reset.write(false);
      state_ = State::running;
      begin_tile();
      drive();
      return;
    case State::running:
      break;
  }
  ++cycles_;
  ++tile_cycle_;
  take_words();
  if (words_due_ == 0) {
    if (++tile_ == job_.tiles->size()) {
      state_ = State::idle;
      sc_core::sc_pause();
      return;
    }
    begin_tile();
  }
  drive();
}

void Sequencer::begin_tile() {
  job_.load(tile());
  control.write({job_.mode, tile().rows, tile().columns});
  words_due_ = std::uint64_t{tile().rows} * tile().columns;
  std::fill(words_taken_.begin(), words_taken_.end(), 0U);
  tile_cycle_ = 0;
}

void Sequencer::take_words() {
  const ExitWords& shown = exits.read();
  for (std::uint32_t j = 0; j < tile().columns; ++j)
    if (shown.words[j].draining) {  // the bottom row's word comes first
      const std::uint32_t row = tile().rows - 1 - words_taken_[j]++;
      job_.store(tile(), row, j, shown.words[j].accumulator);
      --words_due_;
    }
  assert(tile_cycle_ < 4 * (job_.left->length + job_.right->length) + 16 && "the array never sent its words");
}

void Sequencer::drive() {
  left_word_.clear();
  right_word_.clear();
  std::ranges::copy(job_.left->at(tile_cycle_), left_word_.words.begin());
  std::ranges::copy(job_.right->at(tile_cycle_), right_word_.words.begin());
  left.write(left_word_);
  right.write(right_word_);
}

}  // namespace quatrain::rtl_models
