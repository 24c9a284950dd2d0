#include "emu/gemm/words.hpp"

#include <algorithm>
#include <immintrin.h>

namespace quatrain::emu {
namespace {

constexpr std::size_t square = 8;

template <typename Word>
[[gnu::target("avx2")]] void transpose_square(const Word* source, std::size_t source_pitch, Word* target,
                                              std::size_t target_pitch) {
  __m256 row[square], pair[square], quad[square];
  for (std::size_t i = 0; i < square; ++i)
    row[i] = _mm256_loadu_ps(reinterpret_cast<const float*>(source + i * source_pitch));
  for (std::size_t i = 0; i < square; i += 2) {
    pair[i] = _mm256_unpacklo_ps(row[i], row[i + 1]);
    pair[i + 1] = _mm256_unpackhi_ps(row[i], row[i + 1]);
  }
  for (std::size_t i = 0; i < square; i += 4)
    for (std::size_t half = 0; half < 2; ++half) {
      quad[i + 2 * half] = _mm256_shuffle_ps(pair[i + half], pair[i + half + 2], 0x44);
      quad[i + 2 * half + 1] = _mm256_shuffle_ps(pair[i + half], pair[i + half + 2], 0xEE);
    }
  for (std::size_t i = 0; i < 4; ++i) {
    _mm256_storeu_ps(reinterpret_cast<float*>(target + i * target_pitch),
                     _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x20));
    _mm256_storeu_ps(reinterpret_cast<float*>(target + (i + 4) * target_pitch),
                     _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x31));
  }
}

using Lanes = std::array<const std::uint8_t*, 4>;

#define QUATRAIN_AVX2_INLINE [[gnu::target("avx2"), gnu::always_inline]] inline

/// Where the codes of four lanes stand, and the bytes of each lane's codes: those of a null lane are all
/// that of code 0.
struct TabledLanes {
  const std::uint8_t* codes[4];
  __m128i values[4];

  [[gnu::target("avx2")]] TabledLanes(const Lanes& lanes, const ByteTable& table) {
    for (std::size_t lane = 0; lane < 4; ++lane) {
      codes[lane] = lanes[lane] == nullptr ? lanes[0] : lanes[lane];
      values[lane] = lanes[lane] == nullptr ? _mm_set1_epi8(static_cast<char>(table[0]))
                                            : _mm_loadu_si128(reinterpret_cast<const __m128i*>(table.data()));
    }
  }
};

/// Codes `pitch` apart, 1 or 2; reads nothing beyond the last one.
template <std::size_t pitch>
QUATRAIN_AVX2_INLINE __m128i load_16(const std::uint8_t* codes) {
  const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes));
  if (pitch == 1) return low;
  const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes + 15));
  return _mm_packus_epi16(_mm_and_si128(low, _mm_set1_epi16(0xFF)), _mm_srli_epi16(high, 8));
}
template <std::size_t pitch>
QUATRAIN_AVX2_INLINE __m128i load_8(const std::uint8_t* codes) {
  const __m128i low = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes));
  if (pitch == 1) return low;
  const __m128i high = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes + 7));
  return _mm_shuffle_epi8(_mm_unpacklo_epi64(low, high),
                          _mm_setr_epi8(0, 2, 4, 6, 9, 11, 13, 15, 0, 0, 0, 0, 0, 0, 0, 0));
}

/// first: in codes, of each lane.
template <std::size_t pitch>
QUATRAIN_AVX2_INLINE void interleave_8(const TabledLanes& lanes, std::size_t first, std::uint32_t* target) {
  __m128i byte[4];
  for (std::size_t lane = 0; lane < 4; ++lane)
    byte[lane] = _mm_shuffle_epi8(lanes.values[lane], load_8<pitch>(lanes.codes[lane] + first));
  const __m128i low01 = _mm_unpacklo_epi8(byte[0], byte[1]), low23 = _mm_unpacklo_epi8(byte[2], byte[3]);
  auto* out = reinterpret_cast<__m128i*>(target);
  _mm_storeu_si128(out + 0, _mm_unpacklo_epi16(low01, low23));
  _mm_storeu_si128(out + 1, _mm_unpackhi_epi16(low01, low23));
}

