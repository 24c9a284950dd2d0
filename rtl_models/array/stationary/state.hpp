#pragma once
/// All registers of a weight- or input-stationary array as plain arrays, and what one clock edge makes of
/// them. A register row is padded to whole blocks of 32 columns; padding lanes stay zero.

#include "rtl_models/array/dataflow.hpp"
#include "rtl_models/array/ports.hpp"
#include "rtl_models/array/toggles.hpp"
#include "rtl_models/pe/dual_int4_fp4.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace quatrain::rtl_models {

/// Registers of an array of `rows` x `columns` PEs.
struct StationaryState {
  std::uint32_t rows, columns, stride;
  Preload preload;
  Held which;
  std::vector<Link> moving, chain;  ///< [row][stride]
  std::vector<Link> held;           ///< [row][stride] with Preload::hidden, else empty: the chain holds
  std::vector<Link> took;          ///< [row][stride]: all ones where a word came at the last edge and goes on
  std::vector<std::int32_t> sums;  ///< [row][stride]
  bool any_first = false;          ///< some moving register holds a first bit
  bool any_took = false;
  bool chain_moved = false, held_moved = false;  ///< the last edge may have changed them

  StationaryState(ArrayShape shape, Preload how, Held what)
      : rows(shape.rows),
        columns(shape.columns),
        stride((shape.columns + lane_block - 1) / lane_block * lane_block),
        preload(how),
        which(what),
        moving(std::size_t{rows} * stride),
        chain(moving.size()),
        held(how == Preload::hidden ? moving.size() : 0),
        took(moving.size()),
        sums(moving.size()) {}
  void reset() { *this = StationaryState({rows, columns}, preload, which); }
};

/// Operands of the left edge move one PE to the right.
[[gnu::always_inline]] inline void move_stream(const StationaryState& before, StationaryState& after,
                                               const EdgeWord& left_edge) {
  const std::size_t size = before.moving.size(), stride = before.stride;
  std::memcpy(after.moving.data() + 1, before.moving.data(), size - 1);
  for (std::uint32_t i = 0; i < before.rows; ++i) {
    if (before.columns < stride) after.moving[i * stride + before.columns] = 0;
    after.moving[i * stride] = left_edge.words[i];
  }
  Link bits = 0;
  for (std::size_t lane = 0; lane < size; ++lane) bits = static_cast<Link>(bits | after.moving[lane]);
  after.any_first = (bits & first_bit) != 0;
}

/// One row of the chain takes the words above it, or keeps its own.
[[gnu::always_inline]] inline void move_chain_row(const StationaryState& before, StationaryState& after,
                                                  const EdgeWord& top_edge, std::uint32_t row) {
  const std::size_t at = std::size_t{row} * before.stride;
  const Link* top = top_edge.words.data();
  const Link* above = row == 0 ? top : before.chain.data() + at - before.stride;
  const Link* above_took = row == 0 ? top : before.took.data() + at - before.stride;
  const Link* old = before.chain.data() + at;
  const int takes_at = row == 0 ? load_at : 0;  // the top says so in a bit, a register in all of them
  for (std::uint32_t j = 0; j < before.stride; ++j) {
    const auto takes = static_cast<Link>(-((above_took[j] >> takes_at) & 1));
    const auto goes_on = static_cast<Link>(((top[j] >> last_at) & 1) - 1);
    after.chain[at + j] = static_cast<Link>((above[j] & (code_bits | valid_bit) & takes) | (old[j] & ~takes));
    after.took[at + j] = static_cast<Link>(takes & goes_on);
  }
}

[[gnu::always_inline]] inline void move_chain(const StationaryState& before, StationaryState& after,
                                              const EdgeWord& top_edge) {
  Link enters = 0;
  for (std::uint32_t j = 0; j < before.columns; ++j) enters = static_cast<Link>(enters | top_edge.words[j]);
  after.chain_moved = before.any_took || (enters & load_bit) != 0;
  after.any_took = false;
  if (after.chain_moved) {
    for (std::uint32_t i = 0; i < before.rows; ++i) move_chain_row(before, after, top_edge, i);
    after.any_took = std::ranges::any_of(after.took, [](Link took) { return took != 0; });
  } else if (before.chain_moved) {  // else `after` has it from the edge before
    std::ranges::copy(before.chain, after.chain.begin());
    std::ranges::fill(after.took, Link{0});
  }
}

