#pragma once
/// From accumulators to outputs (numerics.md section 6): output = f32(f32(acc) * scale), two roundings.

#include "kernels/gemm/shape.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

/// f32(left * right), divided by the samples with a rounding of its own; one sample changes nothing.
inline float result_scale(float left, float right, std::size_t samples) {
  const float scale = left * right;
  return scale / static_cast<float>(samples);
}

__global__ void scale_accumulators(const std::int32_t* accumulators, int count, float scale, float* output) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= static_cast<unsigned>(count)) return;
  output[i] = static_cast<float>(accumulators[i]) * scale;
}

/// The same of floating-point sums. Every NaN is 7fc00000 (numerics.md section 7).
__global__ void scale_float_sums(const std::int32_t* accumulators, int count, float scale, float* output) {
  const unsigned element = blockIdx.x * blockDim.x + threadIdx.x;
  if (element >= static_cast<unsigned>(count)) return;
  const float product = __int_as_float(accumulators[element]) * scale;
  output[element] = product == product ? product : __int_as_float(0x7FC00000);
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
