#include "emu/quant/wide_quantizer_loops.hpp"

#include "emu/simd/dispatch.hpp"
#include "emu/simd/intrinsics.hpp"

#include <algorithm>

namespace quatrain::emu {
namespace {

constexpr std::size_t lanes = 16;

/// Elements are asked for so many places ahead: the processor's own guesses stop at every page.
constexpr std::size_t ahead = 1024;

constexpr __mmask16 first(std::size_t count) { return static_cast<__mmask16>((1U << count) - 1); }

/// The draws of 16 elements, the first of which is `element` (a multiple of 16).
template <unsigned bits>
QUATRAIN_AVX512 [[gnu::always_inline]] inline __m512i draws_of(const std::uint8_t* bytes,
                                                               std::size_t element) {
  const auto* const at = reinterpret_cast<const __m128i*>(bytes + element * bits / 8);
  if constexpr (bits == 16)
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)));
  if constexpr (bits == 8) return _mm512_cvtepu8_epi32(_mm_loadu_si128(at));
  const __m128i pairs = _mm_loadl_epi64(at), nibble = _mm_set1_epi8(0xF);  // the lower nibble comes first
  return _mm512_cvtepu8_epi32(
      _mm_unpacklo_epi8(_mm_and_si128(pairs, nibble), _mm_and_si128(_mm_srli_epi16(pairs, 4), nibble)));
}

/// numerics.md section 3, step 6, as fp4_codes.hpp explains it.
template <unsigned bits>
QUATRAIN_AVX512 void luq_codes(const float* x, std::size_t count, float inverse, const std::uint8_t* bytes,
                               std::uint8_t* codes) {
  const __m512 by = _mm512_set1_ps(inverse), largest = _mm512_set1_ps(64), one = _mm512_set1_ps(1);
  const __m512 unit = _mm512_set1_ps(0x1p-23F);
  const __m512i middle = _mm512_set1_epi32(1 << (22 - bits)), carry = _mm512_set1_epi32(1 << 23);
  const __m512i magnitude = _mm512_set1_epi32(0x7FFFFFFF), sign_bit = _mm512_set1_epi32(8);
  const __m512i bias = _mm512_set1_epi32(126), lowest_level = _mm512_set1_epi32(1);
  for (std::size_t i = 0; i < count; i += lanes) {
    const __mmask16 here = first(std::min(lanes, count - i));
    _mm_prefetch(reinterpret_cast<const char*>(x + i + ahead), _MM_HINT_T0);
    const __m512i element = _mm512_maskz_loadu_epi32(here, x + i);
    const __m512 scaled = _mm512_mul_ps(_mm512_castsi512_ps(_mm512_and_si512(element, magnitude)), by);
    const __m512 y = _mm512_min_ps(scaled, largest);
    // t = (2 u + 1) / 2^(bits + 1), in units of 2^-23
    const __m512i t = _mm512_or_si512(_mm512_slli_epi32(draws_of<bits>(bytes, i), 23 - bits), middle);
    const __m512i carried = _mm512_sub_epi32(_mm512_add_epi32(_mm512_castps_si512(y), carry), t);
    const __m512i rounded = _mm512_sub_epi32(_mm512_srli_epi32(carried, 23), bias);
    const __mmask16 is_below_one = _mm512_cmp_ps_mask(y, one, _CMP_LT_OQ);
    const __mmask16 goes_up = _mm512_cmp_ps_mask(y, _mm512_mul_ps(_mm512_cvtepi32_ps(t), unit), _CMP_GE_OQ);
    __m512i level = _mm512_maskz_mov_epi32(static_cast<__mmask16>(~is_below_one), rounded);
    level = _mm512_mask_mov_epi32(level, static_cast<__mmask16>(is_below_one & goes_up), lowest_level);
    const __m512i sign = _mm512_and_si512(_mm512_srli_epi32(element, 28), sign_bit);
    const __m512i code = _mm512_maskz_or_epi32(_mm512_test_epi32_mask(level, level), level, sign);
    _mm512_mask_cvtepi32_storeu_epi8(codes + i, here, code);
  }
}

