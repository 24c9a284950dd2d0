#include "rtl_models/array/stationary/step.hpp"

#include "rtl_models/array/toggles.hpp"

namespace quatrain::rtl_models {
namespace {

/// Bits of codes that changed in rows first .. end - 1 of the block of columns at j0. At most 62 rows.
[[gnu::always_inline]] inline std::uint64_t code_toggles(const StationaryState& state,
                                                         const std::vector<Link>& before,
                                                         const std::vector<Link>& after, std::uint32_t first,
                                                         std::uint32_t end, std::size_t j0) {
  std::uint8_t lanes[lane_block] = {};
  for (std::uint32_t i = first; i < end; ++i) {
    const std::size_t at = std::size_t{i} * state.stride + j0;
    for (std::uint32_t j = 0; j < lane_block; ++j)
      lanes[j] = static_cast<std::uint8_t>(
          lanes[j] + nibble_bits(static_cast<Link>((before[at + j] ^ after[at + j]) & code_bits)));
  }
  return lane_sum(lanes);
}

/// Products of the edge, in rows first .. end - 1.
[[gnu::always_inline]] inline void observe_products(const StationaryState& before,
                                                    const StationaryState& after, std::uint32_t first,
                                                    std::uint32_t end, std::size_t j0, PeMode mode,
                                                    Activity& activity) {
  std::uint8_t macs[lane_block] = {}, zeros[lane_block] = {};
  const auto left_mask = static_cast<Link>(left_zero_mask(mode)),
             right_mask = static_cast<Link>(right_zero_mask(mode));
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

/// Padding lanes are zero before and after, so they count nothing.
[[gnu::always_inline]] inline void observe_edge(const StationaryState& before, const StationaryState& after,
                                                PeMode mode, Activity& activity) {
  constexpr std::uint32_t rows_at_once = 62;  // times 4 bits fit the byte lanes
  std::uint64_t moving = 0, held = 0;
  for (std::uint32_t first = 0; first < before.rows; first += rows_at_once) {
    const std::uint32_t end = first + rows_at_once < before.rows ? first + rows_at_once : before.rows;
    for (std::size_t j0 = 0; j0 < before.stride; j0 += lane_block) {
      observe_products(before, after, first, end, j0, mode, activity);
      moving += code_toggles(before, before.moving, after.moving, first, end, j0);
      if (after.chain_moved) held += code_toggles(before, before.chain, after.chain, first, end, j0);
      if (after.held_moved) held += code_toggles(before, before.held, after.held, first, end, j0);
    }
  }
  activity.left_toggles += before.which == Held::left ? held : moving;
  activity.right_toggles += before.which == Held::left ? moving : held;
  std::uint32_t lanes[lane_block] = {};  // at most 32 bits per row: no overflow
  for (std::size_t at = 0; at < before.sums.size(); at += lane_block)
    for (std::uint32_t j = 0; j < lane_block; ++j)
      lanes[j] += word_bits(static_cast<std::uint32_t>(before.sums[at + j] ^ after.sums[at + j]));
  for (const std::uint32_t lane : lanes) activity.accumulator_toggles += lane;
}

[[gnu::always_inline]] inline void step(const StationaryState& before, StationaryState& after,
                                        const EdgeWord& left_edge, const EdgeWord& top_edge, PeMode mode,
                                        Activity& activity) {
  next_state(before, after, left_edge, top_edge, mode);
  observe_edge(before, after, mode, activity);
}

}  // namespace

void step_stationary_portable(const StationaryState& before, StationaryState& after,
                              const EdgeWord& left_edge, const EdgeWord& top_edge, PeMode mode,
                              Activity& activity) {
  step(before, after, left_edge, top_edge, mode, activity);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void step_stationary_avx2(const StationaryState& before, StationaryState& after,
                                                  const EdgeWord& left_edge, const EdgeWord& top_edge,
                                                  PeMode mode, Activity& activity) {
  step(before, after, left_edge, top_edge, mode, activity);
}
#endif

StationaryStep stationary_step() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return step_stationary_avx2;
#endif
  return step_stationary_portable;
}

}  // namespace quatrain::rtl_models
