#pragma once
/// One clock edge of a stationary array and what the observer counts of it, compiled for the vectors of the
/// processor at hand.

#include "rtl_models/array/activity.hpp"
#include "rtl_models/array/stationary/state.hpp"

namespace quatrain::rtl_models {

using StationaryStep = void (*)(const StationaryState& before, StationaryState& after,
                                const EdgeWord& left_edge, const EdgeWord& top_edge, PeMode mode,
                                Activity& activity);

void step_stationary_portable(const StationaryState& before, StationaryState& after,
                              const EdgeWord& left_edge, const EdgeWord& top_edge, PeMode mode,
                              Activity& activity);
#if defined(__x86_64__)
void step_stationary_avx2(const StationaryState& before, StationaryState& after, const EdgeWord& left_edge,
                          const EdgeWord& top_edge, PeMode mode, Activity& activity);
#endif

/// The widest step that this processor can run.
StationaryStep stationary_step();

}  // namespace quatrain::rtl_models
