#include "rtl_models/feeder/lowering.hpp"

namespace quatrain::rtl_models {

using traces::Geometry;
using traces::Phase;

TapAxis::TapAxis(std::int64_t positions, std::int64_t taps)
    : positions_(positions), taps_(taps), coordinates_(static_cast<std::size_t>(positions * taps), -1) {}

TapAxis TapAxis::sliding(std::int64_t positions, std::int64_t taps, std::int64_t stride, std::int64_t padding,
                         std::int64_t plane) {
  TapAxis axis(positions, taps);
  for (std::int64_t position = 0; position < positions; ++position)
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      const std::int64_t coordinate = position * stride + tap - padding;
      if (coordinate >= 0 && coordinate < plane)
        axis.coordinates_[static_cast<std::size_t>(position * taps + tap)] =
            static_cast<std::int32_t>(coordinate);
    }
  return axis;
}

TapAxis TapAxis::transposed(std::int64_t positions, std::int64_t taps, std::int64_t stride,
                            std::int64_t padding, std::int64_t plane) {
  TapAxis axis(positions, taps);
  for (std::int64_t position = 0; position < positions; ++position)
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      const std::int64_t distance = position + padding - tap;
      if (distance >= 0 && distance % stride == 0 && distance / stride < plane)
        axis.coordinates_[static_cast<std::size_t>(position * taps + tap)] =
            static_cast<std::int32_t>(distance / stride);
    }
  return axis;
}

LeftAddress::LeftAddress(const traces::Gemm& gemm, std::int64_t plane_cut)
    : rows_are_positions_(gemm.phase != Phase::backward_weight),
      channels_(gemm.phase == Phase::backward_data ? gemm.geometry.out_channels : gemm.geometry.in_channels),
      group_channels_(channels_ / gemm.geometry.groups),
      height_(gemm.phase == Phase::backward_data ? gemm.geometry.out_height : gemm.geometry.height),
      width_(gemm.phase == Phase::backward_data ? gemm.geometry.out_width : gemm.geometry.width),
      kernel_height_(gemm.geometry.kernel_height),
      kernel_width_(gemm.geometry.kernel_width),
      vertical_(gemm.phase == Phase::backward_data
                    ? TapAxis::transposed(gemm.geometry.height, kernel_height_, gemm.geometry.stride_height,
                                          gemm.geometry.padding_height, height_ - plane_cut)
                    : TapAxis::sliding(gemm.geometry.out_height, kernel_height_, gemm.geometry.stride_height,
                                       gemm.geometry.padding_height, height_ - plane_cut)),
      horizontal_(gemm.phase == Phase::backward_data
                      ? TapAxis::transposed(gemm.geometry.width, kernel_width_, gemm.geometry.stride_width,
                                            gemm.geometry.padding_width, width_)
                      : TapAxis::sliding(gemm.geometry.out_width, kernel_width_, gemm.geometry.stride_width,
                                         gemm.geometry.padding_width, width_)) {}

LeftAddress::Tap LeftAddress::tap(std::int64_t index) const {
  const std::int64_t taps = kernel_height_ * kernel_width_, inside = index % taps;
  return {index / taps * height_ * width_, static_cast<std::int32_t>(inside / kernel_width_),
          static_cast<std::int32_t>(inside % kernel_width_)};
}

LeftAddress::Position LeftAddress::position(std::uint32_t group, std::int64_t index) const {
  const std::int64_t plane = vertical_.positions() * horizontal_.positions(), inside = index % plane;
  return {(index / plane * channels_ + group * group_channels_) * height_ * width_,
          vertical_.at(inside / horizontal_.positions()), horizontal_.at(inside % horizontal_.positions())};
}

RightAddress::RightAddress(const traces::Gemm& gemm) {
  const Geometry& g = gemm.geometry;
  const std::int64_t taps = g.kernel_height * g.kernel_width;
  const std::int64_t group_in = g.in_channels / g.groups, group_out = g.out_channels / g.groups;
  const std::int64_t plane = g.out_height * g.out_width;
  switch (gemm.phase) {
    case Phase::forward:  // W [o][k]
      stride_ = run_ = run_stride_ = group_in * taps;
      group_stride_ = group_out * stride_;
      break;
    case Phase::backward_data:  // W [o][n][taps], k = (o, taps)
      stride_ = run_ = taps;
      run_stride_ = group_in * taps;
      group_stride_ = group_out * run_stride_;
      break;
    case Phase::backward_weight:  // dZ [b][n][plane], k = (b, plane)
      stride_ = run_ = plane;
      run_stride_ = g.out_channels * plane;
      group_stride_ = group_out * plane;
      break;
  }
}

ResultAddress::ResultAddress(const traces::Gemm& gemm) {
  const Geometry& g = gemm.geometry;
  const std::int64_t taps = g.kernel_height * g.kernel_width;
  const std::int64_t group_in = g.in_channels / g.groups, group_out = g.out_channels / g.groups;
  if (gemm.phase == Phase::backward_weight) {  // dW [n][m]
    stride_ = run_ = run_stride_ = group_in * taps;
    group_stride_ = group_out * stride_;
    return;
  }
  const bool forward = gemm.phase == Phase::forward;  // Z [b][n][plane] or dX [b][n][plane], m = (b, plane)
  stride_ = run_ = forward ? g.out_height * g.out_width : g.height * g.width;
  run_stride_ = (forward ? g.out_channels : g.in_channels) * run_;
  group_stride_ = (forward ? group_out : group_in) * run_;
}

}  // namespace quatrain::rtl_models
