#pragma once
/// A clock of 1 ns that ticks only while a job runs, so that several arrays in one kernel do not cost each
/// other time.

#include <systemc>

namespace quatrain::rtl_models {

class GatedClock final : public sc_core::sc_module {
 public:
  sc_core::sc_out<bool> clock{"clock"};

  SC_HAS_PROCESS(GatedClock);
  explicit GatedClock(const sc_core::sc_module_name& name) : sc_module(name) {
    SC_METHOD(tick);
    sensitive << started_;
    dont_initialize();
  }

  void start() {
    running_ = true;
    started_.notify(half_period_);
  }
  /// The level falls once more at most.
  void stop() { running_ = false; }

 private:
  void tick() {
    const bool rise = running_ && !level_;
    if (!rise && !level_) return;
    level_ = rise;
    clock.write(level_);
    if (running_ || level_) next_trigger(half_period_);
  }

  const sc_core::sc_time half_period_{0.5, sc_core::SC_NS};
  sc_core::sc_event started_{"started"};
  bool running_ = false, level_ = false;
};

}  // namespace quatrain::rtl_models
