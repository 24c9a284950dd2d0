#pragma once
/// Rung "naive": one thread per output, straight from the packed natural operands by the table of numerics.md
/// section 6. The terms of a sum may come in any order, since int32 is exact: channels innermost, so that
/// bounds and divisions stand outside.

#include "kernels/gemm/shape.cuh"
#include "kernels/launch_shape.hpp"
#include "kernels/quant/elements.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

/// Sum over `count` channels of left times right, whose elements stand `left_step` and `right_step` apart.
template <Encoding left_encoding, Encoding right_encoding>
__device__ int sum_channels(const GemmOperands& operands, unsigned left, unsigned left_step, unsigned right,
                            unsigned right_step, int count) {
  int sum = 0;
  for (int c = 0; c < count; ++c) {
    sum += value_at<left_encoding>(operands.left, left) * value_at<right_encoding>(operands.right, right);
    left += left_step;
    right += right_step;
  }
  return sum;
}

__device__ inline bool is_outside(int coordinate, int size) { return coordinate < 0 || coordinate >= size; }

/// The row itself, or -1 outside the plane.
__device__ inline int row_inside(int row, int height) { return is_outside(row, height) ? -1 : row; }

/// Z[b, o, ho, wo]; `output` is its flat index.
template <Encoding left_encoding, Encoding right_encoding>
__device__ int forward_sum(const GemmShape& s, const GemmOperands& operands, int output) {
  const int wo = output % s.out_width, ho = output / s.out_width % s.out_height;
  const int o = output / s.out_plane() % s.out_channels, b = output / s.out_plane() / s.out_channels;
  const int first_channel = b * s.in_channels + o / s.group_out * s.group_in;
  int sum = 0;
  for (int i = 0; i < s.kernel_height; ++i) {
    const int h = row_inside(ho * s.stride_height + i - s.padding_height, s.height);
    if (h < 0) continue;
    for (int j = 0; j < s.kernel_width; ++j) {
      const int w = wo * s.stride_width + j - s.padding_width;
      if (is_outside(w, s.width)) continue;
      const int tap = i * s.kernel_width + j;
      sum += sum_channels<left_encoding, right_encoding>(
          operands, (first_channel * s.height + h) * s.width + w, s.in_plane(),
          o * s.group_in * s.taps() + tap, s.taps(), s.group_in);
    }
  }
  return sum;
}

/// dX[b, c, h, w]
template <Encoding left_encoding, Encoding right_encoding>
__device__ int backward_data_sum(const GemmShape& s, const GemmOperands& operands, int output) {
  const int w = output % s.width, h = output / s.width % s.height;
  const int c = output / s.in_plane() % s.in_channels, b = output / s.in_plane() / s.in_channels;
  const int first_channel = c / s.group_in * s.group_out, c_of_group = c % s.group_in;
  int sum = 0;
  for (int i = 0; i < s.kernel_height; ++i) {
    const int above = h + s.padding_height - i;
    const int ho = row_inside(above / s.stride_height, s.out_height);
    if (above < 0 || above % s.stride_height != 0 || ho < 0) continue;
    for (int j = 0; j < s.kernel_width; ++j) {
      const int before = w + s.padding_width - j, wo = before / s.stride_width;
      if (before < 0 || before % s.stride_width != 0 || is_outside(wo, s.out_width)) continue;
      const int tap = i * s.kernel_width + j;
      sum += sum_channels<left_encoding, right_encoding>(
          operands, ((b * s.out_channels + first_channel) * s.out_height + ho) * s.out_width + wo,
          s.out_plane(), (first_channel * s.group_in + c_of_group) * s.taps() + tap, s.group_in * s.taps(),
          s.group_out);
    }
  }
  return sum;
}

/// dW[o, c, i, j], over all samples. Neighbours in a row of dZ stand side by side, in X a stride apart.
template <Encoding left_encoding, Encoding right_encoding>
__device__ int backward_weight_sum(const GemmShape& s, const GemmOperands& operands, int output) {
  const int j = output % s.kernel_width, i = output / s.kernel_width % s.kernel_height;
  const int c = output / s.taps() % s.group_in, o = output / s.taps() / s.group_in;
  const int channel = o / s.group_out * s.group_in + c;
  // The wo with 0 <= wo stride + j - padding < width; quotients round up, and no sum leaves 32 bits.
  const int low = s.padding_width - j, high = s.width + s.padding_width - j;
  const int first = low <= 0 ? 0 : (low - 1) / s.stride_width + 1;
  const int end_in = high <= 0 ? 0 : (high - 1) / s.stride_width + 1;
  const int end = end_in < s.out_width ? end_in : s.out_width;
  int sum = 0;
  for (int sample = 0; sample < s.samples; ++sample) {
    const GemmOperands one{operands.left,
                           operands.right + static_cast<std::size_t>(sample) * operands.sample_bytes, 0};
    const int batch = static_cast<int>(s.k / s.out_plane());
    for (int b = 0; b < batch; ++b)
      for (int ho = 0; ho < s.out_height; ++ho) {
        const int h = row_inside(ho * s.stride_height + i - s.padding_height, s.height);
        if (h < 0 || first >= end) continue;
        sum += sum_channels<left_encoding, right_encoding>(
            one, ((b * s.in_channels + channel) * s.height + h) * s.width + first * s.stride_width - low,
            s.stride_width, ((b * s.out_channels + o) * s.out_height + ho) * s.out_width + first, 1,
            end - first);
      }
  }
  return sum;
}

template <Phase phase, Encoding left_encoding, Encoding right_encoding>
__global__ void gemm_naive(GemmShape shape, GemmOperands operands, int outputs, std::int32_t* accumulators) {
  const unsigned output = blockIdx.x * blockDim.x + threadIdx.x;
  if (output >= static_cast<unsigned>(outputs)) return;
  const auto at = static_cast<int>(output);
  if constexpr (phase == Phase::forward) {
    accumulators[at] = forward_sum<left_encoding, right_encoding>(shape, operands, at);
  } else if constexpr (phase == Phase::backward_data) {
    accumulators[at] = backward_data_sum<left_encoding, right_encoding>(shape, operands, at);
  } else {
    static_assert(phase == Phase::backward_weight);
    accumulators[at] = backward_weight_sum<left_encoding, right_encoding>(shape, operands, at);
  }
}

/// The rung as DeviceBackend launches it; `accumulators` has one element per output.
struct NaiveRung {
  using Access = ScalarAccess;

  template <Phase phase, Encoding left_encoding, Encoding right_encoding>
  void launch(Device& device, const LaunchShape& cut, const GemmShape& shape, const GemmOperands& operands,
              Buffer<std::int32_t>& accumulators) {
    device.launch("gemm_naive", gemm_naive<phase, left_encoding, right_encoding>,
                  dim3(blocks_for(accumulators.size(), cut.threads)), dim3(cut.threads), shape, operands,
                  static_cast<int>(accumulators.size()), accumulators.data());
  }
};

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
