#pragma once
/// From accumulators to outputs (numerics.md section 6): output = f32(f32(acc) * scale), two roundings.

#include "kernels/gemm/shape.cuh"

#include <cmath>
#include <limits>

namespace quatrain::kernels::QUATRAIN_PLATFORM {

/// f32(left * right), in backward_weight divided by the samples with a rounding of its own.
template <Fault fault>
float result_scale(Phase phase, float left, float right, std::size_t samples) {
  float scale = left * right;
  if (phase == Phase::backward_weight && fault != Fault::samples_not_divided)
    scale = scale / static_cast<float>(samples);
  if constexpr (fault == Fault::scale_one_ulp)
    scale = std::nextafter(scale, std::numeric_limits<float>::infinity());
  return scale;
}

template <Fault fault>
__global__ void scale_accumulators(const std::int32_t* accumulators, int count, float scale, float* output) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= static_cast<unsigned>(count)) return;
  if constexpr (fault == Fault::rounded_once)
    output[i] = static_cast<float>(static_cast<double>(accumulators[i]) * static_cast<double>(scale));
  else
    output[i] = static_cast<float>(accumulators[i]) * scale;
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
