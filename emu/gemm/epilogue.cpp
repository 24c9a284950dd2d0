#include "emu/gemm/epilogue.hpp"

#include "traces/base/error.hpp"

#include <cassert>
#include <cmath>
#include <limits>

namespace quatrain::emu {

void require_exact_int32(const traces::Gemm& gemm, traces::Encoding left, traces::Encoding right,
                         unsigned samples) {
  const std::int64_t k = traces::gemm_size(gemm.phase, gemm.geometry).k;
  const std::int64_t product =
      std::int64_t{traces::largest_magnitude(left)} * traces::largest_magnitude(right);
  const std::int64_t most = std::numeric_limits<std::int32_t>::max() / product;  // 448 K or 960 K must fit
  if (k > most / samples)
    throw traces::Error("k = {} with {} sample(s) of {} x {} may leave int32: at most {} terms expected", k,
                        samples, name_of(left), name_of(right), most);
}

float product_scale(traces::Phase phase, float scale_left, float scale_right, unsigned samples) {
  float scale = scale_left * scale_right;
  if (phase == traces::Phase::backward_weight) scale = scale / static_cast<float>(samples);
  if (!std::isfinite(scale)) throw traces::Error("scale out of range: {} * {}", scale_left, scale_right);
  return scale;
}

void scale_accumulators(std::span<const std::int32_t> accumulators, float scale, std::span<float> output) {
  assert(accumulators.size() == output.size() && "one output an accumulator");
  for (std::size_t i = 0; i < output.size(); ++i) output[i] = static_cast<float>(accumulators[i]) * scale;
}

}  // namespace quatrain::emu
