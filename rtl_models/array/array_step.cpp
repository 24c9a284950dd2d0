#include "rtl_models/array/array_step.hpp"

namespace quatrain::rtl_models {
namespace {

[[gnu::always_inline]] inline void step_array(const ArrayState& before, ArrayState& after,
                                              const EdgeWord& left_edge, const EdgeWord& right_edge,
                                              PeMode mode, Activity& activity) {
  next_state(before, after, left_edge, right_edge, mode);
  observe_edge(before, after, mode, activity);
}

}  // namespace

void step_array_portable(const ArrayState& before, ArrayState& after, const EdgeWord& left_edge,
                         const EdgeWord& right_edge, PeMode mode, Activity& activity) {
  step_array(before, after, left_edge, right_edge, mode, activity);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void step_array_avx2(const ArrayState& before, ArrayState& after,
                                             const EdgeWord& left_edge, const EdgeWord& right_edge,
                                             PeMode mode, Activity& activity) {
  step_array(before, after, left_edge, right_edge, mode, activity);
}
#endif

ArrayStep array_step() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return step_array_avx2;
#endif
  return step_array_portable;
}

}  // namespace quatrain::rtl_models
