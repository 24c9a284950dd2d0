#include "rtl_models/schedule/timeline.hpp"

#include <algorithm>

namespace quatrain::rtl_models {

Timeline timeline_of(std::span<const TileWork> tiles, Pacing& pacing) {
  Timeline timeline;
  std::uint64_t left_free_from = 0, top_free_from = 0;
  pacing.clear();
  for (const TileWork& tile : tiles) {
    TileTimes times;
    if (tile.preload > 0) {
      times.preload = std::max(top_free_from, pacing.preload_from(tile, timeline.end));
      pacing.preload(tile, times.preload);
      top_free_from = times.preload + tile.preload;
    }
    times.stream = std::max(left_free_from, pacing.begin_from(tile, timeline.end));
    pacing.begin(tile, times.stream);
    left_free_from = times.stream + tile.stream;
    timeline.end = std::max(timeline.end, tile.last_edge(times.stream));
    timeline.tiles.push_back(times);
  }
  return timeline;
}

}  // namespace quatrain::rtl_models
