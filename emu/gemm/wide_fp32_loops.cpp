#include "emu/gemm/wide_loops.hpp"

namespace quatrain::emu {
namespace {

template <BorderTerms border>
struct Fp32Arithmetic {
  using Word = float;
  using Sum = float;
  using Vector = __m512;
  struct Left {
    __m512 values;
    __mmask16 terms;  ///< those that are none are 0
  };

  QUATRAIN_AVX512 [[gnu::always_inline]] static inline Vector load(const float* at) {
    return _mm512_loadu_ps(at);
  }
  QUATRAIN_AVX512 [[gnu::always_inline]] static inline void store(Sum* at, Vector sums) {
    _mm512_storeu_ps(at, sums);
  }
  QUATRAIN_AVX512 [[gnu::always_inline]] static inline Left with_terms(__m512 values) {
    if constexpr (border == BorderTerms::add_zero) return {values, 0xFFFF};
    const __m512i mark = _mm512_set1_epi32(static_cast<int>(border_mark));
    return {values, _mm512_cmpneq_epi32_mask(_mm512_castps_si512(values), mark)};
  }
  QUATRAIN_AVX512 [[gnu::always_inline]] static inline Left left(const float* at) {
    return with_terms(load(at));
  }
  QUATRAIN_AVX512 [[gnu::always_inline]] static inline Vector repeated(float word) {
    return _mm512_set1_ps(word);
  }
  QUATRAIN_AVX512 [[gnu::always_inline]] static inline Vector repeated_sum(Sum sum) { return repeated(sum); }
  QUATRAIN_AVX512 [[gnu::always_inline]] static inline Left repeated_left(float word) {
    return with_terms(repeated(word));
  }
  QUATRAIN_AVX512 [[gnu::always_inline]] static inline void add(Vector& sum, const Left& left, Vector right) {
    if constexpr (border == BorderTerms::add_zero)
      sum = _mm512_fmadd_ps(left.values, right, sum);
    else
      sum = _mm512_mask3_fmadd_ps(left.values, right, sum, left.terms);
  }
};

}  // namespace

template <BorderTerms border>
void WideFp32Loops<border>::add(const Fp32Block& product) const {
  add_block<Fp32Arithmetic<border>>(product);
}
template struct WideFp32Loops<BorderTerms::add_zero>;
template struct WideFp32Loops<BorderTerms::skip>;

}  // namespace quatrain::emu
