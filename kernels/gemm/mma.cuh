#pragma once
/// Rung "mma": tensor cores. Tiles stay packed in shared memory, half a byte a code; codes are decoded in
/// registers and multiplied by mma.sync m16n8k32, int8 with int32 sums.

#include "kernels/gemm/mma_products.cuh"
#include "kernels/gemm/piece_tiles.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

template <typename Tile, Phase phase, Encoding left_encoding, Encoding right_encoding>
__global__ void __launch_bounds__(Tile::threads, 1)
    gemm_mma(GemmShape shape, GemmOperands operands, int part_depth, std::int32_t* accumulators) {
  typename Tile::Memory& memory = shared_memory<typename Tile::Memory>();
  const TilePart part = part_of_block<Tile>(shape, part_depth);
  const WarpPlace<Tile> at;
  const auto store_into = [](Octet* tile) {
    return [tile](int line, int octet, const Octet(&words)[octet_codes]) {
      QUATRAIN_UNROLL
      for (int i = 0; i < octet_codes; ++i) tile[(line + i) * Tile::pitch + octet] = words[i];
    };
  };

  WarpSums<Tile> sums = {};
  for_piece_tiles<Tile, phase>(shape, operands, part, store_into(memory.left), store_into(memory.right), [&] {
    add_mma_products<Tile, left_encoding, right_encoding>(sums, memory, at);
  });
  store_mma_sums<Tile, phase>(shape, part, at, sums, gridDim.y > 1, accumulators);
}

template <typename Tile>
struct MmaRung {
  using Access = VectorAccess;

  template <Phase phase, Encoding left_encoding, Encoding right_encoding>
  void launch(Device& device, const LaunchShape& cut, const GemmShape& shape, const GemmOperands& operands,
              Buffer<std::int32_t>& accumulators) {
    const TileSplit split = split_into_tiles<Tile>(cut, shape);
    device.clear(accumulators);
    device.launch("gemm_mma", gemm_mma<Tile, phase, left_encoding, right_encoding>, split.grid,
                  dim3(Tile::threads), shape, operands, split.part_depth, accumulators.data());
  }
};

using DefaultMmaTile = MmaTile<64, 64, 64, 32, 32>;

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
