#pragma once
/// Rung 2: a block computes a tile of the result. Its threads unpack a stretch of k of both operands into
/// int8 tiles in shared memory (the convolution is lowered on the way), then each sums a block of outputs in
/// registers. Long k is split over blocks, whose int32 sums are added atomically: exact in any order.

#include "kernels/gemm/tile_products.cuh"
#include "kernels/gemm/walk.cuh"
#include "kernels/launch_shape.hpp"

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

/// blockIdx.x numbers the tiles of all groups, rows of tiles fastest; blockIdx.y the parts of k, each
/// `part_depth` long (a multiple of the tile's depth).
template <typename Tile, Phase phase, Encoding left_encoding, Encoding right_encoding>
__global__ void gemm_tiled(GemmShape shape, GemmOperands operands, int part_depth,
                           std::int32_t* accumulators) {
  typename Tile::Memory& memory = shared_memory<typename Tile::Memory>();
  const int block = static_cast<int>(blockIdx.x), thread = static_cast<int>(threadIdx.x);
  const int row_tiles = (shape.m - 1) / Tile::rows + 1;  // no sum beyond m: it may be the largest int
  const int column_tiles = (shape.n - 1) / Tile::columns + 1;
  const int group = block / row_tiles / column_tiles;
  const int first_m = block % row_tiles * Tile::rows;
  const int first_n = block / row_tiles % column_tiles * Tile::columns;
  const int row = thread / Tile::column_threads, column = thread % Tile::column_threads;
  const int begin_k = static_cast<int>(blockIdx.y) * part_depth;
  const int end_k = shape.k - begin_k < part_depth ? shape.k : begin_k + part_depth;

  int sums[Tile::thread_rows][Tile::thread_columns] = {};
  for (int k = begin_k; k < end_k; k += Tile::depth) {
    load_tile<Tile, Tile::rows>(memory.left, shape.m - first_m, end_k - k, [&](int line, int offset) {
      return LeftWalk<phase, left_encoding>(shape, operands.left, group, first_m + line, k + offset);
    });
    for (int sample = 0; sample < shape.samples; ++sample) {
      const std::uint8_t* right = operands.right + static_cast<std::size_t>(sample) * operands.sample_bytes;
      load_tile<Tile, Tile::columns>(memory.right, shape.n - first_n, end_k - k, [&](int line, int offset) {
        return RightWalk<phase, right_encoding>(shape, right, group, first_n + line, k + offset);
      });
      __syncthreads();
      add_products<Tile>(sums, memory.left + row * Tile::pitch / 4, memory.right + column * Tile::pitch / 4);
      __syncthreads();
    }
  }

  const ResultPlace<phase> place(shape, group);
  for (int i = 0; i < Tile::thread_rows; ++i) {
    const int line = row + i * Tile::row_threads;
    if (line >= shape.m - first_m) break;
    std::int32_t* to_row = accumulators + place.of_row(first_m + line);
    for (int j = 0; j < Tile::thread_columns; ++j) {
      const int across = column + j * Tile::column_threads;
      if (across >= shape.n - first_n) break;
      std::int32_t* to = to_row + place.of_column(first_n + across);
      if (gridDim.y == 1)
        *to = sums[i][j];
      else
        atomicAdd(to, sums[i][j]);
    }
  }
}

template <typename Tile>
struct TiledRung {
  /// Enough blocks for a large GPU where m and n alone make few of them; no part shorter than 8 tiles.
  static constexpr std::int64_t wanted_blocks = 512;
  static constexpr std::int64_t least_part = 8;

  static std::int64_t parts_of_k(const LaunchShape& cut, std::int64_t tiles, std::int64_t depth_tiles) {
    std::int64_t parts = cut.k_parts != 0 ? cut.k_parts : wanted_blocks / tiles;
    if (cut.k_parts == 0 && parts > depth_tiles / least_part) parts = depth_tiles / least_part;
    if (parts > depth_tiles) parts = depth_tiles;
    return parts < 1 ? 1 : parts;
  }

  template <Phase phase, Encoding left_encoding, Encoding right_encoding>
  static void launch(Device& device, const LaunchShape& cut, const GemmShape& shape,
                     const GemmOperands& operands, Buffer<std::int32_t>& accumulators) {
    const auto tiles_of = [](std::int64_t size, std::int64_t tile) { return (size + tile - 1) / tile; };
    const std::int64_t tiles =
        tiles_of(shape.m, Tile::rows) * tiles_of(shape.n, Tile::columns) * shape.groups;
    const std::int64_t depth_tiles = tiles_of(shape.k, Tile::depth);
    const std::int64_t tiles_a_part = tiles_of(depth_tiles, parts_of_k(cut, tiles, depth_tiles));
    const std::int64_t parts = tiles_of(depth_tiles, tiles_a_part);
    device.clear(accumulators);
    device.launch("gemm_tiled", gemm_tiled<Tile, phase, left_encoding, right_encoding>,
                  dim3(static_cast<unsigned>(tiles), static_cast<unsigned>(parts)), dim3(Tile::threads),
                  shape, operands, static_cast<int>(tiles_a_part * Tile::depth), accumulators.data());
  }
};

using DefaultTile = Tile<64, 32, 64, 8, 4>;

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
