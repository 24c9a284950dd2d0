#include "rtl_models/quantizer/wired_quantizer.hpp"

#include "rtl_models/systemc_kernel.hpp"

#include <cassert>

namespace quatrain::rtl_models {

WiredQuantizer::WiredQuantizer(unsigned lanes, unsigned groups)
    : sequencer_(sc_core::sc_gen_unique_name("quantizer_sequencer"), lanes, groups),
      moment_unit_(sc_core::sc_gen_unique_name("moment_unit"), lanes),
      random_units_(sc_core::sc_gen_unique_name("random_units")),
      code_lanes_(sc_core::sc_gen_unique_name("code_lanes")),
      ready_(sc_core::sc_gen_unique_name("ready"), groups),
      draws_(sc_core::sc_gen_unique_name("draws"), groups),
      codes_(sc_core::sc_gen_unique_name("codes"), groups) {
  random_units_.init(groups, [=](const char* name, std::size_t group) {
    return new RandomUnit(name, lanes, static_cast<unsigned>(group), groups);
  });
  code_lanes_.init(groups, [=](const char* name, std::size_t group) {
    return new CodeLanes(name, lanes, static_cast<unsigned>(group));
  });
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

  connect_inputs(moment_unit_);
  moment_unit_.measured(measured_);
  moment_unit_.sums(sums_);

  scale_unit_.clock(clock_signal_);
  scale_unit_.settings(settings_);
  scale_unit_.start(start_scale_);
  scale_unit_.measured(measured_);
  scale_unit_.sums(sums_);
  scale_unit_.scaling(scaling_);

  for (unsigned group = 0; group < groups; ++group) {
    connect_inputs(random_units_[group]);
    random_units_[group].ready(ready_[group]);
    random_units_[group].draws(draws_[group]);

    connect_inputs(code_lanes_[group]);
    code_lanes_[group].scaling(scaling_);
    code_lanes_[group].draws(draws_[group]);
    code_lanes_[group].codes(codes_[group]);
  }
}

void WiredQuantizer::run(const QuantizerJob& job) {
  sequencer_.begin(job);
  clock_.start();
  run_kernel();
  clock_.stop();
  assert(sequencer_.finished() && "the kernel stopped inside a job");
}

}  // namespace quatrain::rtl_models
