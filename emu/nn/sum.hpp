#pragma once
/// The one shape in which fp32 numbers are added up (numerics.md section 8): up to 4096 elements in 32 lanes
/// that fold by halves; more than that in chunks of 4096 whose sums are added up the same way. Equal bits for
/// any thread count and SIMD width.

#include "emu/nn/tensor.hpp"
#include "traces/base/parallel_for.hpp"

#include <span>

namespace quatrain::emu {

inline constexpr std::size_t sum_lanes = 32;
inline constexpr std::size_t sum_chunk = 4096;

/// +0 for no elements.
float sum(std::span<const float> elements);

/// `sums[c]` = sum over the elements of channel c in the order batch, height, width.
void sum_channels(const Tensor& tensor, std::span<float> sums, base::ThreadPool& pool);

}  // namespace quatrain::emu
