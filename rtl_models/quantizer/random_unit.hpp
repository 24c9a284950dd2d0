#pragma once
/// The random source of a group of lanes: Philox generators with a register behind each of the ten rounds,
/// and a buffer that the lanes take their draws from (numerics.md section 2). It starts with the tensor and
/// is ready before the first codes are made. Generators stop while the buffer is full. A group that makes
/// several samples, one after the other of each word, has a buffer for each; the generators serve them in
/// turn.

#include "rtl_models/quantizer/ports.hpp"

#include <systemc>

#include <algorithm>
#include <array>
#include <deque>
#include <vector>

namespace quatrain::rtl_models {

class RandomUnit final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_in<QuantizerSettings> settings{"settings"};
  sc_core::sc_in<ElementWord> elements{"elements"};
  sc_core::sc_out<bool> ready{"ready"};      ///< the draws of a whole word are there
  sc_core::sc_out<DrawWord> draws{"draws"};  ///< of the word before

  SC_HAS_PROCESS(RandomUnit);
  RandomUnit(const sc_core::sc_module_name& name, unsigned lanes, unsigned group, unsigned groups)
      : sc_module(name), group_(group), groups_(groups), generators_(generators_for(lanes)), word_(lanes) {
    for (auto& stage : pipeline_) stage.resize(generators_);
    SC_METHOD(on_edge);
    sensitive << clock.pos();
    dont_initialize();
  }

  /// Enough that every lane gets 16 bits a cycle: a block has 8 such draws.
  static constexpr unsigned generators_for(unsigned lanes) { return (lanes + 7) / 8; }

 private:
  /// The draws of one sample.
  struct Stream {
    std::uint32_t next_block = 0;
    std::deque<PhiloxBlock> buffer;  ///< twice the generators at most
    unsigned place = 0;              ///< draws taken from the oldest block
  };

  void on_edge() {
    const QuantizerSettings& now = settings.read();
    if (now.begin) begin(now);
    if (now.random_bits == 0 || group_ >= now.samples) return;
    const ElementWord& word = elements.read();
    if (word.code) take(word.used, now.random_bits);
    if (streams_[leaving_].buffer.size() <= generators_) advance(now);
    // The word that stands on the signal now is taken at the next edge, the one that is sent now behind it.
    ready.write(has_a_word(taking_) && has_a_word(next(taking_)));
  }

  void begin(const QuantizerSettings& now) {
    streams_.assign((now.samples + groups_ - 1) / groups_, {});
    taking_ = 0;
    entering_ = 0;
    leaving_ = 0;
    filled_ = 0;
    ready.write(now.random_bits == 0 || group_ >= now.samples);
  }

  unsigned next(unsigned stream) const { return stream + 1 == streams_.size() ? 0 : stream + 1; }
  bool has_a_word(unsigned stream) const { return streams_[stream].buffer.size() >= generators_; }

  /// The next draws, one a lane, from the oldest blocks of the sample whose turn it is.
  void take(std::uint32_t used, unsigned bits) {
    const unsigned draws_per_block = 128 / bits;
    Stream& stream = streams_[taking_];
    for (std::uint32_t lane = 0; lane < used; ++lane) {
      word_.words[lane] = draw_in(stream.buffer.front(), stream.place, bits);
      if (++stream.place == draws_per_block) {
        stream.place = 0;
        stream.buffer.pop_front();
      }
    }
    draws.write(word_);
    taking_ = next(taking_);
  }

  /// All generators move on by a round; what leaves the last one goes into the buffer of its sample.
  void advance(const QuantizerSettings& now) {
    if (filled_ == philox_rounds) {
      std::deque<PhiloxBlock>& buffer = streams_[leaving_].buffer;
      buffer.insert(buffer.end(), pipeline_.back().begin(), pipeline_.back().end());
      leaving_ = next(leaving_);
    }
    for (unsigned round = philox_rounds - 1; round > 0; --round)
      for (unsigned g = 0; g < generators_; ++g)
        pipeline_[round][g] = philox_round(pipeline_[round - 1][g], now.key, round);
    const std::uint32_t sample = now.sample + entering_ * groups_ + group_;
    for (unsigned g = 0; g < generators_; ++g)
      pipeline_[0][g] =
          philox_round({streams_[entering_].next_block++, now.step, now.layer, sample}, now.key, 0);
    entering_ = next(entering_);
    if (filled_ < philox_rounds) ++filled_;
  }

  unsigned group_, groups_, generators_;
  std::array<std::vector<PhiloxBlock>, philox_rounds> pipeline_;  ///< [round]: what it gave
  unsigned filled_ = 0;                                           ///< rounds with blocks of this tensor
  std::vector<Stream> streams_;
  unsigned taking_ = 0, entering_ = 0, leaving_ = 0;  ///< whose turn it is: lanes, first round, last round
  DrawWord word_;
};

}  // namespace quatrain::rtl_models
