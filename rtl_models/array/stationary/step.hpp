#pragma once
/// One clock edge of a stationary array and what is counted at it, compiled for the vectors of the processor
/// at hand.

#include "rtl_models/array/activity.hpp"
#include "rtl_models/array/stationary/state.hpp"
#include "traces/accumulator.hpp"

namespace quatrain::rtl_models {

using StationaryStep = void (*)(StationaryState& state, const EdgeWord& left_edge, const EdgeWord& top_edge,
                                const PeTable& table, const traces::Accumulator& accumulator,
                                Activity& activity);

/// Compiled for `path`.
StationaryStep stationary_step(SimdPath path = chosen_path());

/// What the adders of a row make of its moving operands, of which `enters` is the first.
void show_sums(const StationaryState& state, std::uint32_t row, Link enters, const PeTable& table,
               const traces::Accumulator& accumulator, ExitWords& exits);

}  // namespace quatrain::rtl_models
