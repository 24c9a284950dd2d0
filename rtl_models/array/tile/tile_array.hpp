#pragma once
/// Fidelity `tile`: no registers and no clock. The array is one process that waits for a tile's cycle 0 and
/// computes the whole tile then; when its last word has left it is done. Same bits, cycles and activity as
/// pe_array.hpp and fast_array.hpp.

#include "rtl_models/array/tile/tile_values.hpp"
#include "rtl_models/schedule/holds.hpp"

#include <systemc>

#include <cstdint>
#include <vector>

namespace quatrain::rtl_models {

class TileArray final : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(TileArray);
  explicit TileArray(const sc_core::sc_module_name& name) : sc_module(name) { SC_THREAD(play); }

  /// At least one tile. Returns the cycles that the array takes until the last word has left, without those
  /// in which it waits.
  std::uint64_t run(const TileSchedule& schedule, const Timeline& timeline, TileValues& values);

 private:
  void play();
  void wait_until(std::uint64_t cycle);
  /// Waits for the blocks that begin in a tile.
  void begin_blocks(std::size_t tile);

  const TileSchedule* schedule_ = nullptr;
  const Timeline* timeline_ = nullptr;
  TileValues* values_ = nullptr;
  std::uint64_t blocks_begun_ = 0, cycles_ = 0;
  sc_core::sc_time period_, start_;
  sc_core::sc_event begun_{"begun"};
};

}  // namespace quatrain::rtl_models
