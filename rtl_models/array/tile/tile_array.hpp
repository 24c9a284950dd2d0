#pragma once
/// Fidelity `tile`: no registers and no clock. The array is one process that waits for a tile's cycle 0 and
/// computes the whole tile then; when its last word has left it is done. Same bits, cycles and activity as
/// pe_array.hpp and fast_array.hpp.

#include "rtl_models/array/tile/tile_values.hpp"

#include <systemc>

#include <cstdint>
#include <vector>

namespace quatrain::rtl_models {

class TileArray final : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(TileArray);
  explicit TileArray(const sc_core::sc_module_name& name) : sc_module(name) { SC_THREAD(play); }

  /// At least one tile. Returns the cycles that pass until the last word has left.
  std::uint64_t run(const std::vector<Tile>& tiles, const Timeline& timeline, TileValues& values);

 private:
  void play();
  void wait_until(std::uint64_t cycle);

  const std::vector<Tile>* tiles_ = nullptr;
  const Timeline* timeline_ = nullptr;
  TileValues* values_ = nullptr;
  const sc_core::sc_time period_{1, sc_core::SC_NS};
  sc_core::sc_time start_;
  sc_core::sc_event begun_{"begun"};
};

}  // namespace quatrain::rtl_models
