#include "rtl_models/schedule/tile_schedule.hpp"

#include <algorithm>

namespace quatrain::rtl_models {

TileSchedule whole_gemm_schedule(const traces::GemmSize& size, unsigned samples, ArrayShape shape) {
  TileSchedule schedule{shape, samples * static_cast<std::uint64_t>(size.k), {}};
  const auto m = static_cast<std::uint64_t>(size.m), n = static_cast<std::uint64_t>(size.n);
  for (std::uint32_t group = 0; group < size.groups; ++group)
    for (std::uint64_t column = 0; column < n; column += shape.columns)
      for (std::uint64_t row = 0; row < m; row += shape.rows)
        schedule.tiles.push_back(
            {group, row, column, static_cast<std::uint32_t>(std::min<std::uint64_t>(shape.rows, m - row)),
             static_cast<std::uint32_t>(std::min<std::uint64_t>(shape.columns, n - column))});
  return schedule;
}

}  // namespace quatrain::rtl_models
