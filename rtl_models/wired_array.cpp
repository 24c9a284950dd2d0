#include "rtl_models/wired_array.hpp"

#include "rtl_models/systemc_kernel.hpp"

#include <cassert>

namespace quatrain::rtl_models {

namespace {

std::unique_ptr<EdgeRegisters> extra_registers(EdgeDelay delay, std::uint32_t lanes) {
  return std::make_unique<EdgeRegisters>(sc_core::sc_gen_unique_name("edge_registers"),
                                         delay == EdgeDelay::every_lane ? lanes : 1);
}

}  // namespace

WiredArray::WiredArray(std::unique_ptr<ArrayModule> array, ArrayShape shape, EdgeDelay delay)
    : sequencer_(sc_core::sc_gen_unique_name("sequencer"), shape), array_(std::move(array)) {
  clock_.clock(clock_signal_);
  sequencer_.clock(clock_signal_);
  sequencer_.reset(reset_);
  sequencer_.left(left_);
  sequencer_.right(right_);
  sequencer_.control(control_);
  sequencer_.exits(exits_);
  array_->clock(clock_signal_);
  array_->reset(reset_);
  array_->control(control_);
  array_->exits(exits_);
  const auto connect = [&](sc_core::sc_in<EdgeWord>& port, sc_core::sc_signal<EdgeWord>& edge,
                           sc_core::sc_signal<EdgeWord>& delayed, EdgeRegisters* registers) {
    port(registers == nullptr ? edge : delayed);
    if (registers == nullptr) return;
    registers->clock(clock_signal_);
    registers->in(edge);
    registers->out(delayed);
  };
  if (delay != EdgeDelay::none) left_registers_ = extra_registers(delay, shape.rows);
  if (delay == EdgeDelay::every_lane) right_registers_ = extra_registers(delay, shape.columns);
  connect(array_->left, left_, delayed_left_, left_registers_.get());
  connect(array_->right, right_, delayed_right_, right_registers_.get());
}

void WiredArray::run(const SequencerJob& job) {
  sequencer_.begin(job);
  clock_.start();
  run_kernel();
  clock_.stop();
  assert(sequencer_.finished() && "the kernel stopped inside a job");
}

}  // namespace quatrain::rtl_models
