#include "emu/quant/avx2_quantizer_loops.hpp"

#include "emu/simd/dispatch.hpp"
#include "emu/simd/intrinsics.hpp"

#include <algorithm>
#include <array>

namespace quatrain::emu {
namespace {

constexpr std::size_t at_once = 32;  // elements: their codes are one vector

/// Elements are asked for so many places ahead: the processor's own guesses stop at every page.
constexpr std::size_t ahead = 1024;

/// Element 8 k + i is number i of of[k].
struct Elements {
  __m256 of[4];
};

QUATRAIN_AVX2 [[gnu::always_inline]] inline Elements load(const float* x) {
  return {{_mm256_loadu_ps(x), _mm256_loadu_ps(x + 8), _mm256_loadu_ps(x + 16), _mm256_loadu_ps(x + 24)}};
}

QUATRAIN_AVX2 [[gnu::always_inline]] inline void prefetch(const float* x) {
  constexpr std::size_t line = 16;
  for (std::size_t i = 0; i < at_once; i += line)
    _mm_prefetch(reinterpret_cast<const char*>(x + ahead + i), _MM_HINT_T0);
}

/// worker.add(elements) for all of x, 32 at once; zeros fill up the last ones.
template <typename Worker>
QUATRAIN_AVX2 [[gnu::always_inline]] inline void add_all(const float* x, std::size_t count, Worker& worker) {
  std::size_t i = 0;
  for (; i + at_once <= count; i += at_once) {
    prefetch(x + i);
    worker.add(load(x + i));
  }
  if (i == count) return;
  float last[at_once] = {};
  std::copy(x + i, x + count, last);
  worker.add(load(last));
}

/// The same for codes: worker.codes(elements, index of the first). The worker is a copy, which no code that
/// is stored can change.
template <typename Worker>
QUATRAIN_AVX2 [[gnu::always_inline]] inline void make_codes(const float* x, std::size_t count, Worker worker,
                                                            std::uint8_t* codes) {
  std::size_t i = 0;
  for (; i + at_once <= count; i += at_once) {
    prefetch(x + i);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(codes + i), worker.codes(load(x + i), i));
  }
  if (i == count) return;
  float last[at_once] = {};
  std::uint8_t last_codes[at_once];
  std::copy(x + i, x + count, last);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(last_codes), worker.codes(load(last), i));
  std::copy(last_codes, last_codes + (count - i), codes + i);
}

template <typename Word>
QUATRAIN_AVX2 inline std::array<Word, 32 / sizeof(Word)> words_of(const __m256i& vector) {
  std::array<Word, 32 / sizeof(Word)> words;
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(words.data()), vector);
  return words;
}

QUATRAIN_AVX2 [[gnu::always_inline]] inline __m256 magnitude_of(__m256 x) {
  return _mm256_and_ps(x, _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFFFF)));
}

// ---- bytes

/// 32 numbers as bytes, the nearest that 0..255 or -128..127 have to those of -32768..32767. A pack works in
/// each half of its vectors, so that every fourth byte begins four numbers of a half; in_order() puts them in
/// their places.
QUATRAIN_AVX2 [[gnu::always_inline]] inline __m256i unsigned_bytes(const __m256i (&a)[4]) {
  return _mm256_packus_epi16(_mm256_packs_epi32(a[0], a[1]), _mm256_packs_epi32(a[2], a[3]));
}
QUATRAIN_AVX2 [[gnu::always_inline]] inline __m256i signed_bytes(const __m256i (&a)[4]) {
  return _mm256_packs_epi16(_mm256_packs_epi32(a[0], a[1]), _mm256_packs_epi32(a[2], a[3]));
}
QUATRAIN_AVX2 [[gnu::always_inline]] inline __m256i in_order(__m256i bytes) {
  return _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

/// Codes of e, given as e + bias, and the sign of x. Below the bias e is 0, above 7 it is 7.
template <unsigned char bias>
QUATRAIN_AVX2 [[gnu::always_inline]] inline __m256i fp4_codes(const __m256i (&biased)[4], const Elements& x) {
  const __m256i zero = _mm256_set1_epi8(static_cast<char>(bias));
  const __m256i largest = _mm256_set1_epi8(static_cast<char>(bias + 7));
  const __m256i e = _mm256_subs_epu8(_mm256_min_epu8(unsigned_bytes(biased), largest), zero);
  const __m256i negative = _mm256_shuffle_epi8(
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 9, 10, 11, 12, 13, 14, 15, 0, 0, 0, 0, 0, 0, 0, 0)), e);
  const __m256i bits[4] = {_mm256_castps_si256(x.of[0]), _mm256_castps_si256(x.of[1]),
                           _mm256_castps_si256(x.of[2]), _mm256_castps_si256(x.of[3])};
  return in_order(_mm256_blendv_epi8(e, negative, signed_bytes(bits)));  // a byte's sign is that of x
}

