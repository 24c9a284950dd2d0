#pragma once
/// One clock edge of an array and what the observer counts of it, compiled for the vectors of the processor
/// at hand.

#include "rtl_models/array/observer.hpp"

namespace quatrain::rtl_models {

using ArrayStep = void (*)(const ArrayState& before, ArrayState& after, const EdgeWord& left_edge,
                           const EdgeWord& right_edge, const TileControl& control, Activity& activity);

template <Fault fault>
[[gnu::always_inline]] inline void step_array(const ArrayState& before, ArrayState& after,
                                              const EdgeWord& left_edge, const EdgeWord& right_edge,
                                              const TileControl& control, Activity& activity) {
  next_state<fault>(before, after, left_edge, right_edge, control);
  observe_edge(before, after, control.mode, activity);
}

template <Fault fault>
void step_array_portable(const ArrayState& before, ArrayState& after, const EdgeWord& left_edge,
                         const EdgeWord& right_edge, const TileControl& control, Activity& activity) {
  step_array<fault>(before, after, left_edge, right_edge, control, activity);
}

#if defined(__x86_64__)
template <Fault fault>
[[gnu::target("avx2")]] void step_array_avx2(const ArrayState& before, ArrayState& after,
                                             const EdgeWord& left_edge, const EdgeWord& right_edge,
                                             const TileControl& control, Activity& activity) {
  step_array<fault>(before, after, left_edge, right_edge, control, activity);
}
#endif

/// The widest step that this processor can run.
template <Fault fault>
ArrayStep array_step() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return step_array_avx2<fault>;
#endif
  return step_array_portable<fault>;
}

}  // namespace quatrain::rtl_models
