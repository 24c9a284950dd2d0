#pragma once
/// One clock edge of a stationary array and what the observer counts of it, compiled for the vectors of the
/// processor at hand, for each kind of PE.

#include "rtl_models/array/stationary/observer.hpp"

namespace quatrain::rtl_models {

using StationaryStep = void (*)(const StationaryState& before, StationaryState& after,
                                const EdgeWord& left_edge, const EdgeWord& top_edge, PeMode mode,
                                Activity& activity);

template <typename Kind>
[[gnu::always_inline]] inline void step_stationary(const StationaryState& before, StationaryState& after,
                                                   const EdgeWord& left_edge, const EdgeWord& top_edge,
                                                   PeMode mode, Activity& activity) {
  next_state<Kind>(before, after, left_edge, top_edge, mode);
  observe_edge<Kind>(before, after, mode, activity);
}

template <typename Kind = DualInt4Fp4>
void step_stationary_portable(const StationaryState& before, StationaryState& after,
                              const EdgeWord& left_edge, const EdgeWord& top_edge, PeMode mode,
                              Activity& activity) {
  step_stationary<Kind>(before, after, left_edge, top_edge, mode, activity);
}

#if defined(__x86_64__)
template <typename Kind = DualInt4Fp4>
[[gnu::target("avx2")]] void step_stationary_avx2(const StationaryState& before, StationaryState& after,
                                                  const EdgeWord& left_edge, const EdgeWord& top_edge,
                                                  PeMode mode, Activity& activity) {
  step_stationary<Kind>(before, after, left_edge, top_edge, mode, activity);
}
#endif

/// The widest step that this processor can run.
template <typename Kind = DualInt4Fp4>
StationaryStep stationary_step() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return step_stationary_avx2<Kind>;
#endif
  return step_stationary_portable<Kind>;
}

}  // namespace quatrain::rtl_models
