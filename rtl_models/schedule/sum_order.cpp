#include "rtl_models/schedule/sum_order.hpp"

#include "rtl_models/schedule/tile_work.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

namespace quatrain::rtl_models {
namespace {

/// Held operands: the next part's sums enter from cycle s' on, and this one's have left kr cycles after s.
traces::Refusal late_sums(const Dataflow& dataflow, const TileSchedule& schedule, std::uint64_t samples,
                          std::uint64_t k) {
  const auto* weights = std::get_if<WeightStationary>(&dataflow);
  const Preload preload = weights != nullptr ? weights->preload : std::get<InputStationary>(dataflow).preload;
  if (preload == Preload::exposed) return std::nullopt;
  for (std::size_t i = 0; i + 1 < schedule.tiles.size(); ++i) {
    if (begins_sums(schedule.tiles[i + 1])) continue;
    const TileWork fold = work_of(dataflow, schedule.tiles[i], samples, k),
                   next = work_of(dataflow, schedule.tiles[i + 1], samples, k);
    if (next.rows < fold.rows && fold.stream < next.rows)
      return fmt::format(
          "a stream of {} operands, behind which {} rows follow {} rows before their sums are back; expected "
          "a "
          "preload 'exposed', or at least {} operands",
          fold.stream, next.rows, fold.rows, next.rows);
  }
  return std::nullopt;
}

}  // namespace

bool sums_return(const traces::Accumulator& accumulator, const TileSchedule& schedule) {
  return !accumulator.is_exact() &&
         std::ranges::any_of(schedule.tiles, [](const Tile& tile) { return !begins_sums(tile); });
}

bool begins_sums(const Tile& tile) { return !tile.k || (tile.k->first == 0 && tile.sample == 0); }

traces::Refusal sums_out_of_order(const traces::Accumulator& accumulator, const Dataflow& dataflow,
                                  const TileSchedule& schedule, std::uint64_t k) {
  if (accumulator.is_exact()) return std::nullopt;
  const auto* output = std::get_if<OutputStationary>(&dataflow);
  if (output == nullptr && accumulator.chunk != 0)
    return "sums of chunks, which do not move down a column; expected no chunk, or output_stationary";
  const bool in_parts = std::ranges::any_of(
      schedule.tiles, [k](const Tile& tile) { return tile.k && (tile.k->first != 0 || tile.k->end != k); });
  const std::uint64_t samples = schedule.stream_length / k;
  if (samples > 1 && (in_parts || std::holds_alternative<InputStationary>(dataflow)))
    return fmt::format(
        "{} samples, which follow each other over all of their k; expected all of k at once, or 1 sample",
        samples);
  if (output == nullptr) return late_sums(dataflow, schedule, samples, k);
  if (!in_parts) return std::nullopt;
  if (output->drain != Drain::serial)
    return "parts of k, whose sums have to be back before they go on; expected the drain 'serial', or all of "
           "k at once";
  if (accumulator.chunk != 0)
    for (const Tile& tile : schedule.tiles)
      if (tile.k && tile.k->first % accumulator.chunk != 0)
        return fmt::format("a part of k that begins at {}, inside a chunk; expected a multiple of {}",
                           tile.k->first, accumulator.chunk);
  return std::nullopt;
}

}  // namespace quatrain::rtl_models
