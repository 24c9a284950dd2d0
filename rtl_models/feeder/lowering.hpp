#pragma once
/// Where the operands and results of a GEMM stand in their natural tensors (numerics.md section 6): the
/// address arithmetic of the feeders. Nothing is copied; a left element may lie outside its tensor, then it
/// is zero. Flat indices are row-major in the whole natural tensor, all groups included.

#include "traces/geometry.hpp"
#include "traces/machine.hpp"

#include <cstdint>

namespace quatrain::rtl_models {

/// Along one axis: the plane's coordinate that a tap meets at a position, the sum of their places. A
/// transposed position meets the taps of its own phase alone (the remainder by the stride). There is no table
/// of coordinates: positions * taps may be more than memory holds.
class TapAxis {
 public:
  struct Position {
    std::int64_t place, phase;
  };
  struct Tap {
    std::int32_t place, phase;
  };
  /// coordinate = position * stride + tap - padding (a window that slides over the plane).
  static TapAxis sliding(std::int64_t stride, std::int64_t padding, std::int64_t plane);
  /// coordinate = (position + padding - tap) / stride where that is exact (the same window seen from below).
  static TapAxis transposed(std::int64_t stride, std::int64_t padding, std::int64_t plane);

  Position position(std::int64_t index) const;
  Tap tap(std::int64_t index) const;
  /// -1 outside the plane or between two strides.
  std::int64_t coordinate(const Position& position, const Tap& tap) const {
    const std::int64_t sum = position.place + tap.place;
    return position.phase == tap.phase && sum >= 0 && sum < plane_ ? sum : -1;
  }

 private:
  TapAxis(bool is_transposed, std::int64_t stride, std::int64_t padding, std::int64_t plane)
      : is_transposed_(is_transposed), stride_(stride), padding_(padding), plane_(plane) {}
  bool is_transposed_;
  std::int64_t stride_, padding_, plane_;
};

/// The left operand as windows: one index of m and k is a position (b, y, x), the other a tap (channel, i,
/// j).
class LeftAddress {
 public:
  struct Tap {
    std::int64_t channel_base;
    TapAxis::Tap i, j;
  };
  struct Position {
    std::int64_t base;
    TapAxis::Position y, x;
  };

  explicit LeftAddress(const traces::Gemm& gemm);

  Tap tap(std::int64_t index) const;                                 ///< (channel, i, j) of a group
  Position position(std::uint32_t group, std::int64_t index) const;  ///< (b, y, x)
  /// Flat index, or -1 where the element lies outside.
  std::int64_t element(const Position& position, const Tap& tap) const {
    return is_inside(position, tap) ? start(position) + offset(tap) : -1;
  }
  /// The flat index is the sum of these two. The same taps of all channels are inside.
  std::int64_t start(const Position& position) const {
    return position.base + position.y.place * width_ + position.x.place;
  }
  std::int64_t offset(const Tap& tap) const { return tap.channel_base + tap.i.place * width_ + tap.j.place; }
  bool is_inside(const Position& position, const Tap& tap) const {
    return (vertical_.coordinate(position.y, tap.i) | horizontal_.coordinate(position.x, tap.j)) >= 0;
  }
  std::int64_t taps_of_channel() const { return kernel_height_ * kernel_width_; }
  bool rows_are_positions() const { return rows_are_positions_; }

 private:
  bool rows_are_positions_;
  std::int64_t channels_, group_channels_, height_, width_;  ///< of the left tensor
  std::int64_t position_height_, position_width_, kernel_height_, kernel_width_;
  TapAxis vertical_, horizontal_;
};

/// base + row * row_stride + ..., for operands and results without windows: index = base(group) + line(n or
/// m)
/// + offset(k or n), each a plain sum.
class RightAddress {
 public:
  explicit RightAddress(const traces::Gemm& gemm);
  std::int64_t column(std::uint32_t group, std::int64_t n) const {
    return group * group_stride_ + n * stride_;
  }
  std::int64_t offset(std::int64_t k) const { return k / run_ * run_stride_ + k % run_; }

 private:
  std::int64_t group_stride_, stride_, run_, run_stride_;  ///< k runs in stretches of run_ neighbours
};

class ResultAddress {
 public:
  explicit ResultAddress(const traces::Gemm& gemm);
  std::int64_t row(std::int64_t m) const { return m / run_ * run_stride_ + m % run_; }
  std::int64_t column(std::uint32_t group, std::int64_t n) const {
    return group * group_stride_ + n * stride_;
  }

 private:
  std::int64_t group_stride_, stride_, run_, run_stride_;  ///< m runs in stretches of run_ neighbours
};

}  // namespace quatrain::rtl_models
