#include "emu/nn/paper_code.hpp"

#include "emu/nn/sum.hpp"
#include "traces/base/error.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace quatrain::emu {
namespace {

constexpr std::size_t elements_at_once = 1024;
static_assert(elementwise_piece % elements_at_once == 0, "every piece begins with a block of draws");

/// Of weights and inputs alike.
float clip_of(std::span<const float> source) {
  const auto mean_of = [&](const auto& term) {
    const float total = sum_of_chunks(source.size(), [&](std::size_t begin, std::span<float> chunk) {
      for (std::size_t i = 0; i < chunk.size(); ++i) chunk[i] = term(source[begin + i]);
    });
    return total / static_cast<float>(source.size());
  };
  const float of_squares = 12.1F * std::sqrt(mean_of([](float x) { return x * x; }));
  const float of_magnitudes = 12.2F * mean_of([](float x) { return std::fabs(x); });
  return of_squares - of_magnitudes;
}

void quantize_evenly(std::span<const float> source, float low, float high, std::span<float> values,
                     base::ThreadPool& pool) {
  const float step = 2 * clip_of(source) / (high - low);
  for_pieces(pool, source.size(), elementwise_piece, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      values[i] = std::nearbyint(std::clamp(source[i] / step, low, high)) * step;
  });
}

/// 2^floor(log2(x)) of a normal x > 0.
float power_below(float x) { return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & 0x7F800000U); }

float uniform(std::uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24F; }

float gradient_value(float x, float alpha, std::uint32_t of_underflow, std::uint32_t of_rounding) {
  float magnitude = std::fabs(x);
  if (magnitude < alpha) magnitude = uniform(of_underflow) * alpha < magnitude ? alpha : 0;
  if (magnitude == 0) return 0;
  const float g = magnitude / alpha, power = power_below(g);
  const float noisy = g + (uniform(of_rounding) - 0.5F) * power;
  const float rounded = std::max(power, power_below(4.0F / 3 * noisy));
  return std::copysign(rounded, x) * alpha;
}

float largest_of(std::span<const float> gradient, const DrawSource& draws) {
  float largest = -std::numeric_limits<float>::infinity();
  for (const float x : gradient) {
    if (!std::isfinite(x))
      throw base::Error("layer {}, step {}: an element of the gradient is {}; expected finite numbers",
                        draws.c2, draws.c1, std::isnan(x) ? "NaN" : "infinite");
    largest = std::max(largest, x);
  }
  if (largest < 0)
    throw base::Error(
        "layer {}, step {}: the largest element of the gradient is {}; expected 0 or more for "
        "'paper_code'",
        draws.c2, draws.c1, largest);
  return largest;
}

}  // namespace

void quantize_paper_weight(std::span<const float> source, std::span<float> values, base::ThreadPool& pool) {
  quantize_evenly(source, -8, 8, values, pool);
}

bool has_negative(std::span<const float> source) {
  return std::ranges::any_of(source, [](float x) { return x < 0; });
}

void quantize_paper_input(std::span<const float> source, bool is_signed, std::span<float> values,
                          base::ThreadPool& pool) {
  quantize_evenly(source, is_signed ? -8 : 0, 15, values, pool);
}

void quantize_paper_gradient(std::span<const float> source, const DrawSource& draws, SimdPath path,
                             std::span<float> values, base::ThreadPool& pool) {
  const float largest = largest_of(source, draws);
  const float alpha = largest * 0x1p-7F;
  if (alpha == 0) {
    std::ranges::fill(values, 0.0F);
    return;
  }
  for_pieces(pool, source.size(), elementwise_piece, [&](std::size_t begin, std::size_t end) {
    std::array<std::uint32_t, 2 * elements_at_once> words;
    for (; begin < end; begin += elements_at_once) {
      const std::size_t count = std::min(end - begin, elements_at_once);
      draws.fill(static_cast<std::uint32_t>(begin / 2), std::span(words).first((count + 1) / 2 * 4), path);
      for (std::size_t i = 0; i < count; ++i)
        values[begin + i] = gradient_value(source[begin + i], alpha, words[2 * i], words[2 * i + 1]);
    }
  });
}

}  // namespace quatrain::emu
