#include "emu/gemm/epilogue.hpp"

#include "traces/base/error.hpp"

#include <cassert>
#include <cmath>
#include <limits>

namespace quatrain::emu {

float product_scale(float scale_left, float scale_right, unsigned samples) {
  const float scale = scale_left * scale_right / static_cast<float>(samples);
  if (!std::isfinite(scale)) throw base::Error("scale out of range: {} * {}", scale_left, scale_right);
  return scale;
}

void scale_accumulators(std::span<const std::int32_t> accumulators, float scale, std::span<float> output) {
  assert(accumulators.size() == output.size() && "one output per accumulator");
  for (std::size_t i = 0; i < output.size(); ++i) output[i] = static_cast<float>(accumulators[i]) * scale;
}

}  // namespace quatrain::emu
