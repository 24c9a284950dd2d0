#pragma once
/// The inner product of the rungs on tensor cores. Tiles hold packed codes, a word for eight of them along k;
/// they are decoded in registers and multiplied by mma.sync m16n8k32.

#include "kernels/gemm/octet.cuh"
#include "kernels/gemm/tile_split.cuh"
#include "kernels/gemm/walk.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

/// Rows, columns and depth (k) of a tile; rows and columns that one warp sums.
template <int tile_rows, int tile_columns, int tile_depth, int rows_a_warp, int columns_a_warp>
struct MmaTile {
  static constexpr int rows = tile_rows, columns = tile_columns, depth = tile_depth;
  static constexpr int row_warps = rows / rows_a_warp, column_warps = columns / columns_a_warp;
  static constexpr int threads = row_warps * column_warps * 32;
  static constexpr int warp_rows = rows_a_warp, warp_columns = columns_a_warp;
  static constexpr int row_products = warp_rows / 16, column_products = warp_columns / 8;
  /// Words of a line. Half a line more than the codes: the eight lines that a warp reads at once then begin
  /// in different banks, and each begins at a multiple of 16 bytes.
  static constexpr int pitch = depth / octet_codes + 4;
  static_assert(rows % warp_rows == 0 && columns % warp_columns == 0 && depth % 32 == 0);
  static_assert(warp_rows % 16 == 0 && warp_columns % 8 == 0);

  /// Words of eight codes.
  struct Memory {
    alignas(16) Octet left[rows * pitch];
    alignas(16) Octet right[columns * pitch];
  };
};

/// What a warp sums: of product (i, j), 16 x 8 outputs, this lane's four.
template <typename Tile>
using WarpSums = int[Tile::row_products][Tile::column_products][4];

/// Place of a thread in its tile: the first row and column of its warp, and g and t of the instruction's
/// fragments (simt/language.hpp).
template <typename Tile>
struct WarpPlace {
  int row, column, g, t;
  __device__ WarpPlace() {
    const int thread = static_cast<int>(threadIdx.x), warp = thread / 32;
    row = warp / Tile::column_warps * Tile::warp_rows;
    column = warp % Tile::column_warps * Tile::warp_columns;
    g = thread % 32 / 4;
    t = thread % 4;
  }
};

/// Adds the products of a tile. The instruction wants k in the order 4 t.. and 16 + 4 t.. of lane t; a word
/// holds 8 t.. to 8 t + 7. Both operands take the same values of k in the same places, so the sum is the
/// same.
template <typename Tile, Encoding left_encoding, Encoding right_encoding>
__device__ void add_mma_products(WarpSums<Tile>& sums, const typename Tile::Memory& memory,
                                 const WarpPlace<Tile>& at) {
  QUATRAIN_UNROLL
  for (int k = 0; k < Tile::depth / octet_codes; k += 4) {
    unsigned left[Tile::row_products][4], right[Tile::column_products][2];
    QUATRAIN_UNROLL
    for (int i = 0; i < Tile::row_products; ++i) {
      const Octet* words = memory.left + (at.row + 16 * i + at.g) * Tile::pitch + k + at.t;
      decode_octet<left_encoding>(words[0], left[i][0], left[i][2]);
      decode_octet<left_encoding>(words[8 * Tile::pitch], left[i][1], left[i][3]);
    }
    QUATRAIN_UNROLL
    for (int j = 0; j < Tile::column_products; ++j)
      decode_octet<right_encoding>(memory.right[(at.column + 8 * j + at.g) * Tile::pitch + k + at.t],
                                   right[j][0], right[j][1]);
    QUATRAIN_UNROLL
    for (int i = 0; i < Tile::row_products; ++i) {
      QUATRAIN_UNROLL
      for (int j = 0; j < Tile::column_products; ++j) mma_m16n8k32(sums[i][j], left[i], right[j]);
    }
  }
}

template <typename Tile, Phase phase>
__device__ void store_mma_sums(const GemmShape& shape, const TilePart& part, const WarpPlace<Tile>& at,
                               const WarpSums<Tile>& sums, bool is_shared, std::int32_t* accumulators) {
  const ResultPlace<phase> place(shape, part.group);
  const int rows = shape.m - part.first_m, columns = shape.n - part.first_n;
  QUATRAIN_UNROLL
  for (int i = 0; i < 2 * Tile::row_products; ++i) {
    const int line = at.row + 8 * i + at.g;
    if (line >= rows) continue;
    std::int32_t* to_row = accumulators + place.of_row(part.first_m + line);
    QUATRAIN_UNROLL
    for (int j = 0; j < 2 * Tile::column_products; ++j) {
      const int across = at.column + j / 2 * 8 + 2 * at.t + j % 2;
      if (across < columns)
        store_sum(to_row + place.of_column(part.first_n + across), sums[i / 2][j / 2][i % 2 * 2 + j % 2],
                  is_shared);
    }
  }
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
