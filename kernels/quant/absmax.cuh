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

/// What one thread has found.
struct MaximumOfThread {
  bool negative_is_bad;
  unsigned largest = 0, first_bad = no_element;

  __device__ void take(float value, unsigned i) {
    const unsigned bits = magnitude_bits(value);
    const bool is_finite = bits < 0x7F800000U;
    const bool is_bad = !is_finite || (negative_is_bad && value < 0);
    if (is_bad && i < first_bad) first_bad = i;
    if (is_finite && bits > largest) largest = bits;
  }
  /// Adds it to what others found; the whole warp calls it.
  __device__ void give(FoundMaximum* found) const {
    if (first_bad != no_element) atomicMin(&found->first_bad, first_bad);
    const unsigned of_warp = reduce_warp(largest, Larger{});
    if (is_first_lane()) atomicMax(&found->bits, of_warp);
  }
};

template <typename Access>
__global__ void find_maximum(const float* x, unsigned count, bool negative_is_bad, FoundMaximum* found) {
  MaximumOfThread maximum{negative_is_bad};
  take_all<Access>(maximum, x, count);
  maximum.give(found);
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
