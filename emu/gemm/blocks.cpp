#include "emu/gemm/blocks.hpp"

#include "emu/simd/intrinsics.hpp"

namespace quatrain::emu {
namespace {

constexpr __mmask16 mask_of(std::size_t count) { return static_cast<__mmask16>((1U << count) - 1); }

QUATRAIN_AVX512 inline __m512i places_apart(std::int32_t stride) {
  const __m512i numbers = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return _mm512_mullo_epi32(numbers, _mm512_set1_epi32(stride));
}

// The words of a piece, loaded with zeros behind them, and stored. What they have in common is found once for
// all lines of a block.

struct OneAfterTheOther {
  __mmask16 mask;
  explicit OneAfterTheOther(const Piece& piece) : mask(mask_of(piece.count)) {}

  QUATRAIN_AVX512 [[gnu::always_inline]] __m512i load(const void* first) const {
    return _mm512_maskz_loadu_epi32(mask, first);
  }
  QUATRAIN_AVX512 [[gnu::always_inline]] void store(void* first, __m512i words) const {
    _mm512_mask_storeu_epi32(first, mask, words);
  }
};

/// Two loads or stores take less time than one to many places.
struct EverySecond {
  __mmask16 low, high;  ///< of the words from the first to the last, those between them included
  explicit EverySecond(const Piece& piece) {
    const std::size_t words = 2 * piece.count - 1U, here = std::min(words, vector_words);
    low = mask_of(here), high = mask_of(words - here);
  }

  QUATRAIN_AVX512 [[gnu::always_inline]] __m512i load(const void* first) const {
    const __m512i numbers = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    return _mm512_permutex2var_epi32(
        _mm512_maskz_loadu_epi32(low, first), numbers,
        _mm512_maskz_loadu_epi32(high, static_cast<const std::uint32_t*>(first) + vector_words));
  }
  QUATRAIN_AVX512 [[gnu::always_inline]] void store(void* first, __m512i words) const {
    constexpr __mmask16 even = 0x5555;
    const __m512i spread = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    _mm512_mask_storeu_epi32(first, low & even, _mm512_permutexvar_epi32(spread, words));
    _mm512_mask_storeu_epi32(static_cast<std::uint32_t*>(first) + vector_words, high & even,
                             _mm512_permutexvar_epi32(_mm512_add_epi32(spread, _mm512_set1_epi32(8)), words));
  }
};

struct FarApart {
  __mmask16 mask;
  std::int32_t stride;
  explicit FarApart(const Piece& piece) : mask(mask_of(piece.count)), stride(piece.stride) {}

  QUATRAIN_AVX512 [[gnu::always_inline]] __m512i load(const void* first) const {
    return _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), mask, places_apart(stride), first, 4);
  }
  QUATRAIN_AVX512 [[gnu::always_inline]] void store(void* first, __m512i words) const {
    _mm512_mask_i32scatter_epi32(first, mask, places_apart(stride), words, 4);
  }
};

/// visit(OneAfterTheOther, EverySecond or FarApart)
template <typename Visit>
QUATRAIN_AVX512 [[gnu::always_inline]] inline void with_places_of(const Piece& piece, const Visit& visit) {
  if (piece.stride == 1)
    visit(OneAfterTheOther(piece));
  else if (piece.stride == 2)
    visit(EverySecond(piece));
  else
    visit(FarApart(piece));
}

/// One piece of every line of a block. A vector may cover what the next piece will overwrite, never what is
/// beyond the line.
template <typename Word>
struct GatherPiece {
  const Word* source;
  std::span<const std::int32_t> outer;
  std::size_t pitch, room;  ///< room: from the piece's first word to the end of a line
  Word* words;

  template <typename Places>
  QUATRAIN_AVX512 void operator()(const Places& places) const {
    Word* to = words;
    if (room >= vector_words) {
      for (const std::int32_t from : outer) {
        _mm512_storeu_si512(to, places.load(source + from));
        to += pitch;
      }
      return;
    }
    const __mmask16 mask = mask_of(room);
    for (const std::int32_t from : outer) {
      _mm512_mask_storeu_epi32(to, mask, places.load(source + from));
      to += pitch;
    }
  }
};

template <typename Word>
QUATRAIN_AVX512 void gather(const Word* source, std::span<const std::int32_t> outer,
                            std::span<const Piece> pieces, std::size_t pitch, Word* words) {
  static_assert(sizeof(Word) == 4);
  for (const Piece& piece : pieces)
    with_places_of(piece,
                   GatherPiece<Word>{source + piece.from, outer, pitch, pitch - piece.to, words + piece.to});
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

/// One piece of the results of all columns.
template <typename Word, typename Result, typename Change>
struct ScatterPiece {
  const Word* values;
  __mmask16 mask;
  std::size_t columns, pitch;
  Result* target;
  Change changed;

  template <typename Places>
  QUATRAIN_AVX512 void operator()(const Places& places) const {
    const Word* from = values;
    Result* to = target;
    for (std::size_t n = 0; n < columns; ++n, from += block_rows, to += pitch)
      places.store(to, changed(_mm512_maskz_loadu_epi32(mask, from)));
  }
};

template <typename Word, typename Result, typename Change>
QUATRAIN_AVX512 void scatter(const Word* values, std::size_t columns, std::span<const Piece> pieces,
                             Result* target, std::size_t pitch, Change changed) {
  static_assert(sizeof(Word) == 4 && sizeof(Result) == 4);
  for (const Piece& piece : pieces)
    with_places_of(piece, ScatterPiece<Word, Result, Change>{values + piece.to, mask_of(piece.count), columns,
                                                             pitch, target + piece.from, changed});
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