template <std::size_t pitch>
QUATRAIN_AVX2_INLINE void interleave_16(const TabledLanes& lanes, std::size_t first, std::uint32_t* target) {
  __m128i byte[4];
  for (std::size_t lane = 0; lane < 4; ++lane)
    byte[lane] = _mm_shuffle_epi8(lanes.values[lane], load_16<pitch>(lanes.codes[lane] + first));
  const __m128i low01 = _mm_unpacklo_epi8(byte[0], byte[1]), low23 = _mm_unpacklo_epi8(byte[2], byte[3]);
  const __m128i high01 = _mm_unpackhi_epi8(byte[0], byte[1]), high23 = _mm_unpackhi_epi8(byte[2], byte[3]);
  auto* out = reinterpret_cast<__m128i*>(target);
  _mm_storeu_si128(out + 0, _mm_unpacklo_epi16(low01, low23));
  _mm_storeu_si128(out + 1, _mm_unpackhi_epi16(low01, low23));
  _mm_storeu_si128(out + 2, _mm_unpacklo_epi16(high01, high23));
  _mm_storeu_si128(out + 3, _mm_unpackhi_epi16(high01, high23));
}

QUATRAIN_AVX2_INLINE void interleave_32(const TabledLanes& lanes, std::size_t first, std::uint32_t* target) {
  __m256i byte[4];
  for (std::size_t lane = 0; lane < 4; ++lane)
    byte[lane] =
        _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(lanes.values[lane]),
                            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(lanes.codes[lane] + first)));
  const __m256i low01 = _mm256_unpacklo_epi8(byte[0], byte[1]),
                low23 = _mm256_unpacklo_epi8(byte[2], byte[3]);
  const __m256i high01 = _mm256_unpackhi_epi8(byte[0], byte[1]),
                high23 = _mm256_unpackhi_epi8(byte[2], byte[3]);
  // Each holds words 4 j .. 4 j + 3 and 16 + 4 j ..: the halves of a vector are separate.
  const __m256i words[4] = {_mm256_unpacklo_epi16(low01, low23), _mm256_unpackhi_epi16(low01, low23),
                            _mm256_unpacklo_epi16(high01, high23), _mm256_unpackhi_epi16(high01, high23)};
  auto* out = reinterpret_cast<__m256i*>(target);
  _mm256_storeu_si256(out + 0, _mm256_permute2x128_si256(words[0], words[1], 0x20));
  _mm256_storeu_si256(out + 1, _mm256_permute2x128_si256(words[2], words[3], 0x20));
  _mm256_storeu_si256(out + 2, _mm256_permute2x128_si256(words[0], words[1], 0x31));
  _mm256_storeu_si256(out + 3, _mm256_permute2x128_si256(words[2], words[3], 0x31));
}

/// Lines of at least 8 codes: 32, 16 or 8 words at a time, the last ones perhaps twice.
template <std::size_t pitch>
[[gnu::target("avx2")]] void interleave_fast(const Lanes& lanes, const CodeLines& lines,
                                             const ByteTable& table, std::uint32_t* target) {
  const TabledLanes tabled(lanes, table);
  for (std::size_t line = 0; line < lines.lines; ++line, target += lines.target_pitch) {
    const std::size_t first = line * lines.line_pitch, codes = lines.codes;
    const auto do_8 = [&](std::size_t i) __attribute__((always_inline, target("avx2"))) {
      interleave_8<pitch>(tabled, first + i * pitch, target + i);
    };
    const auto do_16 = [&](std::size_t i) __attribute__((always_inline, target("avx2"))) {
      interleave_16<pitch>(tabled, first + i * pitch, target + i);
    };
    std::size_t i = 0;
    if (pitch == 1)
      for (; i + 32 <= codes; i += 32) interleave_32(tabled, first + i, target + i);
    for (; i + 16 <= codes; i += 16) do_16(i);
    if (i == codes) continue;
    if (codes >= 16) {
      do_16(codes - 16);
      continue;
    }
    do_8(0);
    if (codes > 8) do_8(codes - 8);
  }
}