QUATRAIN_AVX512 void sawb_codes(const float* x, std::size_t count, float inverse, float lowest, float highest,
                                std::uint8_t* codes) {
  const __m512 by = _mm512_set1_ps(inverse), low = _mm512_set1_ps(lowest), high = _mm512_set1_ps(highest);
  const __m512i nibble = _mm512_set1_epi32(0xF);
  for (std::size_t i = 0; i < count; i += lanes) {
    const __mmask16 here = first(std::min(lanes, count - i));
    _mm_prefetch(reinterpret_cast<const char*>(x + i + ahead), _MM_HINT_T0);
    const __m512 scaled = _mm512_mul_ps(_mm512_maskz_loadu_ps(here, x + i), by);
    const __m512 clamped = _mm512_min_ps(_mm512_max_ps(scaled, low), high);
    const __m512i code = _mm512_cvt_roundps_epi32(clamped, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm512_mask_cvtepi32_storeu_epi8(codes + i, here, _mm512_and_si512(code, nibble));
  }
}

QUATRAIN_AVX512 Magnitudes magnitudes_of_all(const float* x, std::size_t count) {
  const __m512i mask = _mm512_set1_epi32(0x7FFFFFFF), zero = _mm512_setzero_si512();
  __m512i magnitude = zero, below_zero = zero;
  for (std::size_t i = 0; i < count; i += lanes) {
    _mm_prefetch(reinterpret_cast<const char*>(x + i + ahead), _MM_HINT_T0);
    const __m512i bits = _mm512_maskz_loadu_epi32(first(std::min(lanes, count - i)), x + i);
    const __m512i absolute = _mm512_and_si512(bits, mask);
    magnitude = _mm512_max_epi32(magnitude, absolute);
    // the sign bit stays where the magnitude is not zero
    below_zero = _mm512_or_si512(below_zero, _mm512_and_si512(bits, _mm512_sub_epi32(zero, absolute)));
  }
  return {.largest = _mm512_reduce_max_epi32(magnitude),
          .may_be_below_zero = _mm512_reduce_or_epi32(below_zero) < 0};
}

QUATRAIN_AVX512 SawbSums sums_of(const float* x, std::size_t count, float to_units) {
  const __m512 by = _mm512_set1_ps(to_units);
  const __m512i mask = _mm512_set1_epi32(0x7FFFFFFF), one = _mm512_set1_epi32(1);
  __m512i sum1 = _mm512_setzero_si512(), above_zero = sum1, even = sum1, odd = sum1;
  for (std::size_t i = 0; i < count; i += lanes) {
    _mm_prefetch(reinterpret_cast<const char*>(x + i + ahead), _MM_HINT_T0);
    const __m512i bits = _mm512_maskz_loadu_epi32(first(std::min(lanes, count - i)), x + i);
    const __m512 scaled = _mm512_mul_ps(_mm512_castsi512_ps(_mm512_and_si512(bits, mask)), by);
    // A power of two times a float: the one rounding is the one to an integer.
    const __m512i m = _mm512_cvt_roundps_epi32(scaled, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m512i m_odd = _mm512_srli_epi64(m, 32);
    sum1 = _mm512_add_epi32(sum1, m);
    even = _mm512_add_epi64(even, _mm512_mul_epu32(m, m));
    odd = _mm512_add_epi64(odd, _mm512_mul_epu32(m_odd, m_odd));
    above_zero = _mm512_add_epi32(above_zero, _mm512_min_epu32(m, one));
  }
  const __m512i low = _mm512_set1_epi64(0xFFFFFFFF);
  const __m512i both = _mm512_add_epi64(_mm512_and_si512(sum1, low), _mm512_srli_epi64(sum1, 32));
  return {static_cast<std::uint64_t>(_mm512_reduce_add_epi64(both)),
          static_cast<std::uint64_t>(_mm512_reduce_add_epi64(_mm512_add_epi64(even, odd))),
          static_cast<std::uint64_t>(_mm512_reduce_add_epi32(above_zero))};
}

}  // namespace

void luq_codes_wide(const float* x, std::size_t count, float inverse, unsigned bits,
                    const std::uint32_t* words, std::uint8_t* codes) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(words);  // little-endian: bit 0 first
  const auto quantize = bits == 16 ? luq_codes<16> : bits == 8 ? luq_codes<8> : luq_codes<4>;
  quantize(x, count, inverse, bytes, codes);
}

void sawb_codes_wide(const float* x, std::size_t count, float inverse, float lowest, float highest,
                     std::uint8_t* codes) {
  sawb_codes(x, count, inverse, lowest, highest, codes);
}

Magnitudes magnitudes_wide(const float* x, std::size_t count) { return magnitudes_of_all(x, count); }

SawbSums sawb_sums_wide(const float* x, std::size_t count, float to_units) {
  return sums_of(x, count, to_units);
}

}  // namespace quatrain::emu
