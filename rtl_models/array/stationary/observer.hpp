#pragma once
/// Counts the activity of one clock edge of a stationary array from the registers before and after it.

#include "rtl_models/array/activity.hpp"
#include "rtl_models/array/stationary/state.hpp"

namespace quatrain::rtl_models {

/// Bits of operands that changed in rows first .. end - 1 of the block of columns at j0: few rows.
template <typename Kind, traces::Encoding encoding>
[[gnu::always_inline]] inline std::uint64_t row_toggles(const StationaryState& state,
                                                        const std::vector<Link>& before,
                                                        const std::vector<Link>& after, std::uint32_t first,
                                                        std::uint32_t end, std::size_t j0) {
  std::uint8_t lanes[lane_block] = {};
  for (std::uint32_t i = first; i < end; ++i) {
    const std::size_t at = std::size_t{i} * state.stride + j0;
    for (std::uint32_t j = 0; j < lane_block; ++j)
      lanes[j] =
          static_cast<std::uint8_t>(lanes[j] + link_toggles<Kind, encoding>(before[at + j], after[at + j]));
  }
  return lane_sum(lanes);
}

/// Products of the edge, in rows first .. end - 1.
template <PeMode mode>
[[gnu::always_inline]] inline void observe_products(const StationaryState& before,
                                                    const StationaryState& after, std::uint32_t first,
                                                    std::uint32_t end, std::size_t j0, Activity& activity) {
  std::uint8_t macs[lane_block] = {}, zeros[lane_block] = {};
  constexpr auto left_mask = static_cast<Link>(code_zero_mask(left_encoding(mode))),
                 right_mask = static_cast<Link>(code_zero_mask(right_encoding(mode)));
  const Link moving_mask = before.which == Held::left ? right_mask : left_mask,
             fixed_mask = before.which == Held::left ? left_mask : right_mask;
  for (std::uint32_t i = first; i < end; ++i) {
    const std::size_t at = std::size_t{i} * before.stride + j0;
    const Link* moving = after.moving.data() + at;
    const Link* chain = before.chain.data() + at;
    const Link* kept = before.preload == Preload::hidden ? before.held.data() + at : chain;
    for (std::uint32_t j = 0; j < lane_block; ++j) {
      const auto from_chain = static_cast<Link>(-((moving[j] >> first_at) & 1));
      const auto fixed = static_cast<Link>((chain[j] & from_chain) | (kept[j] & ~from_chain));
      const auto mac = static_cast<std::uint8_t>(((moving[j] & fixed) >> valid_at) & 1);
      const auto full =
          static_cast<std::uint8_t>(any_bit(static_cast<std::uint8_t>(moving[j] & moving_mask)) &
                                    any_bit(static_cast<std::uint8_t>(fixed & fixed_mask)));
      macs[j] = static_cast<std::uint8_t>(macs[j] + mac);
      zeros[j] = static_cast<std::uint8_t>(zeros[j] + (mac & ~full));
    }
  }
  activity.macs += lane_sum(macs);
  activity.zero_operand_macs += lane_sum(zeros);
}

/// Operands and products of one edge, with the left operand held or the right one.
template <typename Kind, PeMode mode, Held which>
[[gnu::always_inline]] inline void observe_operands(const StationaryState& before,
                                                    const StationaryState& after, Activity& activity) {
  constexpr traces::Encoding of_left = left_encoding(mode), of_right = right_encoding(mode);
  constexpr traces::Encoding of_moving = which == Held::left ? of_right : of_left,
                             of_held = which == Held::left ? of_left : of_right;
  constexpr std::uint32_t rows_at_once = rows_in_a_byte<Kind>;
  std::uint64_t moving = 0, held = 0;
  for (std::uint32_t first = 0; first < before.rows; first += rows_at_once) {
    const std::uint32_t end = first + rows_at_once < before.rows ? first + rows_at_once : before.rows;
    for (std::size_t j0 = 0; j0 < before.stride; j0 += lane_block) {
      observe_products<mode>(before, after, first, end, j0, activity);
      moving += row_toggles<Kind, of_moving>(before, before.moving, after.moving, first, end, j0);
      if (after.chain_moved)
        held += row_toggles<Kind, of_held>(before, before.chain, after.chain, first, end, j0);
      if (after.held_moved)
        held += row_toggles<Kind, of_held>(before, before.held, after.held, first, end, j0);
    }
  }
  activity.left_toggles += which == Held::left ? held : moving;
  activity.right_toggles += which == Held::left ? moving : held;
}

/// Padding lanes are zero before and after, so they count nothing.
template <typename Kind, SimdPath path>
[[gnu::always_inline]] inline void observe_edge(const StationaryState& before, const StationaryState& after,
                                                PeMode pe_mode, Activity& activity) {
  with_mode<Kind>(
      pe_mode, [&]<PeMode mode>() __attribute__((always_inline)) {
        switch (before.which) {
          case Held::left:
            return observe_operands<Kind, mode, Held::left>(before, after, activity);
          case Held::right:
            return observe_operands<Kind, mode, Held::right>(before, after, activity);
        }
      });
  std::uint32_t lanes[lane_block] = {};  // at most 32 bits per row: no overflow
  for (std::size_t at = 0; at < before.sums.size(); at += lane_block)
    for (std::uint32_t j = 0; j < lane_block; ++j)
      lanes[j] += word_bits<path>(static_cast<std::uint32_t>(before.sums[at + j] ^ after.sums[at + j]));
  for (const std::uint32_t lane : lanes) activity.accumulator_toggles += lane;
}

/// Bits that change at this edge in the last column of moving registers.
template <typename Kind>
std::uint64_t last_moving_toggles(const StationaryState& before, const StationaryState& after,
                                  PeMode pe_mode) {
  std::uint64_t toggles = 0;
  with_mode<Kind>(pe_mode, [&]<PeMode mode>() {
    for (std::size_t at = before.columns - 1; at < before.moving.size(); at += before.stride)
      toggles += before.which == Held::left
                     ? link_toggles<Kind, right_encoding(mode)>(before.moving[at], after.moving[at])
                     : link_toggles<Kind, left_encoding(mode)>(before.moving[at], after.moving[at]);
  });
  return toggles;
}

}  // namespace quatrain::rtl_models
