#include "emu/gemm/inner_loops.hpp"

#include <bit>
#include <immintrin.h>

namespace quatrain::emu {
namespace {

/// columns = 8 * vectors
template <std::size_t vectors, BorderTerms border>
[[gnu::target("avx2,fma")]] void add_with_avx2(const float* left, const std::int32_t* rows,
                                               const PanelSteps<float>& steps, float* tile) {
  const std::int32_t* const offsets = steps.offsets.data();
  const float* panel = steps.panel;
  const std::size_t step_count = steps.offsets.size();
  const float* row[tile_rows];
  __m256 sum[tile_rows][vectors];
#pragma GCC unroll 6
  for (std::size_t r = 0; r < tile_rows; ++r) {
    row[r] = left + rows[r];
#pragma GCC unroll 2
    for (std::size_t v = 0; v < vectors; ++v) sum[r][v] = _mm256_loadu_ps(tile + r * tile_pitch + 8 * v);
  }
  const __m256i mark = _mm256_set1_epi32(static_cast<int>(border_mark));
  for (std::size_t s = 0; s < step_count; ++s) {
    __m256 right[vectors];
#pragma GCC unroll 2
    for (std::size_t v = 0; v < vectors; ++v, panel += 8) right[v] = _mm256_loadu_ps(panel);
#pragma GCC unroll 6
    for (std::size_t r = 0; r < tile_rows; ++r) {
      const __m256 value = _mm256_broadcast_ss(row[r] + offsets[s]);
#pragma GCC unroll 2
      for (std::size_t v = 0; v < vectors; ++v) {
        const __m256 next = _mm256_fmadd_ps(value, right[v], sum[r][v]);
        if constexpr (border == BorderTerms::add_zero) {
          sum[r][v] = next;
        } else {
          const __m256i is_border = _mm256_cmpeq_epi32(_mm256_castps_si256(value), mark);
          sum[r][v] = _mm256_blendv_ps(next, sum[r][v], _mm256_castsi256_ps(is_border));
        }
      }
    }
  }
#pragma GCC unroll 6
  for (std::size_t r = 0; r < tile_rows; ++r)
#pragma GCC unroll 2
    for (std::size_t v = 0; v < vectors; ++v) _mm256_storeu_ps(tile + r * tile_pitch + 8 * v, sum[r][v]);
}

/// fma(a, b, c) of fp32 from fp64 operations: the product is exact; the sum is rounded to odd (to the odd one
/// of its two neighbours, where it is not exact), and an odd result with two bits or more to spare rounds to
/// fp32 as the exact one would (Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums", 2008).
float fused(float a, float b, float c) {
  const double product = double{a} * double{b}, addend = double{c};
  const double sum = product + addend;
  const double part = sum - product;
  const double error = (product - (sum - part)) + (addend - part);  // exact; NaN where the sum is not finite
  const auto bits = std::bit_cast<std::int64_t>(sum);
  const bool away_from_zero = (error > 0) == (sum > 0);
  const bool needs_odd = (error > 0 || error < 0) && (bits & 1) == 0;
  const std::int64_t odd = bits + (needs_odd ? (away_from_zero ? 1 : -1) : 0);
  return static_cast<float>(std::bit_cast<double>(odd));
}

/// sums[n] = fma(a, b[n], sums[n]). The exact sum lies within one part in 2^52 of the fp64 one: where both
/// ends of that range round to the same fp32, so does everything between; else (1 in 2^27, or NaN) fused
/// decides.
template <std::size_t columns>
void add_fused(float a, const float* b, float* sums) {
  float low[columns], high[columns];
  for (std::size_t n = 0; n < columns; ++n) {
    const double sum = double{a} * double{b[n]} + double{sums[n]};
    low[n] = static_cast<float>(sum * (1 - 0x1p-52));
    high[n] = static_cast<float>(sum * (1 + 0x1p-52));
  }
  std::int32_t differing = 0;
  for (std::size_t n = 0; n < columns; ++n) differing |= low[n] == high[n] ? 0 : 1;
  if (differing == 0) {
    for (std::size_t n = 0; n < columns; ++n) sums[n] = low[n];
  } else {
    for (std::size_t n = 0; n < columns; ++n) sums[n] = fused(a, b[n], sums[n]);
  }
}

template <std::size_t columns, BorderTerms border>
void add_portably(const float* left, const std::int32_t* rows, const PanelSteps<float>& steps, float* tile) {
  const float* panel = steps.panel;
  for (std::size_t s = 0; s < steps.offsets.size(); ++s, panel += columns)
    for (std::size_t r = 0; r < tile_rows; ++r) {
      const float value = left[rows[r] + steps.offsets[s]];
      if (border == BorderTerms::skip && std::bit_cast<std::uint32_t>(value) == border_mark) continue;
      add_fused<columns>(value, panel, tile + r * tile_pitch);
    }
}

}  // namespace

void add_fp32_products(const float* left, const std::int32_t* rows, const PanelSteps<float>& steps,
                       BorderTerms border, float* tile, SimdPath path) {
  const auto with = [&]<std::size_t vectors, BorderTerms terms>() {
    const auto add = has_avx2(path) ? add_with_avx2<vectors, terms> : add_portably<8 * vectors, terms>;
    add(left, rows, steps, tile);
  };
  if (steps.columns == 8)
    border == BorderTerms::skip ? with.template operator()<1, BorderTerms::skip>()
                                : with.template operator()<1, BorderTerms::add_zero>();
  else
    border == BorderTerms::skip ? with.template operator()<2, BorderTerms::skip>()
                                : with.template operator()<2, BorderTerms::add_zero>();
}

}  // namespace quatrain::emu
