#pragma once
/// The largest magnitude of a tensor: a tree of comparisons over the lanes and one register. It also watches
/// for elements that no rule takes (numerics.md sections 3 and 4, steps 1 and 2).

#include "rtl_models/quantizer/lane.hpp"
#include "rtl_models/quantizer/ports.hpp"

#include <systemc>

namespace quatrain::rtl_models {

class MaximumUnit final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_in<QuantizerSettings> settings{"settings"};
  sc_core::sc_in<ElementWord> elements{"elements"};
  sc_core::sc_out<MeasuredMaximum> measured{"measured"};

  SC_HAS_PROCESS(MaximumUnit);
  explicit MaximumUnit(const sc_core::sc_module_name& name) : sc_module(name) {
    SC_METHOD(on_edge);
    sensitive << clock.pos();
    dont_initialize();
  }

 private:
  void on_edge() {
    const ElementWord& word = elements.read();
    const bool begins = settings.read().begin;
    if (!begins && !word.measure && !state_.done) return;
    if (begins) {
      state_ = {};
      seen_ = 0;
    }
    if (word.measure) measure(word);
    state_.done = word.measure && word.last;
    measured.write(state_);
  }

  void measure(const ElementWord& word) {
    const bool takes_negative = traces::takes_negative(settings.read().rule);
    std::uint32_t largest = 0, is_bad = 0;
    for (std::uint32_t lane = 0; lane < word.used; ++lane) {
      const std::uint32_t x = word.elements.words[lane];
      largest = std::max(largest, magnitude_of(x));
      is_bad |= refuses(x, takes_negative) ? 1U : 0U;
    }
    state_.maximum = std::max(state_.maximum, largest);
    if (is_bad != 0 && !state_.refused) refuse_first(word, takes_negative);
    seen_ += word.used;
  }

  static bool refuses(std::uint32_t x, bool takes_negative) {
    const bool is_below_zero = is_negative(x) && magnitude_of(x) != 0;
    return magnitude_of(x) >= infinity_bits<Fp32> || (is_below_zero && !takes_negative);
  }

  void refuse_first(const ElementWord& word, bool takes_negative) {
    std::uint32_t lane = 0;
    while (!refuses(word.elements.words[lane], takes_negative)) ++lane;
    state_.refused = true;
    state_.refused_at = seen_ + lane;
  }

  MeasuredMaximum state_;
  std::uint64_t seen_ = 0;  ///< elements of the words before
};

}  // namespace quatrain::rtl_models
