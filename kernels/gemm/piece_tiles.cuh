#pragma once
/// The walk of the rungs that lower both operands on the fly, in pieces of 8 lines by 8 values of k
/// (lines.cuh): tile by tile of a part's k, the left operand once and the right one for each sample.

#include "kernels/gemm/lines.cuh"
#include "kernels/gemm/tile_split.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

/// All threads of the block call it. store_left, store_right(line, octet of k, words) put a piece into shared
/// memory; add_products() runs when both tiles are there.
template <typename Tile, Phase phase, typename StoreLeft, typename StoreRight, typename AddProducts>
__device__ void for_piece_tiles(const GemmShape& shape, const GemmOperands& operands, const TilePart& part,
                                StoreLeft store_left, StoreRight store_right, AddProducts add_products) {
  const int rows = shape.m - part.first_m, columns = shape.n - part.first_n;  // inside the result
  for (int k = part.begin_k; k < part.end_k; k += Tile::depth) {
    const int depth = part.end_k - k;
    for_pieces<Tile::threads, Tile::rows, Tile::depth>(
        left_rows_are_k<phase>(shape), rows, depth,
        [&](Octet(&words)[octet_codes], int line, int offset) {
          load_left_piece<phase>(words, shape, operands.left, part.group, part.first_m + line, rows - line,
                                 k + offset, depth - offset);
        },
        store_left);
    for (int sample = 0; sample < shape.samples; ++sample) {
      const std::uint8_t* right = operands.right + static_cast<std::size_t>(sample) * operands.sample_bytes;
      for_pieces<Tile::threads, Tile::columns, Tile::depth>(
          right_rows_are_k<phase>(shape), columns, depth,
          [&](Octet(&words)[octet_codes], int line, int offset) {
            load_right_piece<phase>(words, shape, right, part.group, part.first_n + line, columns - line,
                                    k + offset, depth - offset);
          },
          store_right);
      __syncthreads();
      add_products();
      __syncthreads();
    }
  }
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
