#pragma once
/// Bound, scale and output of an integer product (numerics.md section 6).

#include "emu/fault.hpp"
#include "traces/base/error.hpp"
#include "traces/machine.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

namespace quatrain::emu {

/// Throws traces::Error when samples * K * max|a| * max|b| leaves int32; the message states the bound.
void require_exact_int32(const traces::Gemm& gemm, traces::Encoding left, traces::Encoding right,
                         unsigned samples);

template <Fault fault>
float scale_of_product(traces::Phase phase, float scale_left, float scale_right, unsigned samples) {
  float scale = scale_left * scale_right;
  if (phase == traces::Phase::backward_weight && fault != Fault::samples_not_divided)
    scale = scale / static_cast<float>(samples);
  if constexpr (fault == Fault::scale_one_ulp)
    scale = std::nextafter(scale, std::numeric_limits<float>::infinity());
  if (!std::isfinite(scale)) throw traces::Error("scale out of range: {} * {}", scale_left, scale_right);
  return scale;
}

/// scale_left * scale_right, and / samples for backward_weight, each one fp32 rounding. Throws when infinite.
float product_scale(traces::Phase phase, float scale_left, float scale_right, unsigned samples);

/// output[i] = f32(f32(accumulators[i]) * scale).
void scale_accumulators(std::span<const std::int32_t> accumulators, float scale, std::span<float> output);

}  // namespace quatrain::emu
