#include "rtl_models/feeder/lowering.hpp"

namespace quatrain::rtl_models {

using traces::Geometry;
using traces::Phase;

namespace {

/// The left operand is a gradient: its plane is the output's.
bool is_data(const traces::Gemm& gemm) {
  switch (gemm.phase) {
    case Phase::forward:
    case Phase::backward_weight:
      return false;
    case Phase::backward_data:
      return true;
  }
  __builtin_unreachable();
}

/// m counts positions and k taps; otherwise the other way round.
bool rows_are_positions(const traces::Gemm& gemm) {
  switch (gemm.phase) {
    case Phase::forward:
    case Phase::backward_data:
      return true;
    case Phase::backward_weight:
      return false;
  }
  __builtin_unreachable();
}

/// How taps meet the left operand's plane.
auto axis_of(const traces::Gemm& gemm) { return is_data(gemm) ? TapAxis::transposed : TapAxis::sliding; }

}  // namespace

TapAxis TapAxis::sliding(std::int64_t stride, std::int64_t padding, std::int64_t plane) {
  return {false, stride, padding, plane};
}
TapAxis TapAxis::transposed(std::int64_t stride, std::int64_t padding, std::int64_t plane) {
  return {true, stride, padding, plane};
}

TapAxis::Position TapAxis::position(std::int64_t index) const {
  if (!is_transposed_) return {index * stride_ - padding_, 0};
  return {(index + padding_) / stride_, (index + padding_) % stride_};
}

TapAxis::Tap TapAxis::tap(std::int64_t index) const {
  if (!is_transposed_) return {static_cast<std::int32_t>(index), 0};
  return {static_cast<std::int32_t>(-(index / stride_)), static_cast<std::int32_t>(index % stride_)};
}

LeftAddress::LeftAddress(const traces::Gemm& gemm)
    : rows_are_positions_(rtl_models::rows_are_positions(gemm)),
      channels_(is_data(gemm) ? gemm.geometry.out_channels : gemm.geometry.in_channels),
      group_channels_(channels_ / gemm.geometry.groups),
      height_(is_data(gemm) ? gemm.geometry.out_height : gemm.geometry.height),
      width_(is_data(gemm) ? gemm.geometry.out_width : gemm.geometry.width),
      position_height_(is_data(gemm) ? gemm.geometry.height : gemm.geometry.out_height),
      position_width_(is_data(gemm) ? gemm.geometry.width : gemm.geometry.out_width),
      kernel_height_(gemm.geometry.kernel_height),
      kernel_width_(gemm.geometry.kernel_width),
      vertical_(axis_of(gemm)(gemm.geometry.stride_height, gemm.geometry.padding_height, height_)),
      horizontal_(axis_of(gemm)(gemm.geometry.stride_width, gemm.geometry.padding_width, width_)) {}

LeftAddress::Tap LeftAddress::tap(std::int64_t index) const {
  const std::int64_t taps = kernel_height_ * kernel_width_, inside = index % taps;
  return {index / taps * height_ * width_, vertical_.tap(inside / kernel_width_),
          horizontal_.tap(inside % kernel_width_)};
}

LeftAddress::Position LeftAddress::position(std::uint32_t group, std::int64_t index) const {
  const std::int64_t plane = position_height_ * position_width_, inside = index % plane;
  return {(index / plane * channels_ + group * group_channels_) * height_ * width_,
          vertical_.position(inside / position_width_), horizontal_.position(inside % position_width_)};
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
  switch (gemm.phase) {
    case Phase::forward:  // Z [b][n][plane], m = (b, plane)
      stride_ = run_ = g.out_height * g.out_width;
      run_stride_ = g.out_channels * run_;
      group_stride_ = group_out * run_;
      break;
    case Phase::backward_data:  // dX [b][n][plane], m = (b, plane)
      stride_ = run_ = g.height * g.width;
      run_stride_ = g.in_channels * run_;
      group_stride_ = group_in * run_;
      break;
    case Phase::backward_weight:  // dW [n][m]
      stride_ = run_ = run_stride_ = group_in * taps;
      group_stride_ = group_out * stride_;
      break;
  }
}

}  // namespace quatrain::rtl_models