// ---- LUQ

/// The thresholds (2 u + 1) 2^(15 - bits) of 32 draws, without their fraction, of 1/2 for 16 bits and none
/// for fewer. In each half of a vector, four numbers belong to one vector of elements and four to the next.
template <unsigned bits>
struct Thresholds {
  static constexpr std::uint16_t fraction = bits == 16 ? 0x8000 : 0;
  __m256i of[2];
};

/// 16 bytes in both halves.
QUATRAIN_AVX2 [[gnu::always_inline]] inline __m256i twice(const std::uint8_t* bytes) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
}

/// The quarters 0, 2, 1, 3 of 32 bytes.
QUATRAIN_AVX2 [[gnu::always_inline]] inline __m256i in_turn(const std::uint8_t* bytes) {
  constexpr int lower_then_upper = 0b1100;
  return _mm256_castpd_si256(_mm256_shuffle_pd(_mm256_castsi256_pd(twice(bytes)),
                                               _mm256_castsi256_pd(twice(bytes + 16)), lower_then_upper));
}

template <unsigned bits>
QUATRAIN_AVX2 [[gnu::always_inline]] inline Thresholds<bits> thresholds_of(const std::uint8_t* bytes) {
  if constexpr (bits == 16) return {{in_turn(bytes), in_turn(bytes + 32)}};
  __m256i lower = _mm256_setzero_si256(), upper;
  if constexpr (bits == 8) {
    upper = _mm256_permutevar8x32_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes)),
                                        _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7));
    lower = _mm256_set1_epi8(static_cast<char>(0x80));
  } else {
    const __m256i pairs = _mm256_shuffle_epi8(
        twice(bytes), _mm256_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 0, 0, 0, 0, 0, 0, 0, 0,  //
                                       2, 3, 6, 7, 10, 11, 14, 15, 0, 0, 0, 0, 0, 0, 0, 0));
    const __m256i nibble = _mm256_set1_epi8(static_cast<char>(0xF0)), middle = _mm256_set1_epi8(8);
    const __m256i first = _mm256_and_si256(_mm256_slli_epi16(pairs, 4), nibble);  // the lower nibble
    const __m256i second = _mm256_and_si256(pairs, nibble);
    upper = _mm256_or_si256(_mm256_unpacklo_epi8(first, second), middle);
  }
  return {{_mm256_unpacklo_epi8(lower, upper), _mm256_unpackhi_epi8(lower, upper)}};
}

/// numerics.md section 3, step 6. From y = 1 on, the bits of y less t (in units of 2^-23) borrow from the
/// exponent unless g >= t. Below 1, z = (y + 1) / 2 stands for y: it has the exponent of 1/2, and its place
/// in that gap is y. The unit of z is 2^-23 for y. Half a unit is taken off before the sum is rounded, so
/// that no y below t is rounded up to t; y = t lies half-way between two units then and goes to the even one,
/// which is t. (y + 1) / 2 is the larger of the two below 1, y from 1 on.
template <unsigned bits>
struct Luq {
  float inverse;
  const std::uint8_t* bytes;

  QUATRAIN_AVX2 [[gnu::always_inline]] __m256i codes(const Elements& x, std::size_t first) const {
    const __m256 half = _mm256_set1_ps(0.5F), below_half = _mm256_set1_ps(0.5F - 0x1p-25F);
    const Thresholds<bits> thresholds = thresholds_of<bits>(bytes + first * bits / 8);
    const __m256i fraction = _mm256_set1_epi16(static_cast<short>(thresholds.fraction));
    __m256i biased[4];
    for (int k = 0; k < 4; ++k) {
      const __m256 y = _mm256_mul_ps(magnitude_of(x.of[k]), _mm256_set1_ps(inverse));
      const __m256 z = _mm256_max_ps(y, _mm256_fmadd_ps(y, half, below_half));
      const __m256i two = thresholds.of[k / 2];
      const __m256i high =
          k % 2 == 0 ? _mm256_unpacklo_epi16(fraction, two) : _mm256_unpackhi_epi16(fraction, two);
      const __m256i t = _mm256_srli_epi32(high, 9);  // in units of 2^-23
      biased[k] = _mm256_srli_epi32(_mm256_sub_epi32(_mm256_castps_si256(z), t), 23);
    }
    return fp4_codes<125>(biased, x);
  }
};

