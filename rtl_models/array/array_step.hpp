#pragma once
/// One clock edge of an array and what is counted at it, compiled for the vectors of the processor at hand.

#include "rtl_models/array/activity.hpp"
#include "rtl_models/array/array_state.hpp"
#include "rtl_models/pe/pe_table.hpp"
#include "traces/accumulator.hpp"

namespace quatrain::rtl_models {

/// Operands enter, products join the accumulators, words move on.
using ArrayStep = void (*)(ArrayState& state, const EdgeWord& left_edge, const EdgeWord& right_edge,
                           const PeTable& table, const traces::Accumulator& accumulator, Activity& activity);

/// Compiled for `path`.
ArrayStep array_step(SimdPath path = chosen_path());

}  // namespace quatrain::rtl_models
