#pragma once
/// Largest |x| of a tensor and the first element that no quantizer takes (numerics.md sections 3 and 4, first
/// steps). The bit patterns of non-negative floats order as the floats do, so the maximum is an integer one
/// and does not depend on the order.

#include "kernels/quant/elements.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

struct FoundMaximum {
  unsigned bits;       ///< of max |x|; starts at 0
  unsigned first_bad;  ///< flat index, or no_element, its start
};
inline constexpr unsigned no_element = 0xFFFFFFFFU;

__global__ void find_maximum(const float* x, unsigned count, bool negative_is_bad, FoundMaximum* found) {
  unsigned largest = 0, first_bad = no_element;
  for (unsigned i = thread_number(); i < count; i += thread_total()) {
    const unsigned bits = magnitude_bits(x[i]);
    const bool is_finite = bits < 0x7F800000U;
    const bool is_bad = !is_finite || (negative_is_bad && x[i] < 0);
    if (is_bad && i < first_bad) first_bad = i;
    if (is_finite && bits > largest) largest = bits;
  }
  if (first_bad != no_element) atomicMin(&found->first_bad, first_bad);
  largest = reduce_warp(largest, Larger{});
  if (is_first_lane()) atomicMax(&found->bits, largest);
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
