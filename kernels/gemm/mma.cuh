#pragma once
/// Rung "mma": tensor cores. Tiles stay packed in shared memory, half a byte a code; codes are decoded in
/// registers and multiplied by mma.sync m16n8k32, int8 with int32 sums.

#include "kernels/gemm/lines.cuh"
#include "kernels/gemm/mma_products.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

template <typename Tile, Phase phase, Encoding left_encoding, Encoding right_encoding>
__global__ void __launch_bounds__(Tile::threads, 1)
    gemm_mma(GemmShape shape, GemmOperands operands, int part_depth, std::int32_t* accumulators) {
  typename Tile::Memory& memory = shared_memory<typename Tile::Memory>();
  const TilePart part = part_of_block<Tile>(shape, part_depth);
  const int rows = shape.m - part.first_m, columns = shape.n - part.first_n;  // inside the result
  const WarpPlace<Tile> at;
  const auto store_into = [](Octet* tile) {
    return [tile](int line, int octet, const Octet(&words)[octet_codes]) {
      QUATRAIN_UNROLL
      for (int i = 0; i < octet_codes; ++i) tile[(line + i) * Tile::pitch + octet] = words[i];
    };
  };

  WarpSums<Tile> sums = {};
  for (int k = part.begin_k; k < part.end_k; k += Tile::depth) {
    const int depth = part.end_k - k;
    for_pieces<Tile::threads, Tile::rows, Tile::depth>(
        left_rows_are_k<phase>(shape), rows, depth,
        [&](Octet(&words)[octet_codes], int line, int offset) {
          load_left_piece<phase>(words, shape, operands.left, part.group, part.first_m + line, rows - line,
                                 k + offset, depth - offset);
        },
        store_into(memory.left));
    for (int sample = 0; sample < shape.samples; ++sample) {
      const std::uint8_t* right = operands.right + static_cast<std::size_t>(sample) * operands.sample_bytes;
      for_pieces<Tile::threads, Tile::columns, Tile::depth>(
          right_rows_are_k<phase>(shape), columns, depth,
          [&](Octet(&words)[octet_codes], int line, int offset) {
            load_right_piece<phase>(words, shape, right, part.group, part.first_n + line, columns - line,
                                    k + offset, depth - offset);
          },
          store_into(memory.right));
      __syncthreads();
      add_mma_products<Tile, left_encoding, right_encoding>(sums, memory, at);
      __syncthreads();
    }
  }
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
