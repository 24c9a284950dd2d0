#pragma once
/// All registers of an output-stationary array as plain arrays, and what one clock edge makes of them.
/// Operand registers hold the codes of the trace; what the kind of PE makes of them follows from the code.
/// A register row is padded to whole blocks of lanes; padding lanes stay zero. PE(i,j) works on what
/// stands on its inputs, which after the edge is what stands in its operand registers: so the operands move
/// first and the products are taken from where they arrive.

#include "rtl_models/array/dataflow.hpp"
#include "rtl_models/array/ports.hpp"
#include "rtl_models/array/toggles.hpp"
#include "rtl_models/pe/control.hpp"
#include "rtl_models/pe/dual_int4_fp4.hpp"
#include "rtl_models/pe/sum_unit.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace quatrain::rtl_models {

/// Rows from .. end - 1.
struct RowRange {
  std::uint32_t from = 0, end = 0;
  bool has(std::uint32_t row) const { return row >= from && row < end; }
};

/// The rows of both, and those between.
constexpr RowRange both(const RowRange& a, const RowRange& b) {
  if (a.from == a.end) return b;
  if (b.from == b.end) return a;
  return {std::min(a.from, b.from), std::max(a.end, b.end)};
}

/// Registers of an array of `rows` x `columns` PEs.
struct ArrayState {
  std::uint32_t rows, columns, stride;
  std::vector<Link> left, right;           ///< [row][stride]: the operand registers
  std::vector<std::int32_t> accumulators;  ///< [row][stride]
  std::vector<std::int32_t> parts;         ///< [row][stride]: of chunks; written only where sums have them
  std::vector<std::int32_t> shadows;       ///< [row][stride] with Drain::shadow, else empty
  std::vector<std::int16_t> drain;         ///< [column]: words that the column has still to send
  std::vector<std::int16_t> tap;           ///< [column]: the row whose word leaves, while the column drains
  bool any_first = false;                  ///< some left register holds a first bit
  bool any_last = false;                   ///< some left register holds a last bit
  bool any_drain = false;                  ///< some column drains
  bool shadows_moved = false;              ///< the last edge may have changed them

  // Where nothing can happen, to save its time.
  std::vector<std::uint16_t> left_edges;  ///< [row]: edges until its left registers are empty
  std::vector<std::uint8_t> right_full;   ///< [row]: its right registers may hold something
  RowRange live{0, rows};                 ///< no operand stands in other rows
  RowRange summed{0, rows};               ///< accumulators of other rows are as before the last edge

  ArrayState(std::uint32_t row_count, std::uint32_t column_count, Drain kind = Drain::serial)
      : rows(row_count),
        columns(column_count),
        stride((column_count + lane_block - 1) / lane_block * lane_block),
        left(std::size_t{rows} * stride),
        right(left.size()),
        accumulators(left.size()),
        parts(left.size()),
        shadows(kind == Drain::shadow ? left.size() : 0),
        drain(stride),
        tap(stride),
        left_edges(rows),
        right_full(rows) {}
  bool has_shadows() const { return !shadows.empty(); }
  void reset() { *this = ArrayState(rows, columns, has_shadows() ? Drain::shadow : Drain::serial); }
  /// Words leave through these.
  const std::vector<std::int32_t>& chain() const { return has_shadows() ? shadows : accumulators; }
};

/// The rows in which operands stand after an edge: they leave a row to the right, one column per edge, and
/// move down row by row.
[[gnu::always_inline]] inline void move_live_rows(const ArrayState& before, ArrayState& after,
                                                  const EdgeWord& left_edge, const EdgeWord& right_edge) {
  Link enters = 0;
  for (std::uint32_t j = 0; j < before.columns; ++j) enters = static_cast<Link>(enters | right_edge.words[j]);
  const std::uint32_t rows = before.rows;
  const auto columns = static_cast<std::uint16_t>(before.columns);
  const std::uint16_t* __restrict left = before.left_edges.data();
  std::uint16_t* __restrict next_left = after.left_edges.data();
  for (std::uint32_t i = 0; i < rows; ++i) {
    const auto fewer = static_cast<std::uint16_t>(left[i] - (left[i] != 0));
    next_left[i] = left_edge.words[i] != 0 ? columns : fewer;
  }
  std::memcpy(after.right_full.data() + 1, before.right_full.data(), rows - 1);
  after.right_full[0] = enters != 0;
  const auto is_empty = [&](std::uint32_t i) { return after.left_edges[i] == 0 && after.right_full[i] == 0; };
  std::uint32_t from = 0, end = rows;
  while (from < end && is_empty(from)) ++from;
  while (end > from && is_empty(end - 1)) --end;
  after.live = {from, end};
}

