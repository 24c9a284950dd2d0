#include "rtl_models/array/tile/tile_array.hpp"

#include "rtl_models/systemc_kernel.hpp"

namespace quatrain::rtl_models {

std::uint64_t TileArray::run(const std::vector<Tile>& tiles, const Timeline& timeline, TileValues& values) {
  tiles_ = &tiles;
  timeline_ = &timeline;
  values_ = &values;
  begun_.notify(period_);  // the kernel forgets events without a time before its first start
  run_kernel();
  return (sc_core::sc_time_stamp() - start_).value() / period_.value();
}

void TileArray::play() {
  while (true) {
    wait(begun_);
    start_ = sc_core::sc_time_stamp();
    for (std::size_t i = 0; i < tiles_->size(); ++i) {
      wait_until(timeline_->tiles[i].stream);
      values_->compute((*tiles_)[i], timeline_->tiles[i]);
    }
    wait_until(timeline_->end);
    sc_core::sc_pause();
  }
}

void TileArray::wait_until(std::uint64_t cycle) {
  const sc_core::sc_time until = start_ + period_ * static_cast<double>(cycle);
  if (until > sc_core::sc_time_stamp()) wait(until - sc_core::sc_time_stamp());
}

}  // namespace quatrain::rtl_models
