#pragma once
/// Bound, scale and output of an integer product (numerics.md section 6).

#include "emu/simd/dispatch.hpp"
#include "traces/base/parallel_for.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <span>

namespace quatrain::emu {

/// Where the results go: accumulators, or in their place the output: f32(f32(accumulator) * scale).
struct IntegerResult {
  std::span<std::int32_t> accumulators = {};
  std::span<float> output = {};
  float scale = 0;
};

/// scale_left * scale_right / samples, each one fp32 rounding; the division by one sample, which all phases
/// but backward_weight have, is exact. Throws when infinite.
float product_scale(float scale_left, float scale_right, unsigned samples);

/// output[i] = f32(f32(accumulators[i]) * scale).
void scale_accumulators(std::span<const std::int32_t> accumulators, float scale, std::span<float> output,
                        SimdPath path = SimdPath::portable);

/// The same, in parallel.
void scale_all(std::span<const std::int32_t> accumulators, float scale, std::span<float> output,
               SimdPath path, base::ThreadPool& pool);

/// The same for sums of any accumulator (numerics.md section 7).
void scale_sums(const traces::Accumulator& accumulator, std::span<const std::int32_t> accumulators,
                float scale, std::span<float> output, SimdPath path, base::ThreadPool& pool);

}  // namespace quatrain::emu
