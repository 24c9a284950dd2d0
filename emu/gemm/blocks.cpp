#include "emu/gemm/blocks.hpp"

#include "emu/simd/intrinsics.hpp"

namespace quatrain::emu {
namespace {

constexpr __mmask16 mask_of(std::size_t count) { return static_cast<__mmask16>((1U << count) - 1); }

QUATRAIN_AVX512 inline __m512i places_apart(std::int32_t stride) {
  const __m512i numbers = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return _mm512_mullo_epi32(numbers, _mm512_set1_epi32(stride));
}

/// Every second word from `first` on, `count` of them. A load from many places takes longer than these two
/// loads.
QUATRAIN_AVX512 inline __m512i every_second(const void* first, std::size_t count) {
  const std::size_t words = 2 * count - 1, low = std::min(words, vector_words);
  const __m512i numbers = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  return _mm512_permutex2var_epi32(
      _mm512_maskz_loadu_epi32(mask_of(low), first), numbers,
      _mm512_maskz_loadu_epi32(mask_of(words - low),
                               static_cast<const std::uint32_t*>(first) + vector_words));
}

/// The first `count` words to every second place from `first` on.
QUATRAIN_AVX512 inline void store_to_every_second(void* first, std::size_t count, __m512i words) {
  constexpr __mmask16 even = 0x5555;
  const std::size_t low = std::min(count, vector_words / 2);
  const auto some = [](std::size_t of) { return static_cast<__mmask16>(even & mask_of(2 * of)); };
  const __m512i spread = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
  _mm512_mask_storeu_epi32(first, some(low), _mm512_permutexvar_epi32(spread, words));
  _mm512_mask_storeu_epi32(static_cast<std::uint32_t*>(first) + vector_words, some(count - low),
                           _mm512_permutexvar_epi32(_mm512_add_epi32(spread, _mm512_set1_epi32(8)), words));
}

template <typename Word>
QUATRAIN_AVX512 void gather(const Word* source, std::span<const std::int32_t> outer,
                            std::span<const Piece> pieces, std::size_t pitch, Word* words) {
  static_assert(sizeof(Word) == 4);
  for (const std::int32_t from : outer) {
    for (const Piece& piece : pieces) {
      const Word* const first = source + from + piece.from;
      const __mmask16 mask = mask_of(piece.count);
      const __m512i some = piece.stride == 1 ? _mm512_maskz_loadu_epi32(mask, first)
                           : piece.stride == 2
                               ? every_second(first, piece.count)
                               : _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), mask,
                                                             places_apart(piece.stride), first, 4);
      _mm512_storeu_si512(words + piece.to, some);
    }
    words += pitch;
  }
}

struct AsTheyAre {
  QUATRAIN_AVX512 [[gnu::always_inline]] __m512i operator()(__m512i words) const { return words; }
};
/// f32(f32(accumulator) * scale), as in epilogue.hpp.
struct Scaled {
  float scale;
  QUATRAIN_AVX512 [[gnu::always_inline]] __m512i operator()(__m512i accumulators) const {
    return _mm512_castps_si512(_mm512_mul_ps(_mm512_cvtepi32_ps(accumulators), _mm512_set1_ps(scale)));
  }
};

template <typename Word, typename Result, typename Change>
QUATRAIN_AVX512 void scatter(const Word* values, std::span<const Piece> pieces, Result* target,
                             Change changed) {
  static_assert(sizeof(Word) == 4 && sizeof(Result) == 4);
  for (const Piece& piece : pieces) {
    const __m512i some = changed(_mm512_maskz_loadu_epi32(mask_of(piece.count), values + piece.to));
    Result* const first = target + piece.from;
    if (piece.stride == 1)
      _mm512_mask_storeu_epi32(first, mask_of(piece.count), some);
    else if (piece.stride == 2)
      store_to_every_second(first, piece.count, some);
    else
      _mm512_mask_i32scatter_epi32(first, mask_of(piece.count), places_apart(piece.stride), some, 4);
  }
}

template <typename Word>
QUATRAIN_AVX512 void store_all_lines(const Word* values, std::size_t pitch, std::size_t count,
                                     std::span<const std::int64_t> places, Word* target) {
  static_assert(sizeof(Word) == 4 && panel_width == vector_words);
  for (const std::int64_t place : places) {
    const Word* from = values;
    for (std::size_t n = 0; n < count; n += panel_width, from += pitch) {
      const __mmask16 mask = mask_of(std::min(panel_width, count - n));
      _mm512_mask_storeu_epi32(target + place + n, mask, _mm512_maskz_loadu_epi32(mask, from));
    }
    values += panel_width;
  }
}

}  // namespace

template <typename Word>
void gather_block(const Word* source, std::span<const std::int32_t> outer, std::span<const Piece> pieces,
                  std::size_t pitch, Word* words) {
  gather(source, outer, pieces, pitch, words);
}
template void gather_block(const std::uint32_t*, std::span<const std::int32_t>, std::span<const Piece>,
                           std::size_t, std::uint32_t*);
template void gather_block(const float*, std::span<const std::int32_t>, std::span<const Piece>, std::size_t,
                           float*);

template <typename Word>
void scatter_pieces(const Word* values, std::span<const Piece> pieces, Word* target) {
  scatter(values, pieces, target, AsTheyAre{});
}
void scatter_scaled(const std::int32_t* accumulators, std::span<const Piece> pieces, float scale,
                    float* target) {
  scatter(accumulators, pieces, target, Scaled{scale});
}
template void scatter_pieces(const std::int32_t*, std::span<const Piece>, std::int32_t*);
template void scatter_pieces(const float*, std::span<const Piece>, float*);

template <typename Word>
void store_lines(const Word* values, std::size_t pitch, std::size_t count,
                 std::span<const std::int64_t> places, Word* target) {
  store_all_lines(values, pitch, count, places, target);
}
template void store_lines(const std::int32_t*, std::size_t, std::size_t, std::span<const std::int64_t>,
                          std::int32_t*);
template void store_lines(const float*, std::size_t, std::size_t, std::span<const std::int64_t>, float*);

}  // namespace quatrain::emu
