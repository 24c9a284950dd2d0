#pragma once
/// The random source: Philox generators with a register behind each of the ten rounds, and a buffer that the
/// lanes take their draws from (numerics.md section 2). It starts with the tensor and is ready before the
/// first codes are made. Generators stop while the buffer is full.

#include "rtl_models/quantizer/ports.hpp"

#include <systemc>

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
  RandomUnit(const sc_core::sc_module_name& name, unsigned lanes)
      : sc_module(name), lanes_(lanes), generators_(generators_for(lanes)), word_(lanes) {
    for (auto& stage : pipeline_) stage.resize(generators_);
    SC_METHOD(on_edge);
    sensitive << clock.pos();
    dont_initialize();
  }

  /// Enough that every lane gets 16 bits a cycle: a block has 8 such draws.
  static constexpr unsigned generators_for(unsigned lanes) { return (lanes + 7) / 8; }

 private:
  void on_edge() {
    const QuantizerSettings& now = settings.read();
    if (now.begin) begin(now);
    if (now.random_bits == 0) return;
    const ElementWord& word = elements.read();
    if (word.code) take(word.used, now.random_bits);
    if (buffer_.size() + generators_ <= 2 * std::size_t{generators_}) advance(now);
    ready.write(buffer_.size() >= generators_);
  }

  void begin(const QuantizerSettings& now) {
    buffer_.clear();
    place_ = 0;
    next_block_ = 0;
    filled_ = 0;
    ready.write(now.random_bits == 0);
  }

  /// The next draws, one a lane, from the oldest blocks.
  void take(std::uint32_t used, unsigned bits) {
    const unsigned draws_per_block = 128 / bits;
    for (std::uint32_t lane = 0; lane < used; ++lane) {
      word_.words[lane] = draw_in(buffer_.front(), place_, bits);
      if (++place_ == draws_per_block) {
        place_ = 0;
        buffer_.pop_front();
      }
    }
    draws.write(word_);
  }

  /// All generators move on by a round; what leaves the last one goes into the buffer.
  void advance(const QuantizerSettings& now) {
    if (filled_ == philox_rounds)
      buffer_.insert(buffer_.end(), pipeline_.back().begin(), pipeline_.back().end());
    for (unsigned round = philox_rounds - 1; round > 0; --round)
      for (unsigned g = 0; g < generators_; ++g)
        pipeline_[round][g] = philox_round(pipeline_[round - 1][g], now.key, round);
    for (unsigned g = 0; g < generators_; ++g)
      pipeline_[0][g] = philox_round({next_block_++, now.step, now.layer, now.sample}, now.key, 0);
    if (filled_ < philox_rounds) ++filled_;
  }

  unsigned lanes_, generators_;
  std::array<std::vector<PhiloxBlock>, philox_rounds> pipeline_;  ///< [round]: what it gave
  unsigned filled_ = 0;                                           ///< rounds with blocks of this tensor
  std::uint32_t next_block_ = 0;
  std::deque<PhiloxBlock> buffer_;  ///< twice the generators at most
  unsigned place_ = 0;              ///< draws taken from the oldest block
  DrawWord word_;
};

}  // namespace quatrain::rtl_models
