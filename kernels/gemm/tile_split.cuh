#pragma once
/// How rungs with tiles cut a product: blockIdx.x numbers the tiles of all groups, rows of tiles fastest;
/// blockIdx.y the parts of k, each `part_depth` long (a multiple of the tile's depth). Where there are
/// several parts their sums are added atomically: exact in any order.

#include "kernels/gemm/shape.cuh"
#include "kernels/launch_shape.hpp"
#include "kernels/quant/elements.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

/// What a block computes: the tile of a group that begins at (first_m, first_n), for k in [begin_k, end_k).
struct TilePart {
  int group, first_m, first_n, begin_k, end_k;
};

template <typename Tile>
__device__ TilePart part_of_block(const GemmShape& shape, int part_depth) {
  const int block = static_cast<int>(blockIdx.x);
  const int row_tiles = (shape.m - 1) / Tile::rows + 1;  // no sum beyond m: it may be the largest int
  const int column_tiles = (shape.n - 1) / Tile::columns + 1;
  const int group = block / row_tiles / column_tiles;
  const int first_m = block % row_tiles * Tile::rows;
  const int first_n = block / row_tiles % column_tiles * Tile::columns;
  const int begin_k = static_cast<int>(blockIdx.y) * part_depth;
  const int end_k = shape.k - begin_k < part_depth ? shape.k : begin_k + part_depth;
  return {group, first_m, first_n, begin_k, end_k};
}

/// Stores a sum, or adds it where it is one of several.
__device__ inline void store_sum(std::int32_t* to, int sum, bool is_shared) {
  if (is_shared)
    atomicAdd(to, sum);
  else
    *to = sum;
}

struct TileSplit {
  dim3 grid;
  int part_depth;
};

/// Enough blocks for a large GPU where m and n alone make few of them; no part shorter than 8 tiles.
inline constexpr std::int64_t wanted_blocks = 512, least_part = 8;

inline std::int64_t parts_of_k(const LaunchShape& cut, std::int64_t tiles, std::int64_t depth_tiles) {
  std::int64_t parts = cut.k_parts != 0 ? cut.k_parts : wanted_blocks / tiles;
  if (cut.k_parts == 0 && parts > depth_tiles / least_part) parts = depth_tiles / least_part;
  if (parts > depth_tiles) parts = depth_tiles;
  return parts < 1 ? 1 : parts;
}

template <typename Tile>
TileSplit split_into_tiles(const LaunchShape& cut, const GemmShape& shape) {
  const auto tiles_of = [](std::int64_t size, std::int64_t tile) { return (size + tile - 1) / tile; };
  const std::int64_t tiles = tiles_of(shape.m, Tile::rows) * tiles_of(shape.n, Tile::columns) * shape.groups;
  const std::int64_t depth_tiles = tiles_of(shape.k, Tile::depth);
  const std::int64_t tiles_a_part = tiles_of(depth_tiles, parts_of_k(cut, tiles, depth_tiles));
  const std::int64_t parts = tiles_of(depth_tiles, tiles_a_part);
  return {dim3(static_cast<unsigned>(tiles), static_cast<unsigned>(parts)),
          static_cast<int>(tiles_a_part * Tile::depth)};
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
