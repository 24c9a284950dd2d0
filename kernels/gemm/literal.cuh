#pragma once
/// Rung "literal": the table of numerics.md section 6 as it stands, one thread an output. Values of codes
/// from a table, every index by its formula, every k in the order of the text. Nothing is clever: read it
/// first.

#include "kernels/gemm/shape.cuh"
#include "kernels/launch_shape.hpp"
#include "kernels/quant/elements.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

template <Encoding encoding>
__device__ int value_of_code(unsigned code) {
  if constexpr (encoding == Encoding::int4) {
    constexpr int values[16] = {0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1};
    return values[code];
  } else if constexpr (encoding == Encoding::uint4) {
    constexpr int values[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return values[code];
  } else {
    static_assert(encoding == Encoding::fp4_e3m0);
    constexpr int values[16] = {0, 1, 2, 4, 8, 16, 32, 64, 0, -1, -2, -4, -8, -16, -32, -64};
    return values[code];
  }
}

/// A tensor of codes in its natural shape [size0, size1, size2, size3]; zero outside of the last two.
template <Encoding encoding>
struct CodeTensor {
  const std::uint8_t* codes;
  int size1, size2, size3;

  __device__ int operator()(int i0, int i1, int i2, int i3) const {
    if (i2 < 0 || i2 >= size2 || i3 < 0 || i3 >= size3) return 0;
    const auto element = static_cast<unsigned>(((i0 * size1 + i1) * size2 + i2) * size3 + i3);
    const unsigned pair = codes[element / 2];
    return value_of_code<encoding>(element % 2 == 0 ? pair & 0xFU : pair >> 4);
  }
};

/// What an integer accumulator keeps of a sum (numerics.md section 7).
__device__ inline int kept_sum(const GemmShape& s, int sum) {
  if (s.accumulator_bits == 32) return sum;
  if (s.saturates) {
    const int largest = (1 << (s.accumulator_bits - 1)) - 1, smallest = -largest - 1;
    return sum > largest ? largest : sum < smallest ? smallest : sum;
  }
  const int lost = 32 - s.accumulator_bits;
  return static_cast<int>(static_cast<unsigned>(sum) << lost) >> lost;
}

/// What an fp16 accumulator keeps of a sum: a whole number of fp32 whose last 13 bits are rounded off, to the
/// nearest, ties to even. The sum itself is exact: both terms have at most 11 bits and lie within 24 of each
/// other.
__device__ inline float kept_half(const GemmShape& s, float sum) {
  const unsigned bits = __float_as_uint(sum), sign = bits & 0x80000000U, magnitude = bits & 0x7FFFFFFFU;
  if (magnitude == 0x7F800000U) return sum;  // infinite it stays
  const unsigned rounded = (magnitude + 0xFFFU + (magnitude >> 13 & 1U)) & ~0x1FFFU;
  const unsigned largest = 0x477FE000U, infinity = 0x7F800000U;  // 65504
  if (rounded <= largest) return __uint_as_float(sign | rounded);
  return __uint_as_float(sign | (s.saturates ? largest : infinity));
}

/// The accumulator of one result at work: each term of the order in turn, zeros by index too.
struct LiteralSum {
  int part = 0, whole = 0;                ///< integers: of the chunk, of the chunks before
  float float_part = 0, float_whole = 0;  ///< the same of floating-point sums
  int terms = 0;                          ///< of the chunk

  __device__ void add(const GemmShape& s, int term) {
    if (s.is_float) {
      float_part += static_cast<float>(term);
      if (s.accumulator_bits == 16) float_part = kept_half(s, float_part);
    } else {
      part = kept_sum(s, part + term);
    }
    if (s.chunk != 0 && ++terms == s.chunk) close_chunk();
  }
  __device__ void close_chunk() {
    whole += part;
    float_whole += float_part;
    part = terms = 0;
    float_part = 0;
  }
  /// As GemmResult has it.
  __device__ int result(const GemmShape& s) {
    if (s.chunk != 0 && terms != 0) close_chunk();
    if (!s.is_float) return s.chunk != 0 ? whole : part;
    const float sum = s.chunk != 0 ? float_whole : float_part;
    return sum == sum ? __float_as_int(sum) : 0x7FC00000;
  }
};

template <Phase phase, Encoding left_encoding, Encoding right_encoding>
__global__ void gemm_literal(GemmShape s, GemmOperands operands, int outputs, std::int32_t* accumulators) {
  const unsigned number = blockIdx.x * blockDim.x + threadIdx.x;
  if (number >= static_cast<unsigned>(outputs)) return;
  const auto output = static_cast<int>(number);
  LiteralSum sum;
  if constexpr (phase == Phase::forward) {  // Z[b, o, ho, wo]
    const CodeTensor<left_encoding> x{operands.left, s.in_channels, s.height, s.width};
    const CodeTensor<right_encoding> w{operands.right, s.group_in, s.kernel_height, s.kernel_width};
    const int wo = output % s.out_width, ho = output / s.out_width % s.out_height;
    const int o = output / s.out_plane() % s.out_channels, b = output / s.out_plane() / s.out_channels;
    const int first_channel = o / s.group_out * s.group_in;
    for (int c = 0; c < s.group_in; ++c)
      for (int i = 0; i < s.kernel_height; ++i)
        for (int j = 0; j < s.kernel_width; ++j)
          sum.add(s, x(b, first_channel + c, ho * s.stride_height + i - s.padding_height,
                       wo * s.stride_width + j - s.padding_width) *
                         w(o, c, i, j));
  } else if constexpr (phase == Phase::backward_data) {  // dX[b, c, h, w]
    const CodeTensor<left_encoding> dz{operands.left, s.out_channels, s.out_height, s.out_width};
    const CodeTensor<right_encoding> weight{operands.right, s.group_in, s.kernel_height, s.kernel_width};
    const int w = output % s.width, h = output / s.width % s.height;
    const int c = output / s.in_plane() % s.in_channels, b = output / s.in_plane() / s.in_channels;
    const int first_channel = c / s.group_in * s.group_out;
    for (int o = first_channel; o < first_channel + s.group_out; ++o)
      for (int i = 0; i < s.kernel_height; ++i)
        for (int j = 0; j < s.kernel_width; ++j) {
          const int y = h + s.padding_height - i, x = w + s.padding_width - j;
          const bool is_exact = y % s.stride_height == 0 && x % s.stride_width == 0;
          sum.add(s, is_exact
                         ? dz(b, o, y / s.stride_height, x / s.stride_width) * weight(o, c % s.group_in, i, j)
                         : 0);
        }
  } else {  // dW[o, c, i, j], over all samples
    static_assert(phase == Phase::backward_weight);
    const CodeTensor<left_encoding> x{operands.left, s.in_channels, s.height, s.width};
    const int j = output % s.kernel_width, i = output / s.kernel_width % s.kernel_height;
    const int c = output / s.taps() % s.group_in, o = output / s.taps() / s.group_in;
    const int channel = o / s.group_out * s.group_in + c, batch = s.k / s.out_plane();
    for (int sample = 0; sample < s.samples; ++sample) {
      const CodeTensor<right_encoding> dz{
          operands.right + static_cast<std::size_t>(sample) * operands.sample_bytes, s.out_channels,
          s.out_height, s.out_width};
      for (int b = 0; b < batch; ++b)
        for (int ho = 0; ho < s.out_height; ++ho)
          for (int wo = 0; wo < s.out_width; ++wo)
            sum.add(s, x(b, channel, ho * s.stride_height + i - s.padding_height,
                         wo * s.stride_width + j - s.padding_width) *
                           dz(b, o, ho, wo));
    }
  }
  accumulators[output] = sum.result(s);
}

struct LiteralRung {
  static constexpr bool sums_narrow = true;  ///< has every accumulator of section 7
  using Access = ScalarAccess;

  template <Phase phase, Encoding left_encoding, Encoding right_encoding>
  void launch(Device& device, const LaunchShape& cut, const GemmShape& shape, const GemmOperands& operands,
              Buffer<std::int32_t>& accumulators) {
    device.launch("gemm_literal", gemm_literal<phase, left_encoding, right_encoding>,
                  dim3(blocks_for(accumulators.size(), cut.threads)), dim3(cut.threads), shape, operands,
                  static_cast<int>(accumulators.size()), accumulators.data());
  }
};

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
