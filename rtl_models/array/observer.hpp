#pragma once
/// Counts the activity of one clock edge from the registers before and after it (docs/hardware-model.md has
/// the definitions). It only looks: nothing in the datapath knows of it.

#include "rtl_models/array/activity.hpp"
#include "rtl_models/array/array_state.hpp"
#include "rtl_models/array/toggles.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace quatrain::rtl_models {

/// Counts of so many lanes of a few rows: they fit bytes.
template <std::uint32_t lanes>
struct ByteLaneCounts {
  std::uint8_t macs[lanes] = {}, zeros[lanes] = {}, left[lanes] = {}, right[lanes] = {};
};

/// Operand registers and products of `blocks` blocks of lanes from `first` on, no matter in which rows.
template <typename Kind, PeMode mode, std::uint32_t lanes>
[[gnu::always_inline]] inline void observe_operands(const ArrayState& before, const ArrayState& after,
                                                    std::size_t first, std::size_t blocks,
                                                    Activity& activity) {
  ByteLaneCounts<lanes> counts;
  constexpr auto left_mask = static_cast<Link>(code_zero_mask(left_encoding(mode))),
                 right_mask = static_cast<Link>(code_zero_mask(right_encoding(mode)));
  for (std::size_t at = first; at < first + blocks * lanes; at += lanes) {
    const Link *left = after.left.data() + at, *right = after.right.data() + at;
    const Link *old_left = before.left.data() + at, *old_right = before.right.data() + at;
    for (std::uint32_t j = 0; j < lanes; ++j) {
      const auto mac = static_cast<std::uint8_t>(((left[j] & right[j]) >> valid_at) & 1);
      const auto full = static_cast<std::uint8_t>(any_bit(static_cast<std::uint8_t>(left[j] & left_mask)) &
                                                  any_bit(static_cast<std::uint8_t>(right[j] & right_mask)));
      counts.macs[j] = static_cast<std::uint8_t>(counts.macs[j] + mac);
      counts.zeros[j] = static_cast<std::uint8_t>(counts.zeros[j] + (mac & ~full));
      counts.left[j] = static_cast<std::uint8_t>(
          counts.left[j] + link_toggles<Kind, left_encoding(mode)>(old_left[j], left[j]));
      counts.right[j] = static_cast<std::uint8_t>(
          counts.right[j] + link_toggles<Kind, right_encoding(mode)>(old_right[j], right[j]));
    }
  }
  activity.macs += lane_sum(counts.macs);
  activity.zero_operand_macs += lane_sum(counts.zeros);
  activity.left_toggles += lane_sum(counts.left);
  activity.right_toggles += lane_sum(counts.right);
}

/// The same of `size` lanes whose operands are codes, eight at a time, for instructions that count the bits
/// of words.
template <PeMode mode>
[[gnu::always_inline]] inline void observe_words(const ArrayState& before, const ArrayState& after,
                                                 std::size_t first, std::size_t size, Activity& activity) {
  constexpr std::uint64_t every_lane = 0x0101010101010101;
  constexpr std::uint64_t codes = every_lane * code_bits, valid = every_lane * valid_bit,
                          left_mask = every_lane * code_zero_mask(left_encoding(mode)),
                          right_mask = every_lane * code_zero_mask(right_encoding(mode));
  static_assert(valid_at == 4, "the carry out of a code has the place of its valid bit");
  const auto word = [](const Link* lanes) {
    std::uint64_t bits;
    std::memcpy(&bits, lanes, sizeof bits);
    return bits;
  };
  const auto count = [](std::uint64_t bits) {
    return static_cast<std::uint64_t>(__builtin_popcountll(bits));
  };
  const Link *new_left = after.left.data() + first, *new_right = after.right.data() + first,
             *old_left = before.left.data() + first, *old_right = before.right.data() + first;
  std::uint64_t macs = 0, zeros = 0, left_toggles = 0, right_toggles = 0;
  for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
    const std::uint64_t left = word(new_left + at), right = word(new_right + at);
    const std::uint64_t mac = left & right & valid;
    const std::uint64_t full = ((left & left_mask) + codes) & ((right & right_mask) + codes);
    macs += count(mac);
    zeros += count(mac & ~full);
    left_toggles += count((word(old_left + at) ^ left) & codes);
    right_toggles += count((word(old_right + at) ^ right) & codes);
  }
  activity.macs += macs;
  activity.zero_operand_macs += zeros;
  activity.left_toggles += left_toggles;
  activity.right_toggles += right_toggles;
}