/// Operands move one PE to the right and one PE down; the edges enter.
[[gnu::always_inline]] inline void move_operands(const ArrayState& before, ArrayState& after,
                                                 const EdgeWord& left_edge, const EdgeWord& right_edge) {
  const std::size_t size = before.left.size(), stride = before.stride, columns = before.columns;
  std::memcpy(after.left.data() + 1, before.left.data(), size - 1);
  for (std::uint32_t i = 0; i < before.rows; ++i) {
    if (columns < stride) after.left[i * stride + columns] = 0;
    after.left[i * stride] = left_edge.words[i];
  }
  std::memcpy(after.right.data() + stride, before.right.data(), size - stride);
  std::memcpy(after.right.data(), right_edge.words.data(), columns);
  const Link* links = after.left.data();
  Link bits = 0;
  for (std::size_t lane = 0; lane < size; ++lane) bits = static_cast<Link>(bits | links[lane]);
  after.any_first = (bits & first_bit) != 0;
  after.any_last = (bits & last_bit) != 0;
}

/// The columns in which the last operands of a tile's bottom row meet in row i.
[[gnu::always_inline]] inline void start_drains(ArrayState& after, std::uint32_t row) {
  static_assert(bottom_at == last_at + 1);
  const std::size_t at = std::size_t{row} * after.stride;
  const Link *left = after.left.data() + at, *right = after.right.data() + at;
  Link both = 0;
  for (std::uint32_t j = 0; j < after.stride; ++j)
    both = static_cast<Link>(both | (left[j] & (left[j] << 1)));
  if ((both & bottom_bit) == 0) return;
  constexpr Link leaves = valid_bit | last_bit | bottom_bit;
  for (std::uint32_t j = 0; j < after.stride; ++j) {
    const bool starts = (left[j] & leaves) == leaves && (right[j] & valid_bit) != 0;
    after.drain[j] = starts ? static_cast<std::int16_t>(row + 1) : after.drain[j];
    after.tap[j] = starts ? static_cast<std::int16_t>(row) : after.tap[j];
  }
}

/// Each column sends a word per edge until it has none left. It starts when its words are complete.
[[gnu::always_inline]] inline void count_drain(const ArrayState& before, ArrayState& after) {
  if (!after.any_last && !before.any_drain) {
    if (after.any_drain) std::fill(after.drain.begin(), after.drain.end(), std::int16_t{0});
    after.any_drain = false;  // all counters are zero and stay so
    return;
  }
  for (std::uint32_t j = 0; j < after.stride; ++j) {
    after.drain[j] = static_cast<std::int16_t>(before.drain[j] - (before.drain[j] != 0));
    after.tap[j] = before.tap[j];
  }
  if (after.any_last)
    for (std::uint32_t i = after.live.from; i < after.live.end; ++i) start_drains(after, i);
  std::int16_t draining = 0;
  for (const std::int16_t words : after.drain) draining = static_cast<std::int16_t>(draining | words);
  after.any_drain = draining != 0;
}

/// The product of one PE, gated by both valid bits.
template <typename Kind, PeMode mode>
[[gnu::always_inline]] inline std::int16_t gated_product(Link left, Link right) {
  const auto enable = static_cast<std::int16_t>(-(((left & right) >> valid_at) & 1));
  const auto a = Kind::template operand<left_encoding(mode)>(static_cast<std::int16_t>(left & code_bits));
  const auto b = Kind::template operand<right_encoding(mode)>(static_cast<std::int16_t>(right & code_bits));
  return static_cast<std::int16_t>(Kind::template product<mode>(a, b) & enable);
}

/// What an accumulator keeps of its sum: nothing where a first bit restarts it.
[[gnu::always_inline]] inline std::int32_t kept_sum(std::int32_t sum, Link left, Link right) {
  const int restarts = (left >> first_at) & ((left & right) >> valid_at) & 1;
  return sum & (restarts - 1);
}

[[gnu::always_inline]] inline std::int32_t added(std::int32_t sum, std::int16_t product) {
  return sum + product;
}

