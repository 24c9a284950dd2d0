#include "kernels/simt/tile_products.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace quatrain::kernels::simt {
namespace {

void add_products_portable(int* sums, const TileLines& left, const TileLines& right, int depth) {
  for (int i = 0; i < left.count; ++i)
    for (int j = 0; j < right.count; ++j) {
      const std::int8_t *a = left.first + i * left.step, *b = right.first + j * right.step;
      int sum = 0;
      for (int k = 0; k < depth; ++k) sum += a[k] * b[k];
      sums[i * right.count + j] += sum;
    }
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) inline __m256i widened(const std::int8_t* from) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

/// Adds the sum of the eight lanes of each accumulator.
__attribute__((target("avx2"))) inline void add_to(int* sums, const __m256i (&lanes)[4]) {
  const __m256i halves =
      _mm256_hadd_epi32(_mm256_hadd_epi32(lanes[0], lanes[1]), _mm256_hadd_epi32(lanes[2], lanes[3]));
  const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
  auto* to = reinterpret_cast<__m128i*>(sums);
  _mm_storeu_si128(to, _mm_add_epi32(_mm_loadu_si128(to), four));
}

/// Two left lines by four right ones at a time: eight accumulators and six operands fit 16 registers.
__attribute__((target("avx2"))) void add_products_avx2(int* sums, const TileLines& left,
                                                       const TileLines& right, int depth) {
  for (int i = 0; i < left.count; i += 2)
    for (int j = 0; j < right.count; j += 4) {
      const std::int8_t *a = left.first + i * left.step, *b = right.first + j * right.step;
      __m256i upper[4] = {}, lower[4] = {};
      for (int k = 0; k < depth; k += 16) {
        const __m256i a0 = widened(a + k), a1 = widened(a + left.step + k);
        for (int line = 0; line < 4; ++line) {
          const __m256i b0 = widened(b + line * right.step + k);
          upper[line] = _mm256_add_epi32(upper[line], _mm256_madd_epi16(a0, b0));
          lower[line] = _mm256_add_epi32(lower[line], _mm256_madd_epi16(a1, b0));
        }
      }
      add_to(sums + i * right.count + j, upper);
      add_to(sums + (i + 1) * right.count + j, lower);
    }
}

#endif

using AddProducts = void (*)(int*, const TileLines&, const TileLines&, int);

AddProducts fastest() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return add_products_avx2;
#endif
  return add_products_portable;
}

}  // namespace

void add_products(int* sums, const TileLines& left, const TileLines& right, int depth) {
  static const AddProducts chosen = fastest();
  chosen(sums, left, right, depth);
}

}  // namespace quatrain::kernels::simt
