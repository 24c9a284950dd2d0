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

/// The words of a piece, zeros behind them. What they have in common is found once for all lines of a block.
struct OneAfterTheOther {
  __mmask16 mask;
  template <typename Word>
  QUATRAIN_AVX512 [[gnu::always_inline]] __m512i operator()(const Word* first) const {
    return _mm512_maskz_loadu_epi32(mask, first);
  }
};
struct EverySecond {
  std::size_t count;
  template <typename Word>
  QUATRAIN_AVX512 [[gnu::always_inline]] __m512i operator()(const Word* first) const {
    return every_second(first, count);
  }
};
struct FarApart {
  __mmask16 mask;
  __m512i places;
  template <typename Word>
  QUATRAIN_AVX512 [[gnu::always_inline]] __m512i operator()(const Word* first) const {
    return _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), mask, places, first, 4);
  }
};

/// One piece of every line of a block. A vector may cover what the next piece will overwrite, never what is
/// beyond the line.
template <typename Word, typename Load>
QUATRAIN_AVX512 void gather_piece(const Word* source, std::span<const std::int32_t> outer, std::size_t to,
                                  std::size_t pitch, Word* words, Load load) {
  words += to;
  if (to + vector_words <= pitch) {
    for (const std::int32_t from : outer) {
      _mm512_storeu_si512(words, load(source + from));
      words += pitch;
    }
    return;
  }
  const __mmask16 mask = mask_of(pitch - to);
  for (const std::int32_t from : outer) {
    _mm512_mask_storeu_epi32(words, mask, load(source + from));
    words += pitch;
  }
}

template <typename Word>
QUATRAIN_AVX512 void gather(const Word* source, std::span<const std::int32_t> outer,
                            std::span<const Piece> pieces, std::size_t pitch, Word* words) {
  static_assert(sizeof(Word) == 4);
  for (const Piece& piece : pieces) {
    const Word* const first = source + piece.from;
    const __mmask16 mask = mask_of(piece.count);
    if (piece.stride == 1)
      gather_piece(first, outer, piece.to, pitch, words, OneAfterTheOther{mask});
    else if (piece.stride == 2)
      gather_piece(first, outer, piece.to, pitch, words, EverySecond{piece.count});
    else
      gather_piece(first, outer, piece.to, pitch, words, FarApart{mask, places_apart(piece.stride)});
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
QUATRAIN_AVX512 void scatter(const Word* values, std::size_t columns, std::span<const Piece> pieces,
                             Result* target, std::size_t pitch, Change changed) {
  static_assert(sizeof(Word) == 4 && sizeof(Result) == 4);
  for (const Piece& piece : pieces) {
    const __mmask16 mask = mask_of(piece.count);
    const Word* from = values + piece.to;
    Result* to = target + piece.from;
    for (std::size_t n = 0; n < columns; ++n, from += block_rows, to += pitch) {
      const __m512i some = changed(_mm512_maskz_loadu_epi32(mask, from));
      if (piece.stride == 1)
        _mm512_mask_storeu_epi32(to, mask, some);
      else if (piece.stride == 2)
        store_to_every_second(to, piece.count, some);
      else
        _mm512_mask_i32scatter_epi32(to, mask, places_apart(piece.stride), some, 4);
    }
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
void scatter_columns(const Word* values, std::size_t columns, std::span<const Piece> pieces, Word* target,
                     std::size_t pitch) {
  scatter(values, columns, pieces, target, pitch, AsTheyAre{});
}
void scatter_scaled(const std::int32_t* accumulators, std::size_t columns, std::span<const Piece> pieces,
                    float scale, float* target, std::size_t pitch) {
  scatter(accumulators, columns, pieces, target, pitch, Scaled{scale});
}
template void scatter_columns(const std::int32_t*, std::size_t, std::span<const Piece>, std::int32_t*,
                              std::size_t);
template void scatter_columns(const float*, std::size_t, std::span<const Piece>, float*, std::size_t);

template <typename Word>
void store_lines(const Word* values, std::size_t pitch, std::size_t count,
                 std::span<const std::int64_t> places, Word* target) {
  store_all_lines(values, pitch, count, places, target);
}
template void store_lines(const std::int32_t*, std::size_t, std::size_t, std::span<const std::int64_t>,
                          std::int32_t*);
template void store_lines(const float*, std::size_t, std::size_t, std::span<const std::int64_t>, float*);

}  // namespace quatrain::emu
