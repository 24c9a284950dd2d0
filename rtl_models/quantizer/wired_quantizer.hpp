#pragma once
/// The units of one quantizer with their clock, their sequencer and the signals between them.

#include "rtl_models/gated_clock.hpp"
#include "rtl_models/quantizer/code_lanes.hpp"
#include "rtl_models/quantizer/maximum_unit.hpp"
#include "rtl_models/quantizer/random_unit.hpp"
#include "rtl_models/quantizer/scale_unit.hpp"
#include "rtl_models/quantizer/sequencer.hpp"
#include "rtl_models/quantizer/moment_unit.hpp"

namespace quatrain::rtl_models {

class WiredQuantizer {
 public:
  WiredQuantizer(unsigned lanes, unsigned groups);
  /// Plays the job to its end.
  void run(const QuantizerJob& job);
  std::uint64_t cycles() const { return sequencer_.cycles(); }
  const MeasuredMaximum& measured() const { return measured_.read(); }
  const MeasuredSums& sums() const { return sums_.read(); }
  const Scaling& scaling() const { return scaling_.read(); }

 private:
  GatedClock clock_{sc_core::sc_gen_unique_name("quantizer_clock")};
  QuantizerSequencer sequencer_;
  MaximumUnit maximum_unit_{sc_core::sc_gen_unique_name("maximum_unit")};
  MomentUnit moment_unit_;
  ScaleUnit scale_unit_{sc_core::sc_gen_unique_name("scale_unit")};
  sc_core::sc_vector<RandomUnit> random_units_;  ///< of each group of lanes
  sc_core::sc_vector<CodeLanes> code_lanes_;
  sc_core::sc_signal<bool> clock_signal_, start_scale_;
  sc_core::sc_signal<QuantizerSettings> settings_;
  sc_core::sc_signal<ElementWord> elements_;
  sc_core::sc_signal<MeasuredMaximum> measured_;
  sc_core::sc_signal<MeasuredSums> sums_;
  sc_core::sc_signal<Scaling> scaling_;
  sc_core::sc_vector<sc_core::sc_signal<bool>> ready_;
  sc_core::sc_vector<sc_core::sc_signal<DrawWord>> draws_;
  sc_core::sc_vector<sc_core::sc_signal<CodeWord>> codes_;
};

}  // namespace quatrain::rtl_models
