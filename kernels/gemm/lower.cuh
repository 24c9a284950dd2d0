#pragma once
/// Operands lowered by a kernel of its own: lines of packed codes along k, as a matrix product wants them,
/// with zeros around, so that whoever reads them needs no bounds and no geometry.

#include "kernels/gemm/lines.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

/// A stretch of k of an operand in memory: [samples][groups][lines][pitch] words of eight codes. Lines and
/// words beyond the operand are zero.
struct LoweredLines {
  unsigned lines;      ///< of a group, rounded up to whole tiles
  int pitch;           ///< words of a line, likewise
  int begin_k, end_k;  ///< that are in it

  __host__ __device__ std::size_t words_of_group() const {
    return static_cast<std::size_t>(lines) * static_cast<std::size_t>(pitch);
  }
};

/// A thread for each piece of 8 lines by 8 values of k.
template <bool is_left, Phase phase>
__global__ void lower_operand(GemmShape shape, GemmOperands operands, LoweredLines lowered, int samples,
                              Octet* words) {
  const std::uint64_t across = lowered.lines / octet_codes;
  const std::uint64_t pieces_of_group = across * lowered.pitch;
  const std::uint64_t number = static_cast<std::uint64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const auto group_of_all = static_cast<int>(number / pieces_of_group);
  const int sample = group_of_all / shape.groups, group = group_of_all % shape.groups;
  if (sample >= samples) return;
  const auto piece = number % pieces_of_group;
  const bool rows_are_k = is_left ? left_rows_are_k<phase>(shape) : right_rows_are_k<phase>(shape);
  const int line = static_cast<int>(rows_are_k ? piece % across : piece / lowered.pitch) * octet_codes;
  const int octet = static_cast<int>(rows_are_k ? piece / across : piece % lowered.pitch);
  const int k = lowered.begin_k + octet * octet_codes;
  const int lines = (is_left ? shape.m : shape.n) - line, depth = lowered.end_k - k;

  Octet found[octet_codes] = {};
  if (lines > 0 && depth > 0) {
    if constexpr (is_left)
      load_left_piece<phase>(found, shape, operands.left, group, line, lines, k, depth);
    else
      load_right_piece<phase>(found, shape,
                              operands.right + static_cast<std::size_t>(sample) * operands.sample_bytes,
                              group, line, lines, k, depth);
  }
  Octet* to = words + static_cast<std::size_t>(group_of_all) * lowered.words_of_group() +
              static_cast<std::size_t>(line) * static_cast<std::size_t>(lowered.pitch) + octet;
  QUATRAIN_UNROLL
  for (int i = 0; i < octet_codes; ++i) to[static_cast<std::size_t>(i) * lowered.pitch] = found[i];
}

/// Lowers one operand into `words`.
template <bool is_left, Phase phase>
void lower(Device& device, unsigned threads, const GemmShape& shape, const GemmOperands& operands,
           const LoweredLines& lowered, Buffer<Octet>& words) {
  const int samples = is_left ? 1 : shape.samples;
  const std::size_t count =
      static_cast<std::size_t>(samples) * static_cast<std::size_t>(shape.groups) * lowered.words_of_group();
  device.prepare(words, count);
  device.launch(is_left ? "lower_left" : "lower_right", lower_operand<is_left, phase>,
                dim3(blocks_for(count / octet_codes, threads)), dim3(threads), shape, operands, lowered,
                samples, words.data());
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
