#pragma once
/// Where the operands and results of a GEMM stand in their natural tensors (numerics.md section 6): the
/// address arithmetic of the feeders. Nothing is copied; a left element may lie outside its tensor, then it
/// is zero. Flat indices are row-major in the whole natural tensor, all groups included.

#include "rtl_models/fault.hpp"
#include "traces/geometry.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <vector>

namespace quatrain::rtl_models {

/// Along one axis: the plane's coordinate that a tap meets at a position; -1 outside the plane or between two
/// strides.
class TapAxis {
 public:
  /// coordinate = position * stride + tap - padding (a window that slides over the plane).
  static TapAxis sliding(std::int64_t positions, std::int64_t taps, std::int64_t stride, std::int64_t padding,
                         std::int64_t plane);
  /// coordinate = (position + padding - tap) / stride where that is exact (the same window seen from below).
  static TapAxis transposed(std::int64_t positions, std::int64_t taps, std::int64_t stride,
                            std::int64_t padding, std::int64_t plane);

  const std::int32_t* at(std::int64_t position) const { return coordinates_.data() + position * taps_; }
  std::int64_t positions() const { return positions_; }

 private:
  TapAxis(std::int64_t positions, std::int64_t taps);
  std::int64_t positions_, taps_;
  std::vector<std::int32_t> coordinates_;  ///< [position][tap]
};

/// The left operand as windows: one index of m and k is a position (b, y, x), the other a tap (channel, i,
/// j).
class LeftAddress {
 public:
  struct Tap {
    std::int64_t channel_base;
    std::int32_t i, j;
  };
  struct Position {
    std::int64_t base;
    const std::int32_t *rows, *columns;  ///< coordinate of tap i, of tap j
  };

  /// plane_cut: lines at the bottom of each plane that count as outside (0 but for a planted fault).
  LeftAddress(const traces::Gemm& gemm, std::int64_t plane_cut);

  Tap tap(std::int64_t index) const;                                 ///< (channel, i, j) of a group
  Position position(std::uint32_t group, std::int64_t index) const;  ///< (b, y, x)
  /// Flat index, or -1 where the element lies outside.
  std::int64_t element(const Position& position, const Tap& tap) const {
    const std::int64_t y = position.rows[tap.i], x = position.columns[tap.j];
    return (y | x) < 0 ? -1 : position.base + tap.channel_base + y * width_ + x;
  }
  bool rows_are_positions() const { return rows_are_positions_; }

 private:
  bool rows_are_positions_;
  std::int64_t channels_, group_channels_, height_, width_, kernel_height_, kernel_width_;
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
