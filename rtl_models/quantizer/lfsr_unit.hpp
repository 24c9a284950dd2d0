#pragma once
/// The random source of the config's `lfsr`: a register of 32 bits in each lane, stepped once for each bit of
/// a draw, all of them in one clock. It stands where the Philox generators do and is always ready.

#include "rtl_models/quantizer/lfsr.hpp"
#include "rtl_models/quantizer/ports.hpp"

#include <systemc>

#include <vector>

namespace quatrain::rtl_models {

class LfsrUnit final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_in<QuantizerSettings> settings{"settings"};
  sc_core::sc_in<ElementWord> elements{"elements"};
  sc_core::sc_out<bool> ready{"ready"};
  sc_core::sc_out<DrawWord> draws{"draws"};  ///< of the word before

  SC_HAS_PROCESS(LfsrUnit);
  LfsrUnit(const sc_core::sc_module_name& name, unsigned lanes)
      : sc_module(name), states_(lanes), word_(lanes) {
    SC_METHOD(on_edge);
    sensitive << clock.pos();
    dont_initialize();
  }

 private:
  void on_edge() {
    const QuantizerSettings& now = settings.read();
    ready.write(true);
    if (now.begin)
      for (std::uint32_t lane = 0; lane < states_.size(); ++lane)
        states_[lane] = lfsr_seed(now.key.seed, lane);
    const ElementWord& word = elements.read();
    if (!word.code || now.random_bits == 0) return;
    for (std::uint32_t lane = 0; lane < word.used; ++lane) {
      states_[lane] = lfsr_steps(states_[lane], lfsr32, now.random_bits);
      word_.words[lane] = lfsr_draw(states_[lane], now.random_bits);
    }
    draws.write(word_);
  }

  std::vector<std::uint32_t> states_;
  DrawWord word_;
};

}  // namespace quatrain::rtl_models
