#pragma once
/// Rung "tiled": a block computes a tile of the result. Its threads unpack a stretch of k of both operands
/// into int8 tiles in shared memory (the convolution is lowered on the way), then each sums a block of
/// outputs in registers. Long k is split over blocks, whose int32 sums are added atomically: exact in any
/// order.

#include "kernels/gemm/tile_products.cuh"
#include "kernels/gemm/tile_split.cuh"
#include "kernels/gemm/walk.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

/// Rows, columns and depth (k) of a tile; rows and columns that one thread sums. A thread takes every
/// row_threads-th row and every column_threads-th column: neighbours then read neighbouring rows of a tile.
template <int tile_rows, int tile_columns, int tile_depth, int rows_a_thread, int columns_a_thread>
struct Tile {
  static constexpr int rows = tile_rows, columns = tile_columns, depth = tile_depth;
  static constexpr int thread_rows = rows_a_thread, thread_columns = columns_a_thread;
  static constexpr int row_threads = rows / thread_rows, column_threads = columns / thread_columns;
  static constexpr int threads = row_threads * column_threads;
  /// A word more than the depth, so that the rows of a warp's threads begin in different banks.
  static constexpr int pitch = depth + 4;

  /// Words of four int8 values.
  struct Memory {
    int left[rows * pitch / 4];
    int right[columns * pitch / 4];
  };
  static_assert(threads % rows == 0 || rows % threads == 0);
  static_assert(threads % columns == 0 || columns % threads == 0);
};

/// Fills lines x depth values of a tile. make_walk(line) starts a walk along k at `first_k` plus the offset
/// it is given; what lies beyond the operand's lines or the end of k is zero.
template <typename Tile, int lines, typename MakeWalk>
__device__ void load_tile(int* tile, int lines_left, int depth_left, MakeWalk make_walk) {
  constexpr int parts = Tile::threads > lines ? Tile::threads / lines : 1;  // threads that share a line
  constexpr int stretch = Tile::depth / parts;
  const int thread = static_cast<int>(threadIdx.x);
  for (int line = thread % lines; line < lines; line += Tile::threads) {
    const int first = thread / lines % parts * stretch;
    const int inside = line < lines_left ? depth_left - first : 0;
    std::int8_t* to = reinterpret_cast<std::int8_t*>(tile) + line * Tile::pitch + first;
    auto walk = make_walk(inside > 0 ? line : 0, inside > 0 ? first : 0);
    for (int i = 0; i < stretch; ++i) to[i] = static_cast<std::int8_t>(i < inside ? walk.next() : 0);
  }
}

/// The sums of the thread at (row, column) of a tile, to their places in the result.
template <typename Tile, Phase phase>
__device__ void store_sums(const GemmShape& shape, const TilePart& part, int row, int column,
                           const int (&sums)[Tile::thread_rows][Tile::thread_columns],
                           std::int32_t* accumulators) {
  const ResultPlace<phase> place(shape, part.group);
  const int rows = shape.m - part.first_m, columns = shape.n - part.first_n;  // inside the result
  const bool is_shared = gridDim.y > 1;
  QUATRAIN_UNROLL
  for (int i = 0; i < Tile::thread_rows; ++i) {
    const int line = row + i * Tile::row_threads;
    if (line >= rows) continue;
    std::int32_t* to_row = accumulators + place.of_row(part.first_m + line);
    QUATRAIN_UNROLL
    for (int j = 0; j < Tile::thread_columns; ++j) {
      const int across = column + j * Tile::column_threads;
      if (across < columns) store_sum(to_row + place.of_column(part.first_n + across), sums[i][j], is_shared);
    }
  }
}

template <typename Tile, Phase phase, Encoding left_encoding, Encoding right_encoding>
__global__ void gemm_tiled(GemmShape shape, GemmOperands operands, int part_depth,
                           std::int32_t* accumulators) {
  typename Tile::Memory& memory = shared_memory<typename Tile::Memory>();
  const int thread = static_cast<int>(threadIdx.x);
  const TilePart part = part_of_block<Tile>(shape, part_depth);
  const int row = thread / Tile::column_threads, column = thread % Tile::column_threads;

  int sums[Tile::thread_rows][Tile::thread_columns] = {};
  for (int k = part.begin_k; k < part.end_k; k += Tile::depth) {
    const int depth = part.end_k - k;
    load_tile<Tile, Tile::rows>(memory.left, shape.m - part.first_m, depth, [&](int line, int offset) {
      return LeftWalk<phase, left_encoding>(shape, operands.left, part.group, part.first_m + line,
                                            k + offset);
    });
    for (int sample = 0; sample < shape.samples; ++sample) {
      const std::uint8_t* right = operands.right + static_cast<std::size_t>(sample) * operands.sample_bytes;
      load_tile<Tile, Tile::columns>(memory.right, shape.n - part.first_n, depth, [&](int line, int offset) {
        return RightWalk<phase, right_encoding>(shape, right, part.group, part.first_n + line, k + offset);
      });
      __syncthreads();
      add_products<Tile>(sums, memory.left + row * Tile::pitch / 4, memory.right + column * Tile::pitch / 4);
      __syncthreads();
    }
  }
  store_sums<Tile, phase>(shape, part, row, column, sums, accumulators);
}

template <typename Tile>
struct TiledRung {
  using Access = ScalarAccess;

  template <Phase phase, Encoding left_encoding, Encoding right_encoding>
  void launch(Device& device, const LaunchShape& cut, const GemmShape& shape, const GemmOperands& operands,
              Buffer<std::int32_t>& accumulators) {
    const TileSplit split = split_into_tiles<Tile>(cut, shape);
    device.clear(accumulators);
    device.launch("gemm_tiled", gemm_tiled<Tile, phase, left_encoding, right_encoding>, split.grid,
                  dim3(Tile::threads), shape, operands, split.part_depth, accumulators.data());
  }
};

using DefaultTile = Tile<64, 32, 64, 8, 4>;

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
