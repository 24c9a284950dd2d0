#include "rtl_models/quantizer/sequencer.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace quatrain::rtl_models {

QuantizerSequencer::QuantizerSequencer(const sc_core::sc_module_name& name, unsigned lanes)
    : sc_module(name) {
  word_.elements = Lanes<std::uint32_t>(lanes);
  SC_METHOD(on_edge);
  sensitive << clock.pos();
  dont_initialize();
}

void QuantizerSequencer::begin(const QuantizerJob& job) {
  assert(finished() && !job.source.empty() && !job.passes.empty() && job.codes->size() == job.source.size());
  job_ = job;
  state_ = State::starting;
  cycles_ = 0;
  pass_ = 0;
  taken_ = 0;
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
  begin_pass();
}

void QuantizerSequencer::begin_pass() {
  sent_ = 0;
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

/// The next word, or nothing: between passes, behind the last word, while the draws are not there.
void QuantizerSequencer::send() {
  const bool codes_now = pass() == QuantizerPass::code || pass() == QuantizerPass::measure_and_code;
  const bool waits = pass() == QuantizerPass::scale || (codes_now && !ready.read());
  const std::size_t count =
      waits ? 0 : std::min<std::size_t>(word_.elements.count, job_.source.size() - sent_);
  if (count == 0 && word_.used == 0) return;
  word_.used = static_cast<std::uint32_t>(count);
  for (std::size_t lane = 0; lane < count; ++lane)
    word_.elements.words[lane] = std::bit_cast<std::uint32_t>(job_.source[sent_ + lane]);
  sent_ += count;
  word_.measure =
      count != 0 && (pass() == QuantizerPass::measure || pass() == QuantizerPass::measure_and_code);
  word_.sum = count != 0 && pass() == QuantizerPass::sum;
  word_.code = count != 0 && codes_now;
  word_.last = count != 0 && sent_ == job_.source.size();
  elements.write(word_);
}

void QuantizerSequencer::take_codes() {
  const CodeWord& shown = codes.read();
  std::copy_n(shown.codes.words.begin(), shown.used,
              job_.codes->begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ += shown.used;
  last_is_taken_ = last_is_taken_ || (shown.used != 0 && shown.last);
}

void QuantizerSequencer::finish() {
  state_ = State::idle;
  sc_core::sc_pause();
}

}  // namespace quatrain::rtl_models
