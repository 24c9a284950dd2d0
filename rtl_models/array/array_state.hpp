#pragma once
/// All registers of an output-stationary array as plain arrays, and what one clock edge makes of them.
/// A register row is padded to whole blocks of 32 columns; padding lanes stay zero. PE(i,j) works on what
/// stands on its inputs, which after the edge is what stands in its operand registers: so the operands move
/// first and the products are taken from where they arrive.

#include "rtl_models/array/ports.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace quatrain::rtl_models {

inline constexpr std::uint32_t lane_block = 32;

/// Registers of an array of `rows` x `columns` PEs.
struct ArrayState {
  std::uint32_t rows, columns, stride;
  std::vector<Link> left, right;           ///< [row][stride]: the operand registers
  std::vector<std::int32_t> accumulators;  ///< [row][stride]
  std::vector<std::uint16_t> drain;        ///< [column]: words that the column has still to send
  bool any_first = false;                  ///< some left register holds a first bit
  bool any_last = false;                   ///< some left register holds a last bit
  bool any_drain = false;                  ///< some column drains

  ArrayState(std::uint32_t row_count, std::uint32_t column_count)
      : rows(row_count),
        columns(column_count),
        stride((column_count + lane_block - 1) / lane_block * lane_block),
        left(std::size_t{rows} * stride),
        right(left.size()),
        accumulators(left.size()),
        drain(stride) {}
  void reset() { *this = ArrayState(rows, columns); }
};

/// Operands move one PE to the right and one PE down; the edges enter. The tile's last column passes `first`
/// and `last` no further.
[[gnu::always_inline]] inline void move_operands(const ArrayState& before, ArrayState& after,
                                                 const EdgeWord& left_edge, const EdgeWord& right_edge,
                                                 const TileControl& control) {
  const std::size_t size = before.left.size(), stride = before.stride, columns = before.columns;
  std::memcpy(after.left.data() + 1, before.left.data(), size - 1);
  for (std::uint32_t i = 0; i < before.rows; ++i) {
    if (columns < stride) after.left[i * stride + columns] = 0;
    if (control.columns < columns) after.left[i * stride + control.columns] &= code_bits | valid_bit;
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

/// A column starts to drain when the last operand has passed its PE at the tap, and sends `rows` words.
[[gnu::always_inline]] inline void count_drain(const ArrayState& before, ArrayState& after,
                                               const TileControl& control) {
  if (!after.any_last && !before.any_drain) {
    if (after.any_drain) std::fill(after.drain.begin(), after.drain.end(), std::uint16_t{0});
    after.any_drain = false;  // all counters are zero and stay so
    return;
  }
  const Link* tap = after.left.data() + std::size_t{control.rows - 1} * after.stride;
  std::uint32_t draining = 0;
  for (std::uint32_t j = 0; j < after.columns; ++j) {
    const unsigned left = before.drain[j];
    const bool starts = (tap[j] & last_bit) != 0 && j < control.columns;
    after.drain[j] = static_cast<std::uint16_t>(starts ? control.rows : left - (left != 0));
    draining |= after.drain[j];
  }
  after.any_drain = draining != 0;
}

/// Products of one block of 32 PEs, gated by both valid bits.
template <PeMode mode>
[[gnu::always_inline]] inline void block_products(const Link* left, const Link* right,
                                                  std::int16_t (&products)[lane_block]) {
  for (std::uint32_t j = 0; j < lane_block; ++j) {
    const auto enable = static_cast<std::int16_t>(-(((left[j] & right[j]) >> valid_at) & 1));
    const auto a = static_cast<std::int16_t>(left[j] & code_bits);
    const auto b = static_cast<std::int16_t>(right[j] & code_bits);
    products[j] = static_cast<std::int16_t>(product<mode>(a, b) & enable);
  }
}

/// Per lane all ones where a first bit restarts the accumulator, and where the column drains through this
/// row.
struct BlockControl {
  std::int16_t restarts[lane_block], drains[lane_block];
};

[[gnu::always_inline]] inline BlockControl block_control(const Link* left, const Link* right,
                                                         const std::uint16_t* drain, bool row_in_use) {
  BlockControl control;
  const int in_use = row_in_use ? -1 : 0;
  for (std::uint32_t j = 0; j < lane_block; ++j) {
    const auto left_bits = static_cast<std::int16_t>(left[j]),
               right_bits = static_cast<std::int16_t>(right[j]);
    control.restarts[j] =
        static_cast<std::int16_t>(-((left_bits >> first_at) & ((left_bits & right_bits) >> valid_at) & 1));
    control.drains[j] = static_cast<std::int16_t>((drain[j] != 0 ? -1 : 0) & in_use);
  }
  return control;
}

/// Accumulators of one row. `steady`: no first bit and no draining column anywhere.
template <PeMode mode, bool steady>
[[gnu::always_inline]] inline void accumulate_row(const ArrayState& before, ArrayState& after,
                                                  std::uint32_t row, const TileControl& control) {
  const std::size_t stride = before.stride;
  for (std::size_t j0 = 0; j0 < stride; j0 += lane_block) {
    const std::size_t at = row * stride + j0;
    const Link *left = after.left.data() + at, *right = after.right.data() + at;
    const std::int32_t* old = before.accumulators.data() + at;
    const std::int32_t* above = row == 0 ? old : old - stride;  // row 0 has no PE above: it keeps its word
    std::int32_t* out = after.accumulators.data() + at;
    std::int16_t products[lane_block];
    block_products<mode>(left, right, products);
    BlockControl lanes;
    if constexpr (!steady) lanes = block_control(left, right, before.drain.data() + j0, row < control.rows);
    for (std::uint32_t j = 0; j < lane_block; ++j) {
      std::int32_t kept = old[j];
      if constexpr (!steady) kept &= ~std::int32_t{lanes.restarts[j]};
      std::int32_t sum = kept + products[j];
      if constexpr (!steady)
        sum = (above[j] & std::int32_t{lanes.drains[j]}) | (sum & ~std::int32_t{lanes.drains[j]});
      out[j] = sum;
    }
  }
}

/// One clock edge.
[[gnu::always_inline]] inline void next_state(const ArrayState& before, ArrayState& after,
                                              const EdgeWord& left_edge, const EdgeWord& right_edge,
                                              const TileControl& control) {
  move_operands(before, after, left_edge, right_edge, control);
  count_drain(before, after, control);
  const bool steady = !after.any_first && !before.any_drain;
  with_mode(
      control.mode, [&]<PeMode mode>() __attribute__((always_inline)) {
        for (std::uint32_t i = 0; i < before.rows; ++i) {
          if (steady)
            accumulate_row<mode, true>(before, after, i, control);
          else
            accumulate_row<mode, false>(before, after, i, control);
        }
      });
}

}  // namespace quatrain::rtl_models
