#pragma once
/// SAWB's statistics: the sums of the elements in fixed point and of their squares (numerics.md section 4,
/// steps 3 and 4). Two stages: shift every element to its place; square and add. Nothing is summed below a
/// maximum of 2^-100.

#include "rtl_models/quantizer/lane.hpp"
#include "rtl_models/quantizer/ports.hpp"

#include <systemc>

#include <vector>

namespace quatrain::rtl_models {

/// 2^-100 as fp32: a tensor below it has scale 0.
inline constexpr std::uint32_t smallest_maximum = static_cast<std::uint32_t>(bias<Fp32> - 100)
                                                  << Fp32::fraction_bits;

class MomentUnit final : public sc_core::sc_module {
 public:
  sc_core::sc_in<bool> clock{"clock"};
  sc_core::sc_in<QuantizerSettings> settings{"settings"};
  sc_core::sc_in<ElementWord> elements{"elements"};
  sc_core::sc_in<MeasuredMaximum> measured{"measured"};
  sc_core::sc_out<MeasuredSums> sums{"sums"};

  SC_HAS_PROCESS(MomentUnit);
  MomentUnit(const sc_core::sc_module_name& name, unsigned lanes) : sc_module(name), shifted_(lanes) {
    SC_METHOD(on_edge);
    sensitive << clock.pos();
    dont_initialize();
  }

 private:
  void on_edge() {
    const ElementWord& word = elements.read();
    const bool begins = settings.read().begin;
    if (!begins && !word.sum && !is_last_ && used_ == 0 && !state_.done) return;
    if (begins) state_ = {};
    add();
    shift(word);
    sums.write(state_);
  }

  /// The second stage.
  void add() {
    const bool counts_all = traces::takes_negative(settings.read().rule);
    for (std::uint32_t lane = 0; lane < used_; ++lane) {
      const std::uint64_t m = shifted_[lane];
      state_.sum1 += m;
      state_.sum2 += m * m;
      state_.count += counts_all || m != 0 ? 1U : 0U;
    }
    state_.done = is_last_;
  }

  /// The first one.
  void shift(const ElementWord& word) {
    const std::uint32_t maximum = measured.read().maximum;
    const bool is_summed = word.sum && maximum >= smallest_maximum;
    used_ = is_summed ? word.used : 0;
    is_last_ = word.sum && word.last;
    for (std::uint32_t lane = 0; lane < used_; ++lane)
      shifted_[lane] = fixed_point(word.elements.words[lane], maximum);
  }

  std::vector<std::uint32_t> shifted_;  ///< the registers between the stages
  std::uint32_t used_ = 0;
  bool is_last_ = false;
  MeasuredSums state_;
};

}  // namespace quatrain::rtl_models
