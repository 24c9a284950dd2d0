#include "emu/gemm/epilogue.hpp"

#include "traces/base/error.hpp"

#include <bit>
#include <cassert>
#include <cmath>
#include <limits>

namespace quatrain::emu {

float product_scale(float scale_left, float scale_right, unsigned samples) {
  const float scale = scale_left * scale_right / static_cast<float>(samples);
  if (!std::isfinite(scale)) throw base::Error("scale out of range: {} * {}", scale_left, scale_right);
  return scale;
}

void scale_accumulators(std::span<const std::int32_t> accumulators, float scale, std::span<float> output,
                        SimdPath path) {
  assert(accumulators.size() == output.size() && "one output per accumulator");
  const std::int32_t* const from = accumulators.data();
  float* const to = output.data();
  const std::size_t count = output.size();
  on_path(
      path, [=]() __attribute__((always_inline)) {
        for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]) * scale;
      });
}

void scale_all(std::span<const std::int32_t> accumulators, float scale, std::span<float> output,
               SimdPath path, base::ThreadPool& pool) {
  for_pieces(pool, output.size(), 16384, [&](std::size_t begin, std::size_t end) {
    scale_accumulators(accumulators.subspan(begin, end - begin), scale, output.subspan(begin, end - begin),
                       path);
  });
}

void scale_sums(const traces::Accumulator& accumulator, std::span<const std::int32_t> accumulators,
                float scale, std::span<float> output, SimdPath path, base::ThreadPool& pool) {
  if (!accumulator.is_float()) return scale_all(accumulators, scale, output, path, pool);
  for (std::size_t i = 0; i < output.size(); ++i) {
    const float product = std::bit_cast<float>(accumulators[i]) * scale;
    output[i] = std::isnan(product) ? std::bit_cast<float>(0x7FC00000U) : product;
  }
}

}  // namespace quatrain::emu
