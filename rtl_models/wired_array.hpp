#pragma once
/// One array with its clock, its sequencer and the signals between them.

#include "rtl_models/array/array_module.hpp"
#include "rtl_models/feeder/sequencer.hpp"
#include "rtl_models/gated_clock.hpp"

#include <memory>

namespace quatrain::rtl_models {

template <typename Word>
class WiredArrayOf {
 public:
  WiredArrayOf(std::unique_ptr<ArrayModuleOf<Word>> array, ArrayShape shape, const Dataflow& dataflow);
  /// Plays the job to its end.
  void run(const SequencerJobOf<Word>& job);
  std::uint64_t cycles() const { return sequencer_.cycles(); }
  Activity activity() { return array_->activity(); }

 private:
  GatedClock clock_{sc_core::sc_gen_unique_name("clock")};
  SequencerOf<Word> sequencer_;
  std::unique_ptr<ArrayModuleOf<Word>> array_;
  sc_core::sc_signal<bool> clock_signal_, reset_;
  sc_core::sc_signal<Lanes<Word>> left_, right_;
  sc_core::sc_signal<PeControl> control_;
  sc_core::sc_signal<SumWords> returning_;
  sc_core::sc_signal<ExitWords> exits_;
};
using WiredArray = WiredArrayOf<Link>;

extern template class WiredArrayOf<Link>;
extern template class WiredArrayOf<WideLink>;

}  // namespace quatrain::rtl_models
