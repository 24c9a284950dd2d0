#include "rtl_models/feeder/sequencer.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace quatrain::rtl_models {

template <typename Word>
SequencerOf<Word>::SequencerOf(const sc_core::sc_module_name& name, ArrayShape shape,
                               std::unique_ptr<Pacing> pacing)
    : sc_module(name),
      pacing_(std::move(pacing)),
      columns_(shape.columns),
      left_(shape.rows),
      top_(shape.columns) {
  SC_METHOD(on_edge);
  sensitive << clock.pos();
  dont_initialize();
}

template <typename Word>
void SequencerOf<Word>::begin(const SequencerJobOf<Word>& job) {
  assert(finished() && !job.tiles->empty());
  job_ = job;
  state_ = State::resetting;
  cycle_ = 0;
  words_due_ = blocks_begun_ = 0;
  stream_ = preload_ = {0, job_.work(job_.tiles->front())};
  used_ = {0, 0};
  for (const Tile& tile : *job_.tiles) {
    const TileWork work = job_.work(tile);
    used_ = {std::max(used_.rows, work.rows), std::max(used_.columns, work.columns)};
  }
  std::ranges::fill(columns_, Column{stream_});
  for (Feed* feed : {&left_, &top_}) {
    feed->skew.clear();
    feed->begun_at = 0;
  }
  begun_at_.clear();
  pacing_->clear();
}

template <typename Word>
void SequencerOf<Word>::on_edge() {
  switch (state_) {
    case State::idle:
      return;
    case State::resetting:
      reset.write(true);
      state_ = State::starting;
      return;
    case State::starting:
      reset.write(false);
      control.write(job_.control);
      if (job_.holds != nullptr) job_.holds->gate->start();
      play_cycle();
      return;
    case State::held:  // in the time in which the block is there
      job_.held_clock->go_on();
      state_ = State::running;
      begin_what_may();
      drive();
      return;
    case State::running:
      break;
  }
  ++cycle_;
  take_words();
  if (words_due_ == 0 && stream_.tile == job_.tiles->size()) {
    state_ = State::idle;
    if (job_.holds == nullptr) return sc_core::sc_pause();
    job_.held_clock->stop();
    return job_.holds->gate->finished();
  }
  play_cycle();
}

template <typename Word>
void SequencerOf<Word>::play_cycle() {
  if (job_.holds != nullptr && must_wait()) {
    state_ = State::held;
    job_.held_clock->stop();
    next_trigger(job_.holds->gate->go_on());
    return;
  }
  state_ = State::running;
  begin_what_may();
  drive();
}

/// A block that begins in this cycle may still be on its way.
template <typename Word>
bool SequencerOf<Word>::must_wait() {
  if (blocks_begun_ == job_.holds->begins.size()) return false;
  const BlockBegin& next = job_.holds->begins[blocks_begun_];
  const bool begins = next.operand == 0
                          ? next.tile == stream_.tile && may_stream()
                          : next.tile + 1 == stream_.tile && cycle_ == left_.begun_at + next.operand;
  return begins && !job_.holds->gate->reached(blocks_begun_++);
}

template <typename Word>
void SequencerOf<Word>::begin_what_may() {
  begin_stream();
  if (stream_.work.preload > 0) begin_preload();
}

template <typename Word>
bool SequencerOf<Word>::may_stream() const {
  if (stream_.tile == job_.tiles->size() || left_.is_busy(job_.feeder->left(), cycle_)) return false;
  if (stream_.work.preload > 0 && preload_.tile == stream_.tile) return false;  // nothing to meet yet
  return cycle_ >= pacing_->begin_from(stream_.work, words_due_ == 0 ? cycle_ : Pacing::never());
}

template <typename Word>
void SequencerOf<Word>::begin_stream() {
  if (!may_stream()) return;
  pacing_->begin(stream_.work, cycle_);
  job_.feeder->stream((*job_.tiles)[stream_.tile]);
  left_.begun_at = cycle_;
  if (job_.returning) begun_at_.push_back(cycle_);
  if (stream_.work.preload == 0) top_.begun_at = cycle_;  // both operands stream
  words_due_ += stream_.work.words * stream_.work.columns;
  go_on(stream_);
}

template <typename Word>
void SequencerOf<Word>::begin_preload() {
  if (preload_.tile == job_.tiles->size() || top_.is_busy(job_.feeder->top(), cycle_)) return;
  const bool is_empty = words_due_ == 0 && preload_.tile == stream_.tile;
  if (cycle_ < pacing_->preload_from(preload_.work, is_empty ? cycle_ : Pacing::never())) return;
  pacing_->preload(preload_.work, cycle_);
  job_.feeder->preload((*job_.tiles)[preload_.tile]);
  top_.begun_at = cycle_;
  go_on(preload_);
}

template <typename Word>
void SequencerOf<Word>::go_on(Coming& coming) {
  if (++coming.tile < job_.tiles->size()) coming.work = job_.work((*job_.tiles)[coming.tile]);
}

template <typename Word>
void SequencerOf<Word>::take_words() {
  const ExitWords& shown = exits.read();
  for (std::uint32_t j = 0; j < used_.columns; ++j) {
    if (!shown.words[j].draining) continue;
    Column& column = columns_[j];
    while (column.coming.work.columns <= j) go_on(column.coming);  // has no words in this column
    assert(column.coming.tile < stream_.tile && "a column sends a word that no tile has");
    job_.store((*job_.tiles)[column.coming.tile], column.taken, j, shown.words[j].accumulator);
    --words_due_;
    if (++column.taken < column.coming.work.words) continue;
    go_on(column.coming);
    column.taken = 0;
  }
  assert((words_due_ == 0 || cycle_ < left_.begun_at + 4 * (job_.feeder->left().length + 2 * largest_side)) &&
         "the array never sent its words");
}

template <typename Word>
void SequencerOf<Word>::drive() {
  left.write(left_.step(job_.feeder->left(), cycle_));
  right.write(top_.step(job_.feeder->top(), cycle_));
  if (job_.returning) bring_sums();
}

/// A column gets the words of a tile as its operands do: a cycle later than the column before.
template <typename Word>
void SequencerOf<Word>::bring_sums() {
  SumWords words(used_.columns);
  for (std::uint32_t j = 0; j < used_.columns; ++j) {
    std::size_t& tile = columns_[j].returning;
    while (tile + 1 < begun_at_.size() && cycle_ >= begun_at_[tile + 1] + j) ++tile;
    if (tile == begun_at_.size() || cycle_ < begun_at_[tile] + j) continue;
    const std::uint64_t word = cycle_ - begun_at_[tile] - j;
    const Tile& of = (*job_.tiles)[tile];
    if (const TileWork work = job_.work(of); j < work.columns && word < work.words)
      words.words[j] = job_.returning(of, word, j);
  }
  returning.write(words);
}

template class SequencerOf<Link>;
template class SequencerOf<WideLink>;

}  // namespace quatrain::rtl_models
