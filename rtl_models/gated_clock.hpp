#pragma once
/// A clock that ticks only while a job runs, so that several arrays in one kernel do not cost each other
/// time. It stands still while the array waits.

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

  void start(const sc_core::sc_time& period) {
    period_ = period;
    high_ = period / 2;
    running_ = true;
    started_.notify(period_ - high_);
  }
  void start() { start(sc_core::sc_time(1, sc_core::SC_NS)); }
  /// The level falls once more at most.
  void stop() { running_ = false; }
  /// After stop(), a whole number of periods after the last edge: the next one comes in a period.
  void go_on() {
    running_ = true;
    if (!level_) started_.notify(period_);
  }

 private:
  void tick() {
    const bool rise = running_ && !level_;
    if (!rise && !level_) return;
    level_ = rise;
    clock.write(level_);
    if (running_ || level_) next_trigger(level_ ? high_ : period_ - high_);
  }

  sc_core::sc_time period_, high_;
  sc_core::sc_event started_{"started"};
  bool running_ = false, level_ = false;
};

}  // namespace quatrain::rtl_models
