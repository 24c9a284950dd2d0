#include "rtl_models/array/stationary/step.hpp"

#include "rtl_models/pe/sum_unit.hpp"

namespace quatrain::rtl_models {
namespace {

[[gnu::always_inline]] inline Mask chosen(Mask which, Mask ones, Mask others) {
  return static_cast<Mask>((ones & which) | (others & ~which));
}
[[gnu::always_inline]] inline void choose(Mask which, const SumLanes& ones, SumLanes& others) {
  SumLanes lanes;
  spread_bits(which, lanes);
  others = (ones & lanes) | (others & ~lanes);
}

/// PEs whose operands are both valid add. First operands meet what the chain has brought.
template <SimdPath path>
[[gnu::always_inline]] inline void find_products(StationaryState& state, Activity& activity) {
  const FixedOperands &kept = state.kept(), &chain = state.chain;
  const bool has_first = state.moving.first_edges != 0;
  CountLanes macs = {}, numbers = {};
  for (std::size_t at = 0; at < state.adds.size(); at += mask_lanes) {
    MaskLanes fixed = masks_at(&kept.valid[at]), fixed_full = masks_at(&kept.non_zero[at]);
    if (has_first) {
      const MaskLanes first = masks_at(&state.moving.first[at]);
      fixed = (masks_at(&chain.valid[at]) & first) | (fixed & ~first);
      fixed_full = (masks_at(&chain.non_zero[at]) & first) | (fixed_full & ~first);
    }
    const MaskLanes adds = masks_at(&state.moving.valid[at]) & fixed;
    const MaskLanes full = adds & masks_at(&state.moving.non_zero[at]) & fixed_full;
    masks_at(&state.adds[at]) = adds;
    count_bits<path>(adds, macs);
    count_bits<path>(full, numbers);
  }
  const std::uint64_t all = sum_of(macs);
  activity.macs += all;
  activity.zero_operand_macs += all - sum_of(numbers);
}

/// Values of the sides as the PE has them: one moves, one is fixed.
[[gnu::always_inline]] inline std::int32_t product(const PeTable& table, std::int32_t a, std::int32_t b) {
  return table.looks_up ? table.products[static_cast<std::size_t>(a + b)] : a * static_cast<std::int16_t>(b);
}

/// Sums above join the products; from the bottom row up. First operands meet what the chain has brought.
/// Returns the bits that change.
template <SimdPath path, bool looks_up>
[[gnu::always_inline]] inline std::uint64_t add_rows(StationaryState& state, const PeTable& table) {
  const std::size_t stride = state.stride, pitch = state.moving.pitch;
  const Mask* const first_of = state.moving.first_edges != 0 ? state.moving.first.data() : nullptr;
  BitLanes toggles = {};
  for (std::uint32_t word = 0; word < state.words; ++word) {
    const std::size_t column = word * sum_lanes, rows = state.rows, masks = word * state.mask_rows;
    const Mask* const adds_of = state.adds.data() + masks;
    const std::int32_t* const moving = state.moving.row(0) + column;
    const std::int32_t* const kept = state.kept().values.data() + column;
    const std::int32_t* const chain = state.chain.values.data() + column;
    std::int32_t* const registers = state.sums.data() + column;
    for (std::size_t i = rows; i-- > 0;) {
      const Mask adds = adds_of[i];
      if (adds == 0) continue;
      SumLanes fixed = lanes_at(kept + i * stride);
      if (first_of != nullptr && first_of[masks + i] != 0)
        choose(first_of[masks + i], lanes_at(chain + i * stride), fixed);
      const SumLanes before = lanes_at(registers + i * stride);
      SumLanes sums = lanes_at(state.returning.data() + column), now = before;
      if (i > 0) sums = lanes_at(registers + (i - 1) * stride);
      if constexpr (looks_up)
        for (std::size_t lane = 0; lane < sum_lanes; ++lane)
          sums[lane] += (adds >> lane & 1) != 0 ? product(table, moving[i * pitch + lane], fixed[lane]) : 0;
      else
        multiply_add<path>(sums, lanes_at(moving + i * pitch), fixed);
      if (adds == 0xFFFF)
        now = sums;
      else
        choose(adds, sums, now);
      count_changes<path>(before, now, toggles);
      lanes_at(registers + i * stride) = now;
    }
  }
  return sum_of(toggles);
}

/// The same with sums that are not exact, one PE after the other.
template <SimdPath path>
[[gnu::always_inline]] inline std::uint64_t add_each(StationaryState& state, const PeTable& table,
                                                     const traces::Accumulator& accumulator) {
  const SumUnit unit(accumulator);
  const std::uint32_t mask = sum_mask(accumulator);
  std::uint64_t toggles = 0;
  for (std::uint32_t i = state.rows; i-- > 0;)
    for (std::uint32_t j = 0; j < state.columns; ++j) {
      const std::size_t pes = j / sum_lanes * state.mask_rows + i, at = i * state.stride + j;
      const auto has = [j](Mask of_word) { return (of_word >> (j % sum_lanes) & 1) != 0; };
      if (!has(state.adds[pes])) continue;
      const bool from_chain = state.moving.first_edges != 0 && has(state.moving.first[pes]);
      const std::int32_t fixed = (from_chain ? state.chain : state.kept()).values[at],
                         above = i == 0 ? state.returning[j] : state.sums[at - state.stride];
      const std::int32_t now = unit.add({above, 0}, product(table, state.moving.row(i)[j], fixed), false).sum;
      toggles += bits_of<path>(static_cast<std::uint32_t>(state.sums[at] ^ now) & mask);
      state.sums[at] = now;
    }
  return toggles;
}

/// PEs of a word and row take other operands. Returns the bits that change.
template <SimdPath path>
[[gnu::always_inline]] inline void take(FixedOperands& to, std::size_t pes, std::size_t at, Mask takes,
                                        const SumLanes& values, const SumLanes& bits, Mask valid,
                                        Mask non_zero, BitLanes& toggles) {
  choose(takes, values, lanes_at(to.values.data() + at));
  const SumLanes before = lanes_at(to.bits.data() + at);
  choose(takes, bits, lanes_at(to.bits.data() + at));
  count_changes<path>(before, lanes_at(to.bits.data() + at), toggles);
  to.valid[pes] = chosen(takes, valid, to.valid[pes]);
  to.non_zero[pes] = chosen(takes, non_zero, to.non_zero[pes]);
}

/// Where a first operand passes, the PE takes over what the chain has brought.
template <SimdPath path>
[[gnu::always_inline]] inline std::uint64_t take_over(StationaryState& state) {
  if (state.preload == Preload::exposed || state.moving.first_edges == 0) return 0;
  BitLanes toggles = {};
  for (std::uint32_t word = 0; word < state.words; ++word)
    for (std::uint32_t i = 0; i < state.rows; ++i) {
      const std::size_t pes = word * state.mask_rows + i, at = i * state.stride + word * sum_lanes;
      if (const Mask first = state.moving.first[pes]; first != 0)
        take<path>(state.held, pes, at, first, lanes_at(state.chain.values.data() + at),
                   lanes_at(state.chain.bits.data() + at), state.chain.valid[pes], state.chain.non_zero[pes],
                   toggles);
    }
  return sum_of(toggles);
}

/// Words of the chain move down, from the bottom row up: each takes the place of the one below it.
template <SimdPath path>
[[gnu::always_inline]] inline std::uint64_t move_chain(StationaryState& state, const EdgeWord& top_edge,
                                                       const OperandTable& table) {
  const Link* top = top_edge.words.data();
  Link enters = 0;
  for (std::uint32_t j = 0; j < state.columns; ++j) enters = static_cast<Link>(enters | top[j]);
  if (!state.any_took && (enters & load_bit) == 0) return 0;
  for (std::uint32_t j = 0; j < state.columns; ++j) {
    const std::size_t code = top[j] & code_bits;
    state.top_values[j] = (top[j] & valid_bit) != 0 ? table.values[code] : 0;
    prepare<path>(state.top_values[j]);
    state.top_bits[j] = table.bits[code];
  }
  BitLanes toggles = {};
  Mask goes_on = 0;
  FixedOperands& chain = state.chain;
  for (std::uint32_t word = 0; word < state.words; ++word) {
    const Link* of_word = top + word * sum_lanes;
    const Mask in_use = columns_of_word(state.columns, word),
               loads = static_cast<Mask>(mask_of_lanes(of_word, load_at) & in_use),
               last = mask_of_lanes(of_word, last_at);
    for (std::uint32_t i = state.rows; i-- > 0;) {
      const std::size_t pes = word * state.mask_rows + i, at = i * state.stride + word * sum_lanes;
      const Mask takes = i == 0 ? loads : state.took[pes - 1];
      if (takes != 0) {
        if (i == 0)
          take<path>(chain, pes, at, takes, lanes_at(state.top_values.data() + at),
                     lanes_at(state.top_bits.data() + at), mask_of_lanes(of_word, valid_at),
                     non_zero_of_lanes(of_word, table.zero_mask), toggles);
        else
          take<path>(chain, pes, at, takes, lanes_at(chain.values.data() + at - state.stride),
                     lanes_at(chain.bits.data() + at - state.stride), chain.valid[pes - 1],
                     chain.non_zero[pes - 1], toggles);
      }
      state.took[pes] = static_cast<Mask>(takes & ~last);
      goes_on = static_cast<Mask>(goes_on | state.took[pes]);
    }
  }
  state.any_took = goes_on != 0;
  return sum_of(toggles);
}

template <SimdPath path>
void step(StationaryState& state, const EdgeWord& left_edge, const EdgeWord& top_edge, const PeTable& table,
          const traces::Accumulator& accumulator, Activity& activity) {
  run_on<path>([&]<SimdPath which>() __attribute__((always_inline)) {
    const bool holds_left = state.which == Held::left;
    const OperandTable &moving = holds_left ? table.right : table.left,
                       &fixed = holds_left ? table.left : table.right;
    const Link* left = left_edge.words.data();
    const std::uint64_t entering = state.left_edge.template change<which>(left, moving),
                        moved = entering + state.changes.edge(entering);
    state.moving.template enter<which>(left, moving);
    find_products<which>(state, activity);
    if (!accumulator.is_exact())
      activity.accumulator_toggles += add_each<which>(state, table, accumulator);
    else
      activity.accumulator_toggles +=
          table.looks_up ? add_rows<which, true>(state, table) : add_rows<which, false>(state, table);
    const std::uint64_t taken = take_over<which>(state) + move_chain<which>(state, top_edge, fixed);
    activity.left_toggles += holds_left ? taken : moved;
    activity.right_toggles += holds_left ? moved : taken;
  });
}

}  // namespace

StationaryStep stationary_step(SimdPath path) {
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

void show_sums(const StationaryState& state, std::uint32_t row, Link enters, const PeTable& table,
               const traces::Accumulator& accumulator, ExitWords& exits) {
  const SumUnit unit(accumulator);
  const OperandTable& of_moving = state.which == Held::left ? table.right : table.left;
  const std::int32_t* moving = state.moving.row(row) - 1;  // as they will stand after the next edge
  const std::int32_t entering = (enters & valid_bit) != 0 ? of_moving.values[enters & code_bits] : 0;
  const auto of_valid = [enters](int bit) { return (enters & valid_bit) != 0 && (enters >> bit & 1) != 0; };
  bool valid = of_valid(valid_at), first = of_valid(first_at), bottom = of_valid(bottom_at);
  for (std::uint32_t word = 0; word < state.words; ++word) {
    const std::size_t pes = word * state.mask_rows + row;
    const auto next = [pes](const Masks& masks, bool& enters_word) {
      const auto moved = static_cast<Mask>(masks[pes] << 1 | (enters_word ? 1 : 0));
      enters_word = (masks[pes] >> 15) != 0;
      return moved;
    };
    const Mask from_chain = next(state.moving.first, first);
    const Mask adds =
        next(state.moving.valid, valid) & chosen(from_chain, state.chain.valid[pes], state.kept().valid[pes]);
    const Mask leaves = adds & next(state.moving.bottom, bottom);
    for (std::size_t lane = 0; lane < sum_lanes && leaves >> lane != 0; ++lane) {
      if ((leaves >> lane & 1) == 0) continue;
      const std::size_t j = word * sum_lanes + lane, at = row * state.stride + j;
      const std::int32_t fixed = ((from_chain >> lane & 1) != 0 ? state.chain : state.kept()).values[at],
                         above = row == 0 ? state.returning[j] : state.sums[at - state.stride];
      const std::int32_t term = product(table, j == 0 ? entering : moving[j], fixed);
      exits.words[j] = {unit.add({above, 0}, term, false).sum, true};
    }
  }
}

}  // namespace quatrain::rtl_models