/// One clock edge. Padding lanes are zero before and after, so they count nothing. Neither do rows in which
/// no operand stood or stands.
template <typename Kind = DualInt4Fp4, SimdPath path = SimdPath::portable>
[[gnu::always_inline]] inline void observe_edge(const ArrayState& before, const ArrayState& after,
                                                const PeControl& control, Activity& activity) {
  constexpr std::uint32_t wide = 2 * lane_block;
  constexpr std::size_t blocks_at_once = rows_in_a_byte<Kind>;
  const RowRange rows = both(before.live, after.live);
  const std::size_t first = std::size_t{rows.from} * before.stride,
                    size = std::size_t{rows.end - rows.from} * before.stride, blocks = size / wide;
  with_mode<Kind>(
      control.mode, [&]<PeMode mode>() __attribute__((always_inline)) {
        if constexpr (path == SimdPath::avx512 && std::is_base_of_v<FourBitOperands, Kind>) {
          observe_words<mode>(before, after, first, size, activity);
        } else {
          for (std::size_t block = 0; block < blocks; block += blocks_at_once)
            observe_operands<Kind, mode, wide>(
                before, after, first + block * wide,
                block + blocks_at_once < blocks ? blocks_at_once : blocks - block, activity);
          if (blocks * wide < size)
            observe_operands<Kind, mode, lane_block>(before, after, first + blocks * wide, 1, activity);
        }
      });
  const std::uint32_t mask = sum_mask(control.accumulator);
  std::uint32_t lanes[lane_block] = {};  // at most 96 bits per row: no overflow
  const std::size_t first_sum = std::size_t{after.summed.from} * before.stride,
                    end_sum = std::size_t{after.summed.end} * before.stride;
  for (std::size_t at = first_sum; at < end_sum; at += lane_block)
    for (std::uint32_t j = 0; j < lane_block; ++j)
      lanes[j] += word_bits<path>(
          static_cast<std::uint32_t>(before.accumulators[at + j] ^ after.accumulators[at + j]) & mask);
  if (control.accumulator.chunk != 0)
    for (std::size_t at = 0; at < before.parts.size(); at += lane_block)
      for (std::uint32_t j = 0; j < lane_block; ++j)
        lanes[j] += word_bits<path>(static_cast<std::uint32_t>(before.parts[at + j] ^ after.parts[at + j]) &
                                    part_mask(control.accumulator));
  if (after.shadows_moved)
    for (std::size_t at = 0; at < before.shadows.size(); at += lane_block)
      for (std::uint32_t j = 0; j < lane_block; ++j)
        lanes[j] += word_bits<path>(
            static_cast<std::uint32_t>(before.shadows[at + j] ^ after.shadows[at + j]) & mask);
  for (const std::uint32_t lane : lanes) activity.accumulator_toggles += lane;
}

/// Bits that change at this edge in the last column of left registers, and in the last row of right ones.
struct LastToggles {
  std::uint64_t left = 0, right = 0;
};
template <typename Kind = DualInt4Fp4>
LastToggles last_toggles(const ArrayState& before, const ArrayState& after, PeMode pe_mode) {
  LastToggles toggles;
  with_mode<Kind>(pe_mode, [&]<PeMode mode>() {
    for (std::size_t at = before.columns - 1; at < before.left.size(); at += before.stride)
      toggles.left += link_toggles<Kind, left_encoding(mode)>(before.left[at], after.left[at]);
    for (std::size_t at = before.right.size() - before.stride; at < before.right.size(); ++at)
      toggles.right += link_toggles<Kind, right_encoding(mode)>(before.right[at], after.right[at]);
  });
  return toggles;
}

}  // namespace quatrain::rtl_models
