#pragma once
/// From accumulators to outputs (numerics.md section 6): output = f32(f32(acc) * scale), two roundings.

#include "kernels/gemm/shape.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

/// f32(left * right), in backward_weight divided by the samples with a rounding of its own.
inline float result_scale(Phase phase, float left, float right, std::size_t samples) {
  float scale = left * right;
  if (phase == Phase::backward_weight) scale = scale / static_cast<float>(samples);
  return scale;
}

__global__ void scale_accumulators(const std::int32_t* accumulators, int count, float scale, float* output) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= static_cast<unsigned>(count)) return;
  output[i] = static_cast<float>(accumulators[i]) * scale;
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