#undef QUATRAIN_AVX2_INLINE

/// 8 words at a time, the last ones perhaps twice; returns how many were done: all, or none of less than 8.
[[gnu::target("avx2")]] std::size_t gather_fast(const std::uint8_t* codes, std::size_t words,
                                                const ByteTable& table, std::uint32_t* target) {
  if (words < 8) return 0;
  const __m256i values =
      _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table.data())));
  const auto gather_8 = [&](std::size_t i) __attribute__((always_inline, target("avx2"))) {
    const __m256i some = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + 4 * i));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(target + i), _mm256_shuffle_epi8(values, some));
  };
  for (std::size_t i = 0; i + 8 <= words; i += 8) gather_8(i);
  if (words % 8 != 0) gather_8(words - 8);
  return words;
}

}  // namespace

template <typename Word>
void transpose_words(const Word* source, std::size_t rows, std::size_t columns, std::size_t source_pitch,
                     Word* target, std::size_t target_pitch, SimdPath path) {
  static_assert(sizeof(Word) == 4);
  const bool fast = has_avx2(path);
  const std::size_t fast_rows = fast ? rows / square * square : 0;
  const std::size_t fast_columns = fast ? columns / square * square : 0;
  for (std::size_t row = 0; row < fast_rows; row += square)
    for (std::size_t column = 0; column < fast_columns; column += square)
      transpose_square(source + row * source_pitch + column, source_pitch,
                       target + column * target_pitch + row, target_pitch);
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t column = row < fast_rows ? fast_columns : 0; column < columns; ++column)
      target[column * target_pitch + row] = source[row * source_pitch + column];
}
template void transpose_words(const float*, std::size_t, std::size_t, std::size_t, float*, std::size_t,
                              SimdPath);
template void transpose_words(const std::int32_t*, std::size_t, std::size_t, std::size_t, std::int32_t*,
                              std::size_t, SimdPath);
template void transpose_words(const std::uint32_t*, std::size_t, std::size_t, std::size_t, std::uint32_t*,
                              std::size_t, SimdPath);

void interleave_codes(const Lanes& lanes, std::size_t count, const ByteTable& table, std::uint32_t* target,
                      SimdPath path) {
  interleave_lines(lanes, {.lines = 1, .codes = count}, table, target, path);
}

void interleave_lines(const Lanes& lanes, const CodeLines& lines, const ByteTable& table,
                      std::uint32_t* target, SimdPath path) {
  if (has_avx2(path) && lines.codes >= 8 && lines.code_pitch <= 2)
    return (lines.code_pitch == 1 ? interleave_fast<1> : interleave_fast<2>)(lanes, lines, table, target);
  for (std::size_t line = 0; line < lines.lines; ++line, target += lines.target_pitch)
    for (std::size_t i = 0; i < lines.codes; ++i) {
      const std::size_t at = line * lines.line_pitch + i * lines.code_pitch;
      std::uint32_t word = 0;
      for (unsigned lane = 0; lane < 4; ++lane)
        word |= std::uint32_t{table[lanes[lane] == nullptr ? 0 : lanes[lane][at]]} << (8 * lane);
      target[i] = word;
    }
}

void gather_codes(const std::uint8_t* codes, std::size_t count, const ByteTable& table, std::uint32_t* target,
                  SimdPath path) {
  std::size_t i = has_avx2(path) ? gather_fast(codes, count / 4, table, target) : 0;
  for (; 4 * i < count; ++i) {
    std::uint32_t word = 0;
    for (unsigned lane = 0; lane < 4; ++lane)
      word |= std::uint32_t{table[4 * i + lane < count ? codes[4 * i + lane] : 0]} << (8 * lane);
    target[i] = word;
  }
}

}  // namespace quatrain::emu
