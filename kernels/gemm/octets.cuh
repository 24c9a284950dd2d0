#pragma once
/// Rung "octets": the tiled rung with another way into shared memory. A thread takes eight codes as one word
/// and decodes them by byte permutation, four int8 values at a time, where the tiled rung shifts and masks
/// every nibble. Convolutions are lowered in pieces of 8 lines by 8 values of k (lines.cuh).

#include "kernels/gemm/piece_tiles.cuh"
#include "kernels/gemm/tiled.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

/// Puts the values of a piece into an int8 tile.
template <typename Tile, Encoding encoding>
__device__ void store_decoded(int* tile, int line, int octet, const Octet (&words)[octet_codes]) {
  QUATRAIN_UNROLL
  for (int i = 0; i < octet_codes; ++i) {
    unsigned first = 0, second = 0;
    decode_octet<encoding>(words[i], first, second);
    int* const to = tile + (line + i) * (Tile::pitch / 4) + 2 * octet;
    to[0] = static_cast<int>(first);
    to[1] = static_cast<int>(second);
  }
}

template <typename Tile, Phase phase, Encoding left_encoding, Encoding right_encoding>
__global__ void __launch_bounds__(Tile::threads, 1)
    gemm_octets(GemmShape shape, GemmOperands operands, int part_depth, std::int32_t* accumulators) {
  typename Tile::Memory& memory = shared_memory<typename Tile::Memory>();
  const TilePart part = part_of_block<Tile>(shape, part_depth);
  const int thread = static_cast<int>(threadIdx.x);
  const int row = thread / Tile::column_threads, column = thread % Tile::column_threads;

  int sums[Tile::thread_rows][Tile::thread_columns] = {};
  for_piece_tiles<Tile, phase>(
      shape, operands, part,
      [&](int line, int octet, const Octet(&words)[octet_codes]) {
        store_decoded<Tile, left_encoding>(memory.left, line, octet, words);
      },
      [&](int line, int octet, const Octet(&words)[octet_codes]) {
        store_decoded<Tile, right_encoding>(memory.right, line, octet, words);
      },
      [&] {
        add_products<Tile>(sums, memory.left + row * Tile::pitch / 4,
                           memory.right + column * Tile::pitch / 4);
      });
  store_sums<Tile, phase>(shape, part, row, column, sums, accumulators);
}

template <typename Tile>
struct OctetRung {
  using Access = VectorAccess;

  template <Phase phase, Encoding left_encoding, Encoding right_encoding>
  void launch(Device& device, const LaunchShape& cut, const GemmShape& shape, const GemmOperands& operands,
              Buffer<std::int32_t>& accumulators) {
    const TileSplit split = split_into_tiles<Tile>(cut, shape);
    device.clear(accumulators);
    device.launch("gemm_octets", gemm_octets<Tile, phase, left_encoding, right_encoding>, split.grid,
                  dim3(Tile::threads), shape, operands, split.part_depth, accumulators.data());
  }
};

using DefaultOctetTile = Tile<128, 64, 64, 8, 8>;

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
