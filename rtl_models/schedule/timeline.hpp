#pragma once
/// When every tile enters the array, planned ahead with the same registers and exits as step by step
/// (pacing.hpp).

#include "rtl_models/schedule/pacing.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace quatrain::rtl_models {

/// The cycles in which a tile's first held and first streaming operands stand on PE(0,0).
struct TileTimes {
  std::uint64_t preload = 0;  ///< 0 where nothing is held
  std::uint64_t stream = 0;
};

struct Timeline {
  std::vector<TileTimes> tiles;
  std::uint64_t end = 0;  ///< the edge at which the last word of all leaves
};

Timeline timeline_of(std::span<const TileWork> tiles, Pacing& pacing);

}  // namespace quatrain::rtl_models
