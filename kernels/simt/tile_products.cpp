#include "kernels/simt/tile_products.hpp"

namespace quatrain::kernels::simt {

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
__attribute__((target_clones("avx2", "default")))
#endif
void add_products(int* sums, const TileLines& left, const TileLines& right, int depth) {
  for (int i = 0; i < left.count; ++i)
    for (int j = 0; j < right.count; ++j) {
      const std::int8_t *a = left.first + i * left.step, *b = right.first + j * right.step;
      int sum = 0;
      for (int k = 0; k < depth; ++k) sum += a[k] * b[k];
      sums[i * right.count + j] += sum;
    }
}

}  // namespace quatrain::kernels::simt
