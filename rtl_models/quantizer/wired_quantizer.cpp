#include "rtl_models/quantizer/wired_quantizer.hpp"

#include "rtl_models/systemc_kernel.hpp"

#include <cassert>

namespace quatrain::rtl_models {

WiredQuantizer::WiredQuantizer(unsigned lanes)
    : sequencer_(sc_core::sc_gen_unique_name("quantizer_sequencer"), lanes),
      sum_unit_(sc_core::sc_gen_unique_name("sum_unit"), lanes),
      random_unit_(sc_core::sc_gen_unique_name("random_unit"), lanes),
      code_lanes_(sc_core::sc_gen_unique_name("code_lanes"), lanes) {
  clock_.clock(clock_signal_);
  const auto connect_inputs = [this](auto& unit) {
    unit.clock(clock_signal_);
    unit.settings(settings_);
    unit.elements(elements_);
  };
  connect_inputs(sequencer_);
  sequencer_.start_scale(start_scale_);
  sequencer_.measured(measured_);
  sequencer_.sums(sums_);
  sequencer_.scaling(scaling_);
  sequencer_.ready(ready_);
  sequencer_.codes(codes_);

  connect_inputs(maximum_unit_);
  maximum_unit_.measured(measured_);

  connect_inputs(sum_unit_);
  sum_unit_.measured(measured_);
  sum_unit_.sums(sums_);

  scale_unit_.clock(clock_signal_);
  scale_unit_.settings(settings_);
  scale_unit_.start(start_scale_);
  scale_unit_.measured(measured_);
  scale_unit_.sums(sums_);
  scale_unit_.scaling(scaling_);

  connect_inputs(random_unit_);
  random_unit_.ready(ready_);
  random_unit_.draws(draws_);

  connect_inputs(code_lanes_);
  code_lanes_.scaling(scaling_);
  code_lanes_.draws(draws_);
  code_lanes_.codes(codes_);
}

void WiredQuantizer::run(const QuantizerJob& job) {
  sequencer_.begin(job);
  clock_.start();
  run_kernel();
  clock_.stop();
  assert(sequencer_.finished() && "the kernel stopped inside a job");
}

}  // namespace quatrain::rtl_models
