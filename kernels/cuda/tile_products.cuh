#pragma once
/// The inner product of the tiled rung: four int8 products and their sum in one __dp4a.

#include <cstdint>

namespace quatrain::kernels::cuda {

/// sums[i][j] += sum over k of left row i times right row j, for the rows of a tile that this thread takes.
/// Rows begin at a multiple of 4 bytes; the depth is a multiple of 4.
template <typename Tile>
__device__ void add_products(int (&sums)[Tile::thread_rows][Tile::thread_columns], const std::int8_t* left,
                             const std::int8_t* right) {
  static_assert(Tile::pitch % 4 == 0 && Tile::depth % 4 == 0);
  const int* left_words = reinterpret_cast<const int*>(left);
  const int* right_words = reinterpret_cast<const int*>(right);
#pragma unroll
  for (int k = 0; k < Tile::depth / 4; ++k) {
    int a[Tile::thread_rows], b[Tile::thread_columns];
#pragma unroll
    for (int i = 0; i < Tile::thread_rows; ++i)
      a[i] = left_words[i * Tile::row_threads * Tile::pitch / 4 + k];
#pragma unroll
    for (int j = 0; j < Tile::thread_columns; ++j)
      b[j] = right_words[j * Tile::column_threads * Tile::pitch / 4 + k];
#pragma unroll
    for (int i = 0; i < Tile::thread_rows; ++i)
#pragma unroll
      for (int j = 0; j < Tile::thread_columns; ++j) sums[i][j] = __dp4a(a[i], b[j], sums[i][j]);
  }
}

}  // namespace quatrain::kernels::cuda
