#pragma once
/// Bound and scale of a product (numerics.md section 6).

#include "emu/fault.hpp"
#include "emu/gemm/integer_gemm.hpp"
#include "traces/base/error.hpp"

#include <cmath>
#include <limits>

namespace quatrain::emu {

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

}  // namespace quatrain::emu