/// Per lane all ones where the row takes the word above it: row tap first, for as many edges as there are
/// rows above it in the tile, and each row above for one edge less.
[[gnu::always_inline]] inline void block_drains(const std::int16_t* words, const std::int16_t* tap,
                                                std::int16_t row, std::int16_t (&drains)[lane_block]) {
  for (std::uint32_t j = 0; j < lane_block; ++j) {
    const bool takes = row <= tap[j] && row + words[j] >= tap[j] + 2;
    drains[j] = takes ? std::int16_t{-1} : std::int16_t{0};
  }
}

/// Accumulators of rows that take no product: copies, where `after` does not have them from the edge before.
[[gnu::always_inline]] inline void keep_accumulators(const ArrayState& before, ArrayState& after,
                                                     const RowRange& rows) {
  for (std::uint32_t i = std::max(rows.from, before.summed.from); i < std::min(rows.end, before.summed.end);
       ++i)
    std::memcpy(after.accumulators.data() + std::size_t{i} * before.stride,
                before.accumulators.data() + std::size_t{i} * before.stride,
                before.stride * sizeof(std::int32_t));
}

/// Accumulators while no column drains through them, all live rows in one run. `restarts`: some may.
/// `narrow`: they have fewer than 32 bits.
template <typename Kind, PeMode mode, bool restarts, bool narrow>
[[gnu::always_inline]] inline void accumulate_all(const ArrayState& before, ArrayState& after,
                                                  const SumLimits& limits) {
  const std::size_t first = std::size_t{after.live.from} * before.stride;
  const Link* __restrict left = after.left.data() + first, * __restrict right = after.right.data() + first;
  const std::int32_t* __restrict old = before.accumulators.data() + first;
  std::int32_t* __restrict out = after.accumulators.data() + first;
  const std::size_t size =
      std::size_t{after.live.end - after.live.from} * before.stride / lane_block * lane_block;
  for (std::size_t lane = 0; lane < size; ++lane) {
    const std::int32_t kept = restarts ? kept_sum(old[lane], left[lane], right[lane]) : old[lane];
    const std::int32_t sum = added(kept, gated_product<Kind, mode>(left[lane], right[lane]));
    out[lane] = narrow ? limits.keep(sum) : sum;
  }
}

/// Accumulators of a row in which no operands stand, while some columns drain through them.
[[gnu::always_inline]] inline void drain_row(const ArrayState& before, ArrayState& after, std::uint32_t row) {
  const std::size_t stride = before.stride;
  for (std::size_t j0 = 0; j0 < stride; j0 += lane_block) {
    const std::size_t at = row * stride + j0;
    const std::int32_t* old = before.accumulators.data() + at;
    const std::int32_t* above = row == 0 ? old : old - stride;
    std::int32_t* out = after.accumulators.data() + at;
    std::int16_t drains[lane_block];
    block_drains(before.drain.data() + j0, before.tap.data() + j0, static_cast<std::int16_t>(row), drains);
    for (std::uint32_t j = 0; j < lane_block; ++j)
      out[j] = (above[j] & std::int32_t{drains[j]}) | (old[j] & ~std::int32_t{drains[j]});
  }
}

/// Accumulators of one row while some columns drain through them.
template <typename Kind, PeMode mode, bool narrow>
[[gnu::always_inline]] inline void accumulate_row(const ArrayState& before, ArrayState& after,
                                                  std::uint32_t row, const SumLimits& limits) {
  const std::size_t stride = before.stride;
  for (std::size_t j0 = 0; j0 < stride; j0 += lane_block) {
    const std::size_t at = row * stride + j0;
    const Link *left = after.left.data() + at, *right = after.right.data() + at;
    const std::int32_t* old = before.accumulators.data() + at;
    const std::int32_t* above = row == 0 ? old : old - stride;  // row 0 has no PE above and takes none
    std::int32_t* out = after.accumulators.data() + at;
    std::int16_t drains[lane_block];
    block_drains(before.drain.data() + j0, before.tap.data() + j0, static_cast<std::int16_t>(row), drains);
    for (std::uint32_t j = 0; j < lane_block; ++j) {
      std::int32_t sum =
          added(kept_sum(old[j], left[j], right[j]), gated_product<Kind, mode>(left[j], right[j]));
      if constexpr (narrow) sum = limits.keep(sum);
      out[j] = (above[j] & std::int32_t{drains[j]}) | (sum & ~std::int32_t{drains[j]});
    }
  }
}

