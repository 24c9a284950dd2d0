#pragma once
/// fp32 products by the table of numerics.md section 6, one fma chain over k (section 8).

#include "emu/gemm/reference.hpp"

#include <cmath>
#include <span>

namespace quatrain::tests {

/// result: overwritten.
inline void multiply_fp32_reference(const traces::Gemm& gemm, std::span<const float> left,
                                    std::span<const float> right, std::span<float> result) {
  for (float& element : result) element = 0.0F;
  emu::DirectProduct(gemm).run(left, right, result,
                               [](float sum, float a, float b) { return std::fma(a, b, sum); });
}

}  // namespace quatrain::tests
