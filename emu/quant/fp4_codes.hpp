#pragma once
/// What LUQ and nearest_fp4 share: the way of a tensor, and the loop of numerics.md section 3, step 6, on the
/// bits of y: a threshold in units of 2^-23 decides between two neighbouring powers of two. With y = 2^q (1 +
/// g), g's 23 bits reach the threshold exactly when adding 2^23 - threshold to y's bits carries into the
/// exponent.

#include "emu/quant/measure.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace quatrain::emu {

inline constexpr std::size_t fp4_block_elements = 1024;  // stays in the first cache

/// thresholds.at(i, bits of y) for y >= 1, in 1..2^23 - 1 units: g at or above it goes up.
/// thresholds.below_one(i) for y < 1, where floats are finer than the unit; `tie_goes_up` says what equality
/// does. count <= fp4_block_elements; codes: one per byte.
template <bool tie_goes_up, typename Thresholds>
[[gnu::always_inline]] inline void fp4_codes(const float* x, std::size_t count, float inverse,
                                             const Thresholds& thresholds, std::uint8_t* codes) {
  std::int32_t wide[fp4_block_elements];  // int32 lanes throughout: one vector width
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<std::int32_t>(x[i]);
    const float magnitude = std::bit_cast<float>(bits & 0x7FFFFFFF);
    const float scaled = magnitude * inverse;
    const float y = scaled < 64.0F ? scaled : 64.0F;  // at 64 nothing carries: e = 7
    const auto y_bits = std::bit_cast<std::int32_t>(y);
    const std::int32_t at = thresholds.at(i, y_bits);
    const std::int32_t rounded = ((y_bits + (1 << 23) - at) >> 23) - 126;  // q + 1, q + 2
    const float t = thresholds.below_one(i);
    const std::int32_t underflow = (tie_goes_up ? y >= t : y > t) ? 1 : 0;
    const std::int32_t e = y >= 1.0F ? rounded : underflow;
    const std::int32_t sign = (bits >> 28) & 8;
    wide[i] = e == 0 ? 0 : e | sign;
  }
  for (std::size_t i = 0; i < count; ++i) codes[i] = static_cast<std::uint8_t>(wide[i]);
}

/// Section 3 but for the codes: block(first element, x, inverse, codes) makes those of up to
/// fp4_block_elements elements.
template <typename Block>
void quantize_fp4(std::span<const float> x, const Fp4Maximum& maximum, base::ThreadPool& pool,
                  QuantizedTensor& out, const Block& block) {
  if (out.scale == 0) return;
  const float inverse = 64.0F / maximum.rounded;
  for_pieces(pool, x.size(), piece_elements, [&](std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end; at += fp4_block_elements)
      block(at, x.subspan(at, std::min(fp4_block_elements, end - at)), inverse, &out.codes[at]);
  });
}

}  // namespace quatrain::emu
