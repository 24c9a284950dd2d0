#include "emu/gemm/wide_loops.hpp"

namespace quatrain::emu {
namespace {

struct VnniArithmetic {
  using Word = std::uint32_t;
  using Sum = std::int32_t;
  using Vector = __m512i;
  using Left = __m512i;

  QUATRAIN_AVX512 [[gnu::always_inline]] static inline Vector load(const void* at) {
    return _mm512_loadu_si512(at);
  }
  QUATRAIN_AVX512 [[gnu::always_inline]] static inline void store(Sum* at, Vector sums) {
    _mm512_storeu_si512(at, sums);
  }
  QUATRAIN_AVX512 [[gnu::always_inline]] static inline Left left(const Word* at) { return load(at); }
  QUATRAIN_AVX512 [[gnu::always_inline]] static inline Vector repeated(Word word) {
    return _mm512_set1_epi32(static_cast<int>(word));
  }
  QUATRAIN_AVX512 [[gnu::always_inline]] static inline Vector repeated_sum(Sum sum) {
    return _mm512_set1_epi32(sum);
  }
  QUATRAIN_AVX512 [[gnu::always_inline]] static inline Left repeated_left(Word word) {
    return repeated(word);
  }
  /// Four unsigned bytes times four signed ones, a sum of 32 bits each. Not the intrinsic: g++ 12 copies its
  /// sums through memory.
  QUATRAIN_AVX512 [[gnu::always_inline]] static inline void add(Vector& sum, Left left, Vector right) {
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(left), "v"(right));
  }
};

}  // namespace

void VnniLoops::add(const IntegerBlock& product) const { add_block<VnniArithmetic>(product); }

}  // namespace quatrain::emu