template <unsigned bits>
QUATRAIN_AVX2 void luq_codes(const float* x, std::size_t count, float inverse, const std::uint8_t* bytes,
                             std::uint8_t* codes) {
  make_codes(x, count, Luq<bits>{inverse, bytes}, codes);
}

// ---- nearest

/// Half a gap less a unit is added to the bits of y, and the unit too where the exponent field is odd: there
/// the upper e is even, and a tie goes up. Where 1/2 < y < 1, 1 stands for y: it is the upper level.
struct Nearest {
  float inverse;

  QUATRAIN_AVX2 [[gnu::always_inline]] __m256i codes(const Elements& x, std::size_t) const {
    const __m256 half = _mm256_set1_ps(0.5F), one = _mm256_set1_ps(1);
    const __m256i below_half = _mm256_set1_epi32((1 << 22) - 1), lowest_bit = _mm256_set1_epi32(1);
    __m256i biased[4];
    for (int k = 0; k < 4; ++k) {
      const __m256 y = _mm256_mul_ps(magnitude_of(x.of[k]), _mm256_set1_ps(inverse));
      const __m256 level = _mm256_and_ps(_mm256_cmp_ps(y, half, _CMP_GT_OQ), one);
      const __m256i z = _mm256_castps_si256(_mm256_max_ps(y, level));
      const __m256i is_odd = _mm256_and_si256(_mm256_srli_epi32(z, 23), lowest_bit);
      biased[k] = _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(z, below_half), is_odd), 23);
    }
    return fp4_codes<126>(biased, x);
  }
};

QUATRAIN_AVX2 void nearest_codes(const float* x, std::size_t count, float inverse, std::uint8_t* codes) {
  make_codes(x, count, Nearest{inverse}, codes);
}

// ---- SAWB

struct Sawb {
  float inverse, highest;
  std::int8_t lowest;

  QUATRAIN_AVX2 [[gnu::always_inline]] __m256i codes(const Elements& x, std::size_t) const {
    __m256i whole[4];
    for (int k = 0; k < 4; ++k) {
      const __m256 y = _mm256_mul_ps(x.of[k], _mm256_set1_ps(inverse));
      whole[k] = _mm256_cvtps_epi32(_mm256_min_ps(y, _mm256_set1_ps(highest)));  // far below: -2^31
    }
    const __m256i clamped = _mm256_max_epi8(signed_bytes(whole), _mm256_set1_epi8(lowest));
    return in_order(_mm256_and_si256(clamped, _mm256_set1_epi8(0xF)));
  }
};

QUATRAIN_AVX2 void sawb_codes(const float* x, std::size_t count, Sawb by, std::uint8_t* codes) {
  make_codes(x, count, by, codes);
}

/// With c = m - 2^15, a number of 16 bits: the sums of c, of c^2, and how many m are zero.
struct Sums {
  __m256 to_units;
  __m256i c = {}, zeros = {};
  /// Squares come in pairs, at most 2^31: `squares` adds two of them as one number of 64 bits, `upper` the
  /// upper ones alone.
  __m256i squares = {}, upper = {};

  QUATRAIN_AVX2 [[gnu::always_inline]] void add(const Elements& x) {
    const __m256i none = _mm256_set1_epi16(-0x8000), ones = _mm256_set1_epi16(1);
    for (int k = 0; k < 4; k += 2) {
      constexpr int odd_words = 0xAA;
      const __m256i both =
          _mm256_blend_epi16(centred(x.of[k]), _mm256_slli_epi32(centred(x.of[k + 1]), 16), odd_words);
      const __m256i pairs = _mm256_madd_epi16(both, both);
      squares = _mm256_add_epi64(squares, pairs);
      upper = _mm256_add_epi64(upper, _mm256_srli_epi64(pairs, 32));
      c = _mm256_add_epi32(c, _mm256_madd_epi16(both, ones));
      zeros = _mm256_sub_epi16(zeros, _mm256_cmpeq_epi16(both, none));
    }
  }

