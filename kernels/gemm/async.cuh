#pragma once
/// Rung "async": the mma rung with copies that run beside the products. Both operands are lowered first,
/// by a kernel of its own; then cp.async brings the next tile into one half of shared memory while the tensor
/// cores work on the other.

#include "kernels/gemm/lower.cuh"
#include "kernels/gemm/mma.cuh"

#include <algorithm>

namespace quatrain::kernels::QUATRAIN_PLATFORM {

/// Starts the copies of a tile: `lines` lines of `depth` codes, `from` on, 16 bytes a copy.
template <typename Tile, int lines>
__device__ void start_copies(Octet* tile, const Octet* from, int pitch) {
  constexpr int words = 4;  // of a copy
  constexpr int copies = Tile::depth / octet_codes / words;
  for (int copy = static_cast<int>(threadIdx.x); copy < lines * copies; copy += Tile::threads) {
    const int line = copy / copies, word = copy % copies * words;
    cp_async<16>(tile + line * Tile::pitch + word, from + static_cast<std::size_t>(line) * pitch + word);
  }
}

/// `shape.k` is the length of the stretch that was lowered. is_shared: others add to the same sums.
template <typename Tile, Phase phase, Encoding left_encoding, Encoding right_encoding>
__global__ void __launch_bounds__(Tile::threads, 1)
    gemm_async(GemmShape shape, const Octet* left, LoweredLines left_lines, const Octet* right,
               LoweredLines right_lines, int part_depth, bool is_shared, std::int32_t* accumulators) {
  struct Halves {
    typename Tile::Memory half[2];
  };
  Halves& memory = shared_memory<Halves>();
  const TilePart part = part_of_block<Tile>(shape, part_depth);
  const WarpPlace<Tile> at;
  left += part.group * left_lines.words_of_group() +
          static_cast<std::size_t>(part.first_m) * left_lines.pitch + part.begin_k / octet_codes;
  right += part.group * right_lines.words_of_group() +
           static_cast<std::size_t>(part.first_n) * right_lines.pitch + part.begin_k / octet_codes;
  const std::size_t sample_words = static_cast<std::size_t>(shape.groups) * right_lines.words_of_group();
  const int stages = ((part.end_k - part.begin_k - 1) / Tile::depth + 1) * shape.samples;
  const auto start = [&](int stage) {
    const int sample = stage % shape.samples, word = stage / shape.samples * (Tile::depth / octet_codes);
    typename Tile::Memory& half = memory.half[stage % 2];
    start_copies<Tile, Tile::rows>(half.left, left + word, left_lines.pitch);
    start_copies<Tile, Tile::columns>(half.right, right + sample * sample_words + word, right_lines.pitch);
  };

  WarpSums<Tile> sums = {};
  start(0);
  cp_async_commit();
  for (int stage = 0; stage < stages; ++stage) {
    if (stage + 1 < stages) start(stage + 1);
    cp_async_commit();   // an empty group at the end
    cp_async_wait<1>();  // of all but the one just committed: this stage's tile is there
    __syncthreads();
    add_mma_products<Tile, left_encoding, right_encoding>(sums, memory.half[stage % 2], at);
    __syncthreads();
  }
  store_mma_sums<Tile, phase>(shape, part, at, sums, is_shared, accumulators);
}

/// most_codes: of a lowered operand in memory; a longer k is lowered and summed stretch by stretch.
template <typename Tile, std::int64_t most_codes>
class AsyncRung {
 public:
  using Access = VectorAccess;

  template <Phase phase, Encoding left_encoding, Encoding right_encoding>
  void launch(Device& device, const LaunchShape& cut, const GemmShape& shape, const GemmOperands& operands,
              Buffer<std::int32_t>& accumulators) {
    const std::int64_t left_lines = whole(shape.m, Tile::rows), right_lines = whole(shape.n, Tile::columns);
    const std::int64_t lines = shape.groups * std::max(left_lines, right_lines * shape.samples);
    const std::int64_t fits = most_codes / lines / Tile::depth * Tile::depth;
    const auto stretch =
        static_cast<int>(std::clamp<std::int64_t>(fits, Tile::depth, whole(shape.k, Tile::depth)));
    device.clear(accumulators);
    for (int k = 0; k < shape.k; k += stretch) {
      const int end = shape.k - k < stretch ? shape.k : k + stretch;
      GemmShape part = shape;
      part.k = end - k;
      const auto pitch = static_cast<int>(whole(part.k, Tile::depth) / octet_codes);
      const LoweredLines left{static_cast<unsigned>(left_lines), pitch, k, end};
      const LoweredLines right{static_cast<unsigned>(right_lines), pitch, k, end};
      lower<true, phase>(device, cut.threads, shape, operands, left, left_);
      lower<false, phase>(device, cut.threads, shape, operands, right, right_);
      const TileSplit split = split_into_tiles<Tile>(cut, part);
      device.launch("gemm_async", gemm_async<Tile, phase, left_encoding, right_encoding>, split.grid,
                    dim3(Tile::threads), part, static_cast<const Octet*>(left_.data()), left,
                    static_cast<const Octet*>(right_.data()), right, split.part_depth,
                    split.grid.y > 1 || stretch < shape.k, accumulators.data());
    }
  }

 private:
  /// `size` rounded up to whole tiles.
  static std::int64_t whole(std::int64_t size, std::int64_t tile) { return (size + tile - 1) / tile * tile; }

  Buffer<Octet> left_, right_;
};

using DefaultAsyncRung = AsyncRung<DefaultMmaTile, std::int64_t{1} << 28>;

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
