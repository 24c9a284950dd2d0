#pragma once
/// One clock edge of an array and what the observer counts of it, compiled for the vectors of the processor
/// at hand.

#include "rtl_models/array/observer.hpp"

namespace quatrain::rtl_models {

using ArrayStep = void (*)(const ArrayState& before, ArrayState& after, const EdgeWord& left_edge,
                           const EdgeWord& right_edge, PeMode mode, Activity& activity);

void step_array_portable(const ArrayState& before, ArrayState& after, const EdgeWord& left_edge,
                         const EdgeWord& right_edge, PeMode mode, Activity& activity);
#if defined(__x86_64__)
void step_array_avx2(const ArrayState& before, ArrayState& after, const EdgeWord& left_edge,
                     const EdgeWord& right_edge, PeMode mode, Activity& activity);
#endif

/// The widest step that this processor can run.
ArrayStep array_step();

}  // namespace quatrain::rtl_models
