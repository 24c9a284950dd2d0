#pragma once
/// One clock edge of an array and what the observer counts of it, compiled for the vectors of the processor
/// at hand, for each kind of PE.

#include "rtl_models/array/observer.hpp"

namespace quatrain::rtl_models {

using ArrayStep = void (*)(const ArrayState& before, ArrayState& after, const EdgeWord& left_edge,
                           const EdgeWord& right_edge, const PeControl& control, Activity& activity);

/// Compiled for `path`.
template <typename Kind, SimdPath path>
void step_array(const ArrayState& before, ArrayState& after, const EdgeWord& left_edge,
                const EdgeWord& right_edge, const PeControl& control, Activity& activity) {
  run_on<path>([&]<SimdPath which>() __attribute__((always_inline)) {
    next_state<Kind>(before, after, left_edge, right_edge, control);
    observe_edge<Kind, which>(before, after, control, activity);
  });
}

template <typename Kind = DualInt4Fp4>
ArrayStep array_step(SimdPath path = chosen_path()) {
  switch (path) {
    case SimdPath::portable:
      return step_array<Kind, SimdPath::portable>;
    case SimdPath::avx2:
      return step_array<Kind, SimdPath::avx2>;
    case SimdPath::avx512:
      return step_array<Kind, SimdPath::avx512>;
  }
  __builtin_unreachable();
}

}  // namespace quatrain::rtl_models
