#pragma once
/// The inner product of the tiled rung: four int8 products and their sum in one __dp4a.

#include "kernels/platform.hpp"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

/// sums[i][j] += sum over k of left row i times right row j, for the rows of a tile that this thread takes.
/// Rows are words of four int8 values, `Tile::pitch` / 4 words apart.
template <typename Tile>
__device__ void add_products(int (&sums)[Tile::thread_rows][Tile::thread_columns], const int* left,
                             const int* right) {
  static_assert(Tile::pitch % 4 == 0 && Tile::depth % 4 == 0);
  QUATRAIN_UNROLL
  for (int k = 0; k < Tile::depth / 4; ++k) {
    int a[Tile::thread_rows], b[Tile::thread_columns];
    QUATRAIN_UNROLL
    for (int i = 0; i < Tile::thread_rows; ++i) a[i] = left[i * Tile::row_threads * Tile::pitch / 4 + k];
    QUATRAIN_UNROLL
    for (int j = 0; j < Tile::thread_columns; ++j)
      b[j] = right[j * Tile::column_threads * Tile::pitch / 4 + k];
    QUATRAIN_UNROLL
    for (int i = 0; i < Tile::thread_rows; ++i) {
      QUATRAIN_UNROLL
      for (int j = 0; j < Tile::thread_columns; ++j) sums[i][j] = __dp4a(a[i], b[j], sums[i][j]);
    }
  }
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
