#include "rtl_models/array/array_step.hpp"

#include "rtl_models/pe/sum_unit.hpp"

#include <algorithm>

namespace quatrain::rtl_models {
namespace {

/// PEs whose operands are both valid add.
template <SimdPath path>
[[gnu::always_inline]] inline void find_products(ArrayState& state, Activity& activity) {
  CountLanes macs = {}, numbers = {};
  for (std::uint32_t word = 0; word < state.words; ++word) {
    const Mask* right = state.right.rows_of(state.right.valid, word);
    const Mask* right_full = state.right.rows_of(state.right.non_zero, word);
    for (std::size_t i = 0; i < state.mask_rows; i += mask_lanes) {
      const std::size_t at = word * state.mask_rows + i;
      const MaskLanes adds = masks_at(&state.left.valid[at]) & masks_at(right + i);
      const MaskLanes full = adds & masks_at(&state.left.non_zero[at]) & masks_at(right_full + i);
      masks_at(&state.adds[at]) = adds;
      count_bits<path>(adds, macs);
      count_bits<path>(full, numbers);
    }
  }
  const std::uint64_t all = sum_of(macs);
  activity.macs += all;
  activity.zero_operand_macs += all - sum_of(numbers);
}

template <SimdPath path, bool looks_up>
[[gnu::always_inline]] inline void add_products(const PeTable& table, const std::int32_t* left,
                                                const std::int32_t* right, Mask adds, SumLanes& sums) {
  if constexpr (looks_up) {
    SumLanes products, enable;
    for (std::size_t lane = 0; lane < sum_lanes; ++lane)
      products[lane] = table.products[static_cast<std::size_t>(left[lane] + right[lane])];
    spread_bits(adds, enable);
    sums += products & enable;
  } else {
    multiply_add<path>(sums, lanes_at(left), lanes_at(right));  // 0 where an operand is not valid
  }
}

[[gnu::always_inline]] inline void keep(const SumLimits& limits, SumLanes& sums) {
  const SumLanes smallest = SumLanes{} + limits.smallest, largest = SumLanes{} + limits.largest;
  sums = reinterpret_cast<SumLanes>(reinterpret_cast<BitLanes>(sums) << limits.lost_bits) >> limits.lost_bits;
  sums = sums < smallest ? smallest : sums;
  sums = sums > largest ? largest : sums;
}

/// Accumulators of exact sums while none begins anew and no word moves. Returns the bits that change.
template <SimdPath path>
[[gnu::always_inline]] inline std::uint64_t accumulate_plain(ArrayState& state) {
  const std::size_t stride = state.stride, pitch = state.left.pitch, rows = state.rows;
  BitLanes toggles = {};
  for (std::uint32_t word = 0; word < state.words; ++word) {
    const Mask* adds = state.adds.data() + word * state.mask_rows;
    const std::int32_t* left = state.left.row(0) + word * sum_lanes;
    const std::int32_t* right = state.right.row(0) + word * sum_lanes;
    std::int32_t* registers = state.accumulators.data() + word * sum_lanes;
    for (std::size_t i = 0; i < rows; ++i, left += pitch, right += stride, registers += stride) {
      if (adds[i] == 0) continue;
      const SumLanes before = lanes_at(registers);
      SumLanes sums = before;
      multiply_add<path>(sums, lanes_at(left), lanes_at(right));
      count_changes<path>(before, sums, toggles);
      lanes_at(registers) = sums;
    }
  }
  return sum_of(toggles);
}

/// Accumulators of exact sums, or of `narrow` ones, from the bottom row up: a word moves before its place is
/// taken. Returns the bits that change.
template <SimdPath path, bool looks_up, bool narrow>
[[gnu::always_inline]] inline std::uint64_t accumulate(ArrayState& state, const PeTable& table,
                                                       const traces::Accumulator& accumulator) {
  const SumLimits limits(accumulator);
  const auto mask = static_cast<std::int32_t>(sum_mask(accumulator));
  const std::size_t stride = state.stride, pitch = state.left.pitch;
  const Mask* const takes_of = state.any_drain && !state.has_shadows() ? state.takes.data() : nullptr;
  const Mask* const first_of = state.left.first_edges != 0 ? state.left.first.data() : nullptr;
  BitLanes toggles = {};
  for (std::uint32_t word = 0; word < state.words; ++word) {
    const std::size_t column = word * sum_lanes, rows = state.rows, masks = word * state.mask_rows;
    const Mask* const adds_of = state.adds.data() + masks;
    const std::int32_t* const left = state.left.row(0) + column;
    const std::int32_t* const right = state.right.row(0) + column;
    std::int32_t* const registers = state.accumulators.data() + column;
    for (std::size_t i = rows; i-- > 0;) {
      const Mask adds = adds_of[i], takes = takes_of != nullptr ? takes_of[masks + i] : Mask{0};
      if ((adds | takes) == 0) continue;
      const SumLanes before = lanes_at(registers + i * stride);
      SumLanes sums = before;
      if (adds != 0) {
        if (first_of != nullptr)
          if (const auto begins = static_cast<Mask>(first_of[masks + i] & adds); begins != 0) {
            SumLanes begin;
            spread_bits(begins, begin);
            if constexpr (narrow)
              sums = (lanes_at(state.returning.data() + column) & begin) | (sums & ~begin);
            else
              sums &= ~begin;
          }
        add_products<path, looks_up>(table, left + i * pitch, right + i * stride, adds, sums);
        if constexpr (narrow) keep(limits, sums);
      }
      if (takes != 0) {
        SumLanes take;
        spread_bits(takes, take);
        sums = (lanes_at(registers + (i - 1) * stride) & take) | (sums & ~take);
      }
      if constexpr (narrow)
        count_changes<path>(before & mask, sums & mask, toggles);
      else
        count_changes<path>(before, sums, toggles);
      lanes_at(registers + i * stride) = sums;
    }
  }
  return sum_of(toggles);
}

/// Accumulators that round or have chunks, one PE after the other.
template <SimdPath path>
inline std::uint64_t accumulate_each(ArrayState& state, const PeTable& table,
                                     const traces::Accumulator& accumulator) {
  const SumUnit unit(accumulator);
  const std::uint32_t mask = sum_mask(accumulator), of_part = part_mask(accumulator);
  const bool drains = state.any_drain && !state.has_shadows(), restarts = state.left.first_edges != 0;
  std::uint64_t toggles = 0;
  for (std::uint32_t i = state.rows; i-- > 0;)
    for (std::uint32_t j = 0; j < state.columns; ++j) {
      const std::uint32_t word = j / sum_lanes, bit = j % sum_lanes;
      const std::size_t pes = word * state.mask_rows + i, at = i * state.stride + j;
      const auto has = [bit](Mask of_word) { return (of_word >> bit & 1) != 0; };
      const PeSums before{state.accumulators[at], state.parts[at]};
      PeSums now = before;
      if (has(state.adds[pes])) {
        if (restarts && has(state.left.first[pes])) now = {state.returning[j], 0};
        const std::int32_t left = state.left.row(i)[j], right = state.right.row(i)[j];
        const std::int32_t term = table.looks_up ? table.products[static_cast<std::size_t>(left + right)]
                                                 : left * static_cast<std::int16_t>(right);
        now = unit.add(now, term, has(state.right.rows_of(state.right.closes, word)[i]));
      }
      if (drains && has(state.takes[pes])) now.sum = state.accumulators[at - state.stride];
      toggles += bits_of<path>(static_cast<std::uint32_t>(before.sum ^ now.sum) & mask);
      if (accumulator.chunk != 0)
        toggles += bits_of<path>(static_cast<std::uint32_t>(before.part ^ now.part) & of_part);
      state.accumulators[at] = now.sum;
      state.parts[at] = now.part;
    }
  return toggles;
}

/// Shadow registers take the accumulator's new value where `last` passes, else the chain moves on.
template <SimdPath path>
[[gnu::always_inline]] inline std::uint64_t move_shadows(ArrayState& state,
                                                         const traces::Accumulator& accumulator) {
  const auto mask = static_cast<std::int32_t>(sum_mask(accumulator));
  const bool ends = state.left.last_edges != 0;
  BitLanes toggles = {};
  for (std::uint32_t word = 0; word < state.words; ++word)
    for (std::uint32_t i = state.rows; i-- > 0;) {
      const std::size_t pes = word * state.mask_rows + i;
      const Mask captures = ends ? static_cast<Mask>(state.left.last[pes] & state.adds[pes]) : Mask{0},
                 takes = state.any_drain ? state.takes[pes] : Mask{0};
      if ((captures | takes) == 0) continue;
      const std::size_t at = i * state.stride + word * sum_lanes;
      const SumLanes before = lanes_at(state.shadows.data() + at);
      SumLanes now = before, chosen;
      if (takes != 0) {
        spread_bits(takes, chosen);
        now = (lanes_at(state.shadows.data() + at - state.stride) & chosen) | (now & ~chosen);
      }
      spread_bits(captures, chosen);
      now = (lanes_at(state.accumulators.data() + at) & chosen) | (now & ~chosen);
      count_changes<path>(before & mask, now & mask, toggles);
      lanes_at(state.shadows.data() + at) = now;
    }
  return sum_of(toggles);
}

/// The columns in which the last operands of a tile's bottom row meet in row i begin to send: at the next
/// edge every PE above the tap takes the word above it.
[[gnu::always_inline]] inline void start_drains(ArrayState& state, std::uint32_t word, std::uint32_t row,
                                                Mask starts) {
  for (std::uint32_t bit = 0; bit < sum_lanes; ++bit) {
    if ((starts >> bit & 1) == 0) continue;
    state.drain[word * sum_lanes + bit] = static_cast<std::int16_t>(row + 1);
    state.tap[word * sum_lanes + bit] = static_cast<std::int16_t>(row);
  }
  Mask* __restrict takes = state.takes.data() + word * state.mask_rows;
  Mask* __restrict tapped = state.tapped.data() + word * state.mask_rows;
  for (std::uint32_t i = 0; i < state.rows; ++i) {
    const Mask of_row = i <= row ? starts : Mask{0};
    tapped[i] = static_cast<Mask>((tapped[i] & ~starts) | of_row);
    takes[i] = static_cast<Mask>((takes[i] & ~starts) | (i > 0 ? of_row : Mask{0}));
  }
}

/// Each column sends a word per edge until it has none left. A PE that follows one which has taken a word
/// takes the next; the row behind the tap's does not.
[[gnu::always_inline]] inline void count_drains(ArrayState& state) {
  const bool ends = state.left.last_edges != 0;
  if (!ends && !state.any_drain) return;
  if (state.any_drain) {
    for (std::uint32_t word = 0; word < state.words; ++word) {
      Mask* __restrict takes = state.takes.data() + word * state.mask_rows;
      const Mask* __restrict tapped = state.tapped.data() + word * state.mask_rows;
      std::memmove(takes + 1, takes, (state.rows - 1) * sizeof(Mask));
      takes[0] = 0;
      for (std::uint32_t i = 0; i < state.rows; ++i) takes[i] &= tapped[i];
    }
    for (std::int16_t& words : state.drain) words = static_cast<std::int16_t>(words - (words != 0));
  }
  if (ends)
    for (std::uint32_t word = 0; word < state.words; ++word)
      for (std::uint32_t first = 0; first < state.rows; first += 4) {
        const std::size_t pes = word * state.mask_rows + first;
        const auto four = [pes](const Masks& masks) {
          std::uint64_t rows = 0;
          std::memcpy(&rows, masks.data() + pes, sizeof rows);
          return rows;
        };
        const std::uint64_t starts = four(state.left.last) & four(state.left.bottom) & four(state.adds);
        for (std::uint32_t i = 0; i < 4 && starts >> i * 16 != 0; ++i)
          if (const auto of_row = static_cast<Mask>(starts >> i * 16); of_row != 0)
            start_drains(state, word, first + i, of_row);
      }
  std::int16_t draining = 0;
  for (const std::int16_t words : state.drain) draining = static_cast<std::int16_t>(draining | words);
  state.any_drain = draining != 0;
}

template <SimdPath path>
[[gnu::always_inline]] inline std::uint64_t sum_up(ArrayState& state, const PeTable& table,
                                                   const traces::Accumulator& accumulator) {
  if (accumulator.is_float() || accumulator.chunk != 0)
    return accumulate_each<path>(state, table, accumulator);
  if (accumulator.is_narrow())
    return table.looks_up ? accumulate<path, true, true>(state, table, accumulator)
                          : accumulate<path, false, true>(state, table, accumulator);
  if (!table.looks_up && state.left.first_edges == 0 && (!state.any_drain || state.has_shadows()))
    return accumulate_plain<path>(state);
  return table.looks_up ? accumulate<path, true, false>(state, table, accumulator)
                        : accumulate<path, false, false>(state, table, accumulator);
}

template <SimdPath path>
void step(ArrayState& state, const EdgeWord& left_edge, const EdgeWord& right_edge, const PeTable& table,
          const traces::Accumulator& accumulator, Activity& activity) {
  run_on<path>([&]<SimdPath which>() __attribute__((always_inline)) {
    const Link *left = left_edge.words.data(), *right = right_edge.words.data();
    const std::uint64_t left_toggles = state.left_edge.template change<which>(left, table.left),
                        right_toggles = state.right_edge.template change<which>(right, table.right);
    activity.left_toggles += left_toggles + state.left_changes.edge(left_toggles);
    activity.right_toggles += right_toggles + state.right_changes.edge(right_toggles);
    state.left.template enter<which>(left, table.left);
    state.right.template enter<which>(right, table.right, accumulator.chunk != 0);
    find_products<which>(state, activity);
    activity.accumulator_toggles += sum_up<which>(state, table, accumulator);
    if (state.has_shadows()) activity.accumulator_toggles += move_shadows<which>(state, accumulator);
    count_drains(state);
  });
}

}  // namespace

ArrayStep array_step(SimdPath path) {
  switch (path) {
    case SimdPath::portable:
      return step<SimdPath::portable>;
    case SimdPath::avx2:
      return step<SimdPath::avx2>;
    case SimdPath::avx512:
      return step<SimdPath::avx512>;
  }
  __builtin_unreachable();
}

}  // namespace quatrain::rtl_models
