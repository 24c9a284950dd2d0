#include "rtl_models/wired_array.hpp"

#include "rtl_models/systemc_kernel.hpp"

#include <cassert>

namespace quatrain::rtl_models {

template <typename Word>
WiredArrayOf<Word>::WiredArrayOf(std::unique_ptr<ArrayModuleOf<Word>> array, ArrayShape shape,
                                 const Dataflow& dataflow)
    : sequencer_(sc_core::sc_gen_unique_name("sequencer"), shape, make_pacing(dataflow, shape)),
      array_(std::move(array)) {
  clock_.clock(clock_signal_);
  sequencer_.clock(clock_signal_);
  sequencer_.reset(reset_);
  sequencer_.left(left_);
  sequencer_.right(right_);
  sequencer_.control(control_);
  sequencer_.returning(returning_);
  sequencer_.exits(exits_);
  array_->clock(clock_signal_);
  array_->reset(reset_);
  array_->left(left_);
  array_->right(right_);
  array_->control(control_);
  array_->returning(returning_);
  array_->exits(exits_);
}

template <typename Word>
void WiredArrayOf<Word>::run(const SequencerJobOf<Word>& job) {
  SequencerJobOf<Word> own = job;
  own.held_clock = &clock_;
  sequencer_.begin(own);
  array_->use(sequencer_.used());
  if (job.holds != nullptr)
    clock_.start(sc_core::sc_time(static_cast<double>(job.holds->period_ps), sc_core::SC_PS));
  else
    clock_.start();
  run_kernel();
  clock_.stop();
  assert(sequencer_.finished() && "the kernel stopped inside a job");
}

template class WiredArrayOf<Link>;
template class WiredArrayOf<WideLink>;

}  // namespace quatrain::rtl_models
