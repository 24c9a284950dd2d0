#pragma once
/// What every GEMM kernel needs to know of its tensors: sizes as 32-bit numbers (KernelMachine refuses what
/// does not fit) and how a code becomes a value.

#include "kernels/platform.hpp"
#include "traces/encoding/codes.hpp"
#include "traces/geometry.hpp"
#include "traces/machine.hpp"

#include <cstddef>
#include <cstdint>

namespace quatrain::kernels::QUATRAIN_PLATFORM {

using traces::Encoding;
using traces::Phase;

struct GemmShape {
  int m, n, k, groups, samples;
  int in_channels, height, width;
  int out_channels, out_height, out_width;
  int kernel_height, kernel_width, stride_height, stride_width, padding_height, padding_width;
  int group_in, group_out;  ///< channels of one group
  int accumulator_bits;     ///< integers of 32: sums are exact
  bool saturates;           ///< with fewer bits; else they wrap, or become infinite
  bool is_float;            ///< sums are fp16 or fp32
  int chunk;                ///< terms of a sum of its own; 0: all

  __host__ __device__ int taps() const { return kernel_height * kernel_width; }
  __host__ __device__ int in_plane() const { return height * width; }
  __host__ __device__ int out_plane() const { return out_height * out_width; }
};

inline GemmShape make_shape(const traces::Gemm& gemm, std::size_t samples) {
  const traces::Geometry& g = gemm.geometry;
  const traces::GemmSize size = traces::gemm_size(gemm.phase, g);
  const auto number = [](std::int64_t value) { return static_cast<int>(value); };
  return {number(size.m),
          number(size.n),
          number(size.k),
          number(size.groups),
          static_cast<int>(samples),
          number(g.in_channels),
          number(g.height),
          number(g.width),
          number(g.out_channels),
          number(g.out_height),
          number(g.out_width),
          number(g.kernel_height),
          number(g.kernel_width),
          number(g.stride_height),
          number(g.stride_width),
          number(g.padding_height),
          number(g.padding_width),
          number(g.in_channels / g.groups),
          number(g.out_channels / g.groups),
          static_cast<int>(gemm.accumulator.bits),
          gemm.accumulator.overflow == traces::Overflow::saturate,
          gemm.accumulator.is_float(),
          static_cast<int>(gemm.accumulator.chunk)};
}

/// The codes of both operands, packed, in their natural shapes; the samples of the right one follow each
/// other at a distance of `sample_bytes`. Each tensor begins at a multiple of 4 bytes; behind it, and behind
/// the last word of 4 bytes that it begins, stands a word that may be read: padded_bytes() in all.
struct GemmOperands {
  const std::uint8_t *left, *right;
  std::size_t sample_bytes;
};

inline std::size_t padded_bytes(std::size_t bytes) { return (bytes + 3) / 4 * 4 + 4; }

/// Value of the code in the low four bits; those above do not count. FP4's magnitude 2^(e-1) is 1 << e with
/// its last bit dropped, which makes e = 0 zero.
template <Encoding encoding>
__device__ int decode(unsigned code) {
  if constexpr (encoding == Encoding::int4) {
    return static_cast<int>(code << 28) >> 28;
  } else if constexpr (encoding == Encoding::uint4) {
    return static_cast<int>(code & 0xFU);
  } else {
    static_assert(encoding == Encoding::fp4_e3m0);
    const int magnitude = (1 << (code & 7U)) >> 1;
    const int minus = static_cast<int>(code << 28) >> 31;  // 0, or all bits set
    return (magnitude ^ minus) - minus;
  }
}

/// Elements are counted in unsigned numbers: a kernel's index steps beyond its tensor after the last term.
template <Encoding encoding>
__device__ int value_at(const std::uint8_t* codes, unsigned element) {
  return decode<encoding>(static_cast<unsigned>(codes[element / 2]) >> (element % 2 * 4));
}

__host__ __device__ inline unsigned blocks_for(std::size_t count, std::size_t per_block) {
  return static_cast<unsigned>((count + per_block - 1) / per_block);
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
