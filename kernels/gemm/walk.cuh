#pragma once
/// Lowering of the tiled rung: the left operand as windows (a place on a plane and a tap of the kernel), the
/// right one as runs of neighbours. One index of a tile stays, the other steps by one; nothing is divided on
/// the way but the coordinates of a strided backward_data.

#include "kernels/gemm/shape.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

/// The windows lie on dZ and the places on the input plane; otherwise the other way round.
constexpr bool meets_gradient(Phase phase) {
  switch (phase) {
    case Phase::forward:
    case Phase::backward_weight:
      return false;
    case Phase::backward_data:
      return true;
  }
  return false;
}

/// k counts places and m taps; otherwise the other way round.
constexpr bool k_counts_spots(Phase phase) {
  switch (phase) {
    case Phase::forward:
    case Phase::backward_data:
      return false;
    case Phase::backward_weight:
      return true;
  }
  return false;
}

/// Index (channel, i, j) of a group's taps.
struct Tap {
  int channel, i, j;

  __device__ Tap(const GemmShape& s, int index)
      : channel(index / s.taps()), i(index / s.kernel_width % s.kernel_height), j(index % s.kernel_width) {}
  /// To the next index; true when it leaves its line of the kernel.
  __device__ bool step(const GemmShape& s) {
    if (++j < s.kernel_width) return false;
    j = 0;
    if (++i == s.kernel_height) {
      i = 0;
      ++channel;
    }
    return true;
  }
};

/// Index (b, y, x) of places: on the output plane, or on the input plane in backward_data.
template <Phase phase>
struct Spot {
  int b, y, x;

  __device__ static int plane_height(const GemmShape& s) {
    return meets_gradient(phase) ? s.height : s.out_height;
  }
  __device__ static int plane_width(const GemmShape& s) {
    return meets_gradient(phase) ? s.width : s.out_width;
  }
  __device__ Spot(const GemmShape& s, int index)
      : b(index / plane_width(s) / plane_height(s)),
        y(index / plane_width(s) % plane_height(s)),
        x(index % plane_width(s)) {}
  /// To the next index; true when it leaves its line of the plane.
  __device__ bool step(const GemmShape& s) {
    if (++x < plane_width(s)) return false;
    x = 0;
    if (++y == plane_height(s)) {
      y = 0;
      ++b;
    }
    return true;
  }
};

/// Exact quotient by a stride, or -1.
__device__ inline int divide_exactly(int value, int stride) {
  if (stride == 1 || value < 0) return value;
  const int quotient = value / stride;
  return quotient * stride == value ? quotient : -1;
}

/// Left operand along k at a fixed row m: the windows of a convolution. Zero outside the tensor.
template <Phase phase, Encoding encoding>
class LeftWalk {
 public:
  __device__ LeftWalk(const GemmShape& s, const std::uint8_t* codes, int group, int m, int k)
      : shape_(s), codes_(codes), group_(group), spot_(s, walks_spots ? k : m), tap_(s, walks_spots ? m : k) {
    find_line();
  }
  __device__ int next() {
    const int x = meets(spot_.x, tap_.j, shape_.stride_width, shape_.padding_width);
    const bool is_inside = is_line_inside_ && static_cast<unsigned>(x) < static_cast<unsigned>(width());
    const int value = is_inside ? value_at<encoding>(codes_, line_ + x) : 0;
    if (walks_spots ? spot_.step(shape_) : tap_.step(shape_)) find_line();
    return value;
  }

 private:
  static constexpr bool walks_spots = k_counts_spots(phase);
  static constexpr bool is_data = meets_gradient(phase);
  __device__ int height() const { return is_data ? shape_.out_height : shape_.height; }
  __device__ int width() const { return is_data ? shape_.out_width : shape_.width; }

  /// Coordinate in the operand's plane of a tap of the window at `spot`; outside of it where there is none.
  __device__ static int meets(int spot, int tap, int stride, int padding) {
    return is_data ? divide_exactly(spot + padding - tap, stride) : spot * stride + tap - padding;
  }

  __device__ void find_line() {
    const int y = meets(spot_.y, tap_.i, shape_.stride_height, shape_.padding_height);
    is_line_inside_ = static_cast<unsigned>(y) < static_cast<unsigned>(height());
    const unsigned channels = is_data ? shape_.out_channels : shape_.in_channels;
    const unsigned channel = spot_.b * channels + group_ * (is_data ? shape_.group_out : shape_.group_in);
    line_ = ((channel + tap_.channel) * height() + y) * width();
  }

  const GemmShape& shape_;
  const std::uint8_t* codes_;
  int group_;
  Spot<phase> spot_;
  Tap tap_;
  bool is_line_inside_;
  unsigned line_;  ///< first element of the line that the window meets now, where that is inside
};

/// Right operand along k at a fixed column n: runs of neighbours, `jump` apart.
template <Phase phase, Encoding encoding>
class RightWalk {
 public:
  __device__ RightWalk(const GemmShape& s, const std::uint8_t* codes, int group, int n, int k)
      : codes_(codes) {
    int line = 0, apart = 0;
    if constexpr (phase == Phase::forward) {
      run_ = apart = s.k;
      line = group * s.group_out + n;
    } else if constexpr (phase == Phase::backward_data) {
      run_ = s.taps();
      apart = s.group_in * s.taps();
      line = group * s.group_out * s.group_in + n;
    } else {
      static_assert(phase == Phase::backward_weight);
      run_ = s.out_plane();
      apart = s.out_channels * s.out_plane();
      line = group * s.group_out + n;
    }
    jump_ = apart - run_;
    within_ = k % run_;
    element_ = line * run_ + k / run_ * apart + within_;
  }
  __device__ int next() {
    const int value = value_at<encoding>(codes_, element_);
    ++element_;
    if (++within_ == run_) {
      within_ = 0;
      element_ += jump_;
    }
    return value;
  }

 private:
  const std::uint8_t* codes_;
  int run_, jump_, within_;
  unsigned element_;
};

/// Where an accumulator stands in the natural result: of_row(m) + of_column(n).
template <Phase phase>
class ResultPlace {
 public:
  __device__ ResultPlace(const GemmShape& s, int group) {
    if constexpr (phase == Phase::forward) {
      run_ = s.out_plane();
      apart_ = run_ * s.out_channels;
      first_ = run_ * group * s.group_out;
    } else if constexpr (phase == Phase::backward_data) {
      run_ = s.in_plane();
      apart_ = run_ * s.in_channels;
      first_ = run_ * group * s.group_in;
    } else {
      static_assert(phase == Phase::backward_weight);
      run_ = apart_ = s.m;
      first_ = group * s.group_out * s.m;
    }
  }
  __device__ int of_row(int m) const { return first_ + m / run_ * apart_ + m % run_; }
  __device__ int of_column(int n) const { return n * run_; }

 private:
  int run_, apart_, first_;
};

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
