#pragma once
/// Host twin of cuda/tile_products.cuh: vectorized, by AVX2 where the CPU has it.

#include <cstdint>

namespace quatrain::kernels::simt {

/// One thread's part of a tile: `count` lines of each side, `step` bytes apart, `depth` values long.
struct TileLines {
  const std::int8_t* first;
  int count, step;
};

/// sums[i * right.count + j] += sum over k of left line i times right line j.
void add_products(int* sums, const TileLines& left, const TileLines& right, int depth);

/// As its namesake of the other platform.
template <typename Tile>
void add_products(int (&sums)[Tile::thread_rows][Tile::thread_columns], const std::int8_t* left,
                  const std::int8_t* right) {
  add_products(&sums[0][0], {left, Tile::thread_rows, Tile::row_threads * Tile::pitch},
               {right, Tile::thread_columns, Tile::column_threads * Tile::pitch}, Tile::depth);
}

}  // namespace quatrain::kernels::simt
