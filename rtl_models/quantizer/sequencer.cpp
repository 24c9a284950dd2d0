#include "rtl_models/quantizer/sequencer.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace quatrain::rtl_models {

QuantizerSequencer::QuantizerSequencer(const sc_core::sc_module_name& name, unsigned lanes, unsigned groups)
    : sc_module(name), ready("ready", groups), codes("codes", groups) {
  word_.elements = Lanes<std::uint32_t>(lanes);
  SC_METHOD(on_edge);
  sensitive << clock.pos();
  dont_initialize();
}

void QuantizerSequencer::begin(const QuantizerJob& job) {
  assert(finished() && !job.source.empty() && !job.passes.empty() && !job.codes.empty() &&
         job.codes.front().size() == job.source.size());
  job_ = job;
  state_ = State::starting;
  cycles_ = 0;
  pass_ = 0;
  taken_ = 0;
  taken_round_ = 0;
  last_is_taken_ = false;
}

void QuantizerSequencer::on_edge() {
  switch (state_) {
    case State::idle:
      return;
    case State::starting: {
      QuantizerSettings first = job_.settings;
      first.begin = true;
      settings.write(first);
      state_ = State::running;
      begin_pass();
      return;
    }
    case State::running:
      break;
  }
  if (cycles_ == 0) settings.write(job_.settings);
  start_scale.write(false);
  ++cycles_;
  take_codes();
  if (!pass_has_ended()) return send();
  if (measured.read().refused || ++pass_ == job_.passes.size()) return finish();
  if (pass_ == job_.passes_before) cycles_ = 0;
  begin_pass();
}

void QuantizerSequencer::begin_pass() {
  sent_ = 0;
  round_ = 0;
  if (pass() == QuantizerPass::scale) start_scale.write(true);
  send();
}

bool QuantizerSequencer::pass_has_ended() {
  switch (pass()) {
    case QuantizerPass::measure:
      return measured.read().done;
    case QuantizerPass::sum:
      return sums.read().done;
    case QuantizerPass::scale:
      return scaling.read().done;
    case QuantizerPass::code:
    case QuantizerPass::measure_and_code:
      return last_is_taken_;
  }
  __builtin_unreachable();
}

bool QuantizerSequencer::draws_are_ready() const {
  return std::ranges::all_of(ready, [](const sc_core::sc_in<bool>& of_group) { return of_group.read(); });
}

/// The next word, or the same one again for its next samples, or nothing: between passes, behind the last
/// word, while the draws are not there.
void QuantizerSequencer::send() {
  const bool codes_now = pass() == QuantizerPass::code || pass() == QuantizerPass::measure_and_code;
  const bool waits = pass() == QuantizerPass::scale || (codes_now && !draws_are_ready());
  const std::size_t count =
      waits ? 0 : std::min<std::size_t>(word_.elements.count, job_.source.size() - sent_);
  if (count == 0 && word_.used == 0) return;
  word_.used = static_cast<std::uint32_t>(count);
  for (std::size_t lane = 0; lane < count; ++lane)
    word_.elements.words[lane] = std::bit_cast<std::uint32_t>(job_.source[sent_ + lane]);
  const bool leaves = count != 0 && (!codes_now || ++round_ == rounds());
  if (leaves) {
    sent_ += count;
    round_ = 0;
  }
  word_.measure = leaves && (pass() == QuantizerPass::measure || pass() == QuantizerPass::measure_and_code);
  word_.sum = count != 0 && pass() == QuantizerPass::sum;
  word_.code = count != 0 && codes_now;
  word_.last = leaves && sent_ == job_.source.size();
  elements.write(word_);
}

/// Samples that the groups cannot make at once follow each other, word by word.
void QuantizerSequencer::take_codes() {
  const CodeWord& first = codes[0].read();
  if (first.used == 0) return;
  const std::size_t sample = taken_round_ * codes.size();
  for (std::size_t group = 0; group < codes.size() && sample + group < job_.codes.size(); ++group)
    std::copy_n(codes[group].read().codes.words.begin(), first.used,
                job_.codes[sample + group].begin() + static_cast<std::ptrdiff_t>(taken_));
  last_is_taken_ = last_is_taken_ || first.last;
  if (++taken_round_ < rounds()) return;
  taken_round_ = 0;
  taken_ += first.used;
}

void QuantizerSequencer::finish() {
  state_ = State::idle;
  sc_core::sc_pause();
}

}  // namespace quatrain::rtl_models
