#pragma once
/// Host twin of cuda/tile_products.cuh: vectorized, by AVX2 where the CPU has it.

#include <cstdint>

namespace quatrain::kernels::simt {

/// One side of a thread's part of a tile: `count` lines, `step` bytes apart.
struct TileLines {
  const std::int8_t* first;
  int count, step;
};

/// sums[i * right.count + j] += sum over k of left line i times right line j. An even number of left lines, a
/// multiple of 4 right ones, a depth that is a multiple of 16.
void add_products(int* sums, const TileLines& left, const TileLines& right, int depth);

/// As its namesake of the other platform.
template <typename Tile>
void add_products(int (&sums)[Tile::thread_rows][Tile::thread_columns], const std::int8_t* left,
                  const std::int8_t* right) {
  add_products(&sums[0][0], {left, Tile::thread_rows, Tile::row_threads * Tile::pitch},
               {right, Tile::thread_columns, Tile::column_threads * Tile::pitch}, Tile::depth);
}

}  // namespace quatrain::kernels::simt