/// Where a first operand passes, the PE takes over what the chain has brought.
[[gnu::always_inline]] inline void take_over(const StationaryState& before, StationaryState& after) {
  if (before.preload == Preload::exposed) return;
  after.held_moved = after.any_first;
  if (after.any_first) {
    for (std::size_t lane = 0; lane < before.held.size(); ++lane) {
      const auto takes = static_cast<Link>(-((after.moving[lane] >> first_at) & 1));
      after.held[lane] = static_cast<Link>((before.chain[lane] & takes) | (before.held[lane] & ~takes));
    }
  } else if (before.held_moved) {
    std::ranges::copy(before.held, after.held.begin());
  }
}

/// What one block of 32 PEs multiplies: which operand each holds for what moves past, and the product, gated
/// by both valid bits.
struct StationaryBlock {
  Link fixed[lane_block];
  std::int16_t products[lane_block], adds[lane_block];
};

template <typename Kind, PeMode mode>
[[gnu::always_inline]] inline StationaryBlock multiply_block(const StationaryState& state, const Link* moving,
                                                             std::size_t at) {
  StationaryBlock block;
  const Link* chain = state.chain.data() + at;
  const Link* kept = state.preload == Preload::hidden ? state.held.data() + at : chain;
  for (std::uint32_t j = 0; j < lane_block; ++j) {
    const auto from_chain = static_cast<Link>(-((moving[j] >> first_at) & 1));
    block.fixed[j] = static_cast<Link>((chain[j] & from_chain) | (kept[j] & ~from_chain));
  }
  const Link* left = state.which == Held::left ? block.fixed : moving;
  const Link* right = state.which == Held::left ? moving : block.fixed;
  for (std::uint32_t j = 0; j < lane_block; ++j) {
    const auto a =
        Kind::template operand<left_encoding(mode)>(static_cast<std::int16_t>(left[j] & code_bits));
    const auto b =
        Kind::template operand<right_encoding(mode)>(static_cast<std::int16_t>(right[j] & code_bits));
    block.adds[j] = static_cast<std::int16_t>(-(((left[j] & right[j]) >> valid_at) & 1));
    block.products[j] = Kind::template product<mode>(a, b);
  }
  return block;
}

/// The sums above a row, those of row 0 are zero.
[[gnu::always_inline]] inline std::int32_t sum_above(const StationaryState& state, std::size_t lane) {
  return lane < state.stride ? 0 : state.sums[lane - state.stride];
}

template <typename Kind, PeMode mode>
[[gnu::always_inline]] inline void add_row(const StationaryState& before, StationaryState& after,
                                           std::uint32_t row) {
  for (std::size_t j0 = 0; j0 < before.stride; j0 += lane_block) {
    const std::size_t at = std::size_t{row} * before.stride + j0;
    const StationaryBlock block = multiply_block<Kind, mode>(before, after.moving.data() + at, at);
    const std::int32_t* old = before.sums.data() + at;
    const std::int32_t* above = row == 0 ? old : old - before.stride;
    const std::int32_t has_above = row == 0 ? 0 : -1;
    for (std::uint32_t j = 0; j < lane_block; ++j) {
      const std::int32_t sum = (above[j] & has_above) + block.products[j], adds = block.adds[j];
      after.sums[at + j] = (sum & adds) | (old[j] & ~adds);
    }
  }
}

/// One clock edge.
template <typename Kind = DualInt4Fp4>
[[gnu::always_inline]] inline void next_state(const StationaryState& before, StationaryState& after,
                                              const EdgeWord& left_edge, const EdgeWord& top_edge,
                                              PeMode pe_mode) {
  move_stream(before, after, left_edge);
  with_mode<Kind>(
      pe_mode, [&]<PeMode mode>() __attribute__((always_inline)) {
        for (std::uint32_t i = 0; i < before.rows; ++i) add_row<Kind, mode>(before, after, i);
      });
  take_over(before, after);
  move_chain(before, after, top_edge);
}

}  // namespace quatrain::rtl_models
