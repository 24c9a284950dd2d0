#include "rtl_models/array/tile/tile_array.hpp"

#include "rtl_models/systemc_kernel.hpp"

namespace quatrain::rtl_models {

std::uint64_t TileArray::run(const TileSchedule& schedule, const Timeline& timeline, TileValues& values) {
  constexpr double own_period_ps = 1000;
  const Holds* holds = schedule.holds;
  period_ = sc_core::sc_time(holds != nullptr ? static_cast<double>(holds->period_ps) : own_period_ps,
                             sc_core::SC_PS);
  schedule_ = &schedule;
  timeline_ = &timeline;
  values_ = &values;
  begun_.notify(period_);  // the kernel forgets events without a time before its first start
  run_kernel();
  return cycles_;
}

void TileArray::play() {
  while (true) {
    wait(begun_);
    start_ = sc_core::sc_time_stamp();
    blocks_begun_ = 0;
    const Holds* holds = schedule_->holds;
    if (holds != nullptr) holds->gate->start();
    for (std::size_t i = 0; i < schedule_->tiles.size(); ++i) {
      if (holds != nullptr) begin_blocks(i);
      wait_until(timeline_->tiles[i].stream);
      values_->compute(schedule_->tiles[i], timeline_->tiles[i]);
    }
    wait_until(timeline_->end);
    cycles_ = (sc_core::sc_time_stamp() - start_).value() / period_.value();
    if (holds != nullptr)
      holds->gate->finished();
    else
      sc_core::sc_pause();
  }
}

void TileArray::begin_blocks(std::size_t tile) {
  const Holds& holds = *schedule_->holds;
  for (; blocks_begun_ < holds.begins.size() && holds.begins[blocks_begun_].tile == tile; ++blocks_begun_) {
    wait_until(timeline_->tiles[tile].stream + holds.begins[blocks_begun_].operand);
    const sc_core::sc_time stopped = sc_core::sc_time_stamp();
    if (holds.gate->reached(blocks_begun_)) continue;
    wait(holds.gate->go_on());
    start_ += sc_core::sc_time_stamp() - stopped;
  }
}

void TileArray::wait_until(std::uint64_t cycle) {
  const sc_core::sc_time until = start_ + period_ * static_cast<double>(cycle);
  if (until > sc_core::sc_time_stamp()) wait(until - sc_core::sc_time_stamp());
}

}  // namespace quatrain::rtl_models
