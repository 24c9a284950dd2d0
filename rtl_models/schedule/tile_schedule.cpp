#include "rtl_models/schedule/tile_schedule.hpp"

#include <algorithm>
#include <cassert>
#include <variant>

namespace quatrain::rtl_models {
namespace {

std::uint32_t part(std::uint64_t most, std::uint64_t left) {
  return static_cast<std::uint32_t>(std::min(most, left));
}

void add_tiles(TileSchedule& schedule, const traces::GemmSize& size) {
  const ArrayShape shape = schedule.array;
  const auto m = static_cast<std::uint64_t>(size.m), n = static_cast<std::uint64_t>(size.n);
  for (std::uint32_t group = 0; group < size.groups; ++group)
    for (std::uint64_t column = 0; column < n; column += shape.columns)
      for (std::uint64_t row = 0; row < m; row += shape.rows)
        schedule.tiles.push_back(
            {group, row, column, part(shape.rows, m - row), part(shape.columns, n - column)});
}

void add_folds(TileSchedule& schedule, const traces::GemmSize& size, unsigned samples, Held held) {
  const ArrayShape shape = schedule.array;
  const auto m = static_cast<std::uint64_t>(size.m), n = static_cast<std::uint64_t>(size.n),
             k = static_cast<std::uint64_t>(size.k);
  assert(m <= UINT32_MAX && n <= UINT32_MAX);
  const std::uint64_t width = held == Held::left ? m : n;
  for (std::uint32_t group = 0; group < size.groups; ++group)
    for (std::uint64_t first = 0; first < width; first += shape.columns)
      for (std::uint64_t at = 0; at < k; at += shape.rows)
        for (std::uint32_t sample = 0; sample < (held == Held::left ? 1 : samples); ++sample) {
          Tile fold{group, 0, 0, static_cast<std::uint32_t>(m), static_cast<std::uint32_t>(n)};
          (held == Held::left ? fold.first_row : fold.first_column) = first;
          (held == Held::left ? fold.rows : fold.columns) = part(shape.columns, width - first);
          fold.k = KRange{at, std::min(at + shape.rows, k)};
          fold.sample = sample;
          schedule.tiles.push_back(fold);
        }
}

}  // namespace

TileSchedule whole_gemm_schedule(const traces::GemmSize& size, unsigned samples, ArrayShape shape,
                                 const Dataflow& dataflow) {
  TileSchedule schedule{shape, samples * static_cast<std::uint64_t>(size.k), {}};
  std::visit(Overloaded{[&](const OutputStationary&) { add_tiles(schedule, size); },
                        [&](const WeightStationary&) { add_folds(schedule, size, samples, Held::right); },
                        [&](const InputStationary&) { add_folds(schedule, size, samples, Held::left); }},
             dataflow);
  return schedule;
}

}  // namespace quatrain::rtl_models