 private:
  /// c in the lower 16 bits: the sum's last place is 1, and one rounding makes it.
  QUATRAIN_AVX2 [[gnu::always_inline]] __m256i centred(__m256 x) const {
    const __m256 whole = _mm256_set1_ps(0x1.8p23F - 0x1p15F);
    return _mm256_castps_si256(_mm256_fmadd_ps(magnitude_of(x), to_units, whole));
  }
};

QUATRAIN_AVX2 SawbSums sums_of(const float* x, std::size_t count, float to_units) {
  Sums sums{.to_units = _mm256_set1_ps(to_units)};
  add_all(x, count, sums);
  std::int64_t c = 0;
  std::uint64_t squares = 0, upper = 0, zeros = 0;
  for (const std::int32_t word : words_of<std::int32_t>(sums.c)) c += word;
  for (const std::uint64_t word : words_of<std::uint64_t>(sums.squares)) squares += word;
  for (const std::uint64_t word : words_of<std::uint64_t>(sums.upper)) upper += word;
  for (const std::uint16_t word : words_of<std::uint16_t>(sums.zeros)) zeros += word;
  squares += upper - (upper << 32);  // the upper ones counted 2^32 times
  const std::size_t added = (count + at_once - 1) / at_once * at_once;
  const auto n = static_cast<std::int64_t>(added);
  return {static_cast<std::uint64_t>(c + (n << 15)),
          squares + static_cast<std::uint64_t>((c << 16) + (n << 30)),  // (c + 2^15)^2
          added - zeros};
}

// ---- maximum

/// The largest of x's bits as signed and as unsigned numbers. The first belongs to an element from zero up,
/// the second, from 2^31 on, to one below: there the farthest from zero has the largest bits.
struct Extremes {
  __m256i as_signed = {}, as_unsigned = {};

  QUATRAIN_AVX2 [[gnu::always_inline]] void add(const Elements& x) {
    const __m256i a = _mm256_castps_si256(x.of[0]), b = _mm256_castps_si256(x.of[1]);
    const __m256i c = _mm256_castps_si256(x.of[2]), d = _mm256_castps_si256(x.of[3]);
    as_signed = _mm256_max_epi32(as_signed, _mm256_max_epi32(_mm256_max_epi32(a, b), _mm256_max_epi32(c, d)));
    as_unsigned =
        _mm256_max_epu32(as_unsigned, _mm256_max_epu32(_mm256_max_epu32(a, b), _mm256_max_epu32(c, d)));
  }
};

QUATRAIN_AVX2 Magnitudes extremes_of(const float* x, std::size_t count) {
  Extremes extremes;
  add_all(x, count, extremes);
  const auto from_zero = words_of<std::int32_t>(extremes.as_signed);
  const auto below_zero = words_of<std::uint32_t>(extremes.as_unsigned);
  constexpr std::uint32_t minus_zero = 1U << 31;
  const std::uint32_t farthest = *std::ranges::max_element(below_zero);
  const std::int32_t largest = *std::ranges::max_element(from_zero);
  if (farthest <= minus_zero) return {.largest = largest, .may_be_below_zero = false};
  return {.largest = std::max(largest, static_cast<std::int32_t>(farthest - minus_zero)),
          .may_be_below_zero = true};
}

}  // namespace

void luq_codes_avx2(const float* x, std::size_t count, float inverse, unsigned bits,
                    const std::uint32_t* words, std::uint8_t* codes) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(words);  // little-endian: bit 0 first
  const auto quantize = bits == 16 ? luq_codes<16> : bits == 8 ? luq_codes<8> : luq_codes<4>;
  quantize(x, count, inverse, bytes, codes);
}

void nearest_codes_avx2(const float* x, std::size_t count, float inverse, std::uint8_t* codes) {
  nearest_codes(x, count, inverse, codes);
}

void sawb_codes_avx2(const float* x, std::size_t count, float inverse, float lowest, float highest,
                     std::uint8_t* codes) {
  sawb_codes(x, count, {inverse, highest, static_cast<std::int8_t>(lowest)}, codes);
}

Magnitudes magnitudes_avx2(const float* x, std::size_t count) { return extremes_of(x, count); }

SawbSums sawb_sums_avx2(const float* x, std::size_t count, float to_units) {
  return sums_of(x, count, to_units);
}

}  // namespace quatrain::emu