/// Accumulators that round or have chunks, one PE after the other.
template <typename Kind, PeMode mode>
inline void accumulate_each(const ArrayState& before, ArrayState& after, const SumUnit& unit) {
  const std::size_t stride = before.stride;
  const bool is_chain = before.any_drain && !before.has_shadows();
  for (std::uint32_t i = 0; i < before.rows; ++i)
    for (std::size_t j0 = 0; j0 < stride; j0 += lane_block) {
      std::int16_t drains[lane_block] = {};
      if (is_chain)
        block_drains(before.drain.data() + j0, before.tap.data() + j0, static_cast<std::int16_t>(i), drains);
      for (std::size_t at = i * stride + j0, j = 0; j < lane_block; ++at, ++j) {
        const Link left = after.left[at], right = after.right[at];
        PeSums now{before.accumulators[at], before.parts[at]};
        if ((left & right & valid_bit) != 0) {
          if ((left & first_bit) != 0) now = {};
          now = unit.add(now, gated_product<Kind, mode>(left, right), (right & closes_bit) != 0);
        }
        after.parts[at] = now.part;
        after.accumulators[at] = drains[j] != 0 ? before.accumulators[at - stride] : now.sum;
      }
    }
}

/// Shadow registers of one row: the accumulator's new value where `last` passes, else the chain.
[[gnu::always_inline]] inline void move_shadow_row(const ArrayState& before, ArrayState& after,
                                                   std::uint32_t row) {
  const std::size_t stride = before.stride;
  for (std::size_t j0 = 0; j0 < stride; j0 += lane_block) {
    const std::size_t at = row * stride + j0;
    const Link *left = after.left.data() + at, *right = after.right.data() + at;
    const std::int32_t* old = before.shadows.data() + at;
    const std::int32_t* above = row == 0 ? old : old - stride;
    const std::int32_t* sum = after.accumulators.data() + at;
    std::int16_t drains[lane_block];
    block_drains(before.drain.data() + j0, before.tap.data() + j0, static_cast<std::int16_t>(row), drains);
    for (std::uint32_t j = 0; j < lane_block; ++j) {
      const std::int32_t takes = -((left[j] >> last_at) & ((left[j] & right[j]) >> valid_at) & 1);
      const std::int32_t kept = (above[j] & std::int32_t{drains[j]}) | (old[j] & ~std::int32_t{drains[j]});
      after.shadows[at + j] = (sum[j] & takes) | (kept & ~takes);
    }
  }
}

[[gnu::always_inline]] inline void move_shadows(const ArrayState& before, ArrayState& after) {
  after.shadows_moved = after.any_last || before.any_drain;
  if (after.shadows_moved)
    for (std::uint32_t i = 0; i < before.rows; ++i) move_shadow_row(before, after, i);
  else if (before.shadows_moved)  // else `after` has them from the edge before
    std::copy(before.shadows.begin(), before.shadows.end(), after.shadows.begin());
}

/// One clock edge.
template <typename Kind = DualInt4Fp4>
[[gnu::always_inline]] inline void next_state(const ArrayState& before, ArrayState& after,
                                              const EdgeWord& left_edge, const EdgeWord& right_edge,
                                              const PeControl& control) {
  move_operands(before, after, left_edge, right_edge);
  move_live_rows(before, after, left_edge, right_edge);
  count_drain(before, after);
  const bool drains = before.any_drain && !before.has_shadows();
  after.summed = drains ? RowRange{0, before.rows} : after.live;
  if (drains) {
    for (std::uint32_t i = 0; i < before.rows; ++i)
      if (!after.live.has(i)) drain_row(before, after, i);
  } else {
    keep_accumulators(before, after, {0, after.live.from});
    keep_accumulators(before, after, {after.live.end, before.rows});
  }
  const SumLimits limits(control.accumulator);
  const auto accumulate = [&]<PeMode mode, bool narrow>() __attribute__((always_inline)) {
    if (drains)
      for (std::uint32_t i = after.live.from; i < after.live.end; ++i)
        accumulate_row<Kind, mode, narrow>(before, after, i, limits);
    else if (after.any_first)
      accumulate_all<Kind, mode, true, narrow>(before, after, limits);
    else
      accumulate_all<Kind, mode, false, narrow>(before, after, limits);
  };
  with_mode<Kind>(
      control.mode, [&]<PeMode mode>() __attribute__((always_inline)) {
        if (control.accumulator.is_float() || control.accumulator.chunk != 0)
          accumulate_each<Kind, mode>(before, after, SumUnit(control.accumulator));
        else if (control.accumulator.is_narrow())
          accumulate.template operator()<mode, true>();
        else
          accumulate.template operator()<mode, false>();
      });
  if (before.has_shadows()) move_shadows(before, after);
}

}  // namespace quatrain::rtl_models
