#pragma once
/// Lowering of the tiled rung: the left operand as windows (a place on a plane and a tap of the kernel), the
/// right one as runs of neighbours. One index of a tile stays, the other steps by one; nothing is divided
/// inside a run but a strided backward_data's coordinates.

#include "kernels/gemm/shape.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

/// Index (channel, i, j) of a group's taps.
struct Tap {
  int channel, i, j;

  __device__ Tap(const GemmShape& s, int index)
      : channel(index / s.taps()), i(index / s.kernel_width % s.kernel_height), j(index % s.kernel_width) {}
  __device__ void step(const GemmShape& s) {
    if (++j < s.kernel_width) return;
    j = 0;
    if (++i < s.kernel_height) return;
    i = 0;
    ++channel;
  }
};

/// Index (b, y, x) of places: on the output plane, or on the input plane in backward_data.
template <Phase phase>
struct Spot {
  int b, y, x;

  __device__ static int plane_height(const GemmShape& s) {
    return phase == Phase::backward_data ? s.height : s.out_height;
  }
  __device__ static int plane_width(const GemmShape& s) {
    return phase == Phase::backward_data ? s.width : s.out_width;
  }
  __device__ Spot(const GemmShape& s, int index)
      : b(index / plane_width(s) / plane_height(s)),
        y(index / plane_width(s) % plane_height(s)),
        x(index % plane_width(s)) {}
  __device__ void step(const GemmShape& s) {
    if (++x < plane_width(s)) return;
    x = 0;
    if (++y < plane_height(s)) return;
    y = 0;
    ++b;
  }
};

/// Exact quotient by a stride, or -1.
__device__ inline int divide_exactly(int value, int stride) {
  if (stride == 1 || value < 0) return value;
  const int quotient = value / stride;
  return quotient * stride == value ? quotient : -1;
}

/// Value of the left operand; zero outside its tensor.
template <Phase phase, Encoding encoding, Fault fault>
__device__ int window_value(const GemmShape& s, const std::uint8_t* codes, int group, const Spot<phase>& spot,
                            const Tap& tap) {
  constexpr bool is_data = phase == Phase::backward_data;
  const int y = is_data ? divide_exactly(spot.y + s.padding_height - tap.i, s.stride_height)
                        : spot.y * s.stride_height + tap.i - s.padding_height;
  const int x = is_data ? divide_exactly(spot.x + s.padding_width - tap.j, s.stride_width)
                        : spot.x * s.stride_width + tap.j - s.padding_width;
  const int height = is_data ? s.out_height : s.height, width = is_data ? s.out_width : s.width;
  const bool is_row = static_cast<unsigned>(y) < static_cast<unsigned>(height) ||
                      (fault == Fault::padding_not_masked && y == height);
  if (!is_row || static_cast<unsigned>(x) >= static_cast<unsigned>(width)) return 0;
  const int channel = is_data ? spot.b * s.out_channels + group * s.group_out + tap.channel
                              : spot.b * s.in_channels + group * s.group_in + tap.channel;
  return value_at<encoding, fault>(codes, (channel * height + y) * width + x);
}

/// Left operand along k at a fixed row m.
template <Phase phase, Encoding encoding, Fault fault>
class LeftWalk {
 public:
  __device__ LeftWalk(const GemmShape& s, const std::uint8_t* codes, int group, int m, int k)
      : shape_(s),
        codes_(codes),
        group_(group),
        spot_(s, phase == Phase::backward_weight ? k : m),
        tap_(s, phase == Phase::backward_weight ? m : k) {}
  __device__ int next() {
    const int value = window_value<phase, encoding, fault>(shape_, codes_, group_, spot_, tap_);
    if constexpr (phase == Phase::backward_weight)
      spot_.step(shape_);
    else
      tap_.step(shape_);
    return value;
  }

 private:
  const GemmShape& shape_;
  const std::uint8_t* codes_;
  int group_;
  Spot<phase> spot_;
  Tap tap_;
};

/// Right operand along k at a fixed column n: runs of neighbours, `jump` apart.
template <Phase phase, Encoding encoding, Fault fault>
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
      run_ = s.out_plane();
      apart = s.out_channels * s.out_plane();
      line = group * s.group_out + n;
    }
    jump_ = apart - run_;
    within_ = k % run_;
    element_ = line * run_ + k / run_ * apart + within_;
  }
  __device__ int next() {
    const int value = right_value_at<encoding, fault>(codes_, element_);
    ++element_;
    if (++within_ == run_) {
      within_ = 0;
      element_ += jump_;
    }
    return value;
  }

 private:
  const std::uint8_t* codes_;
  int run_, jump_, within_, element_;
};

/// Where an accumulator stands in the natural result: of_row(m) + of_column(n).
template <Phase phase>
class ResultPlace {
 public:
  __device__ ResultPlace(const GemmShape& s, int group) {
    if constexpr (phase == Phase::backward_weight) {
      run_ = apart_ = s.m;
      first_ = group * s.group_out * s.m;
    } else {
      run_ = phase == Phase::forward ? s.out_plane() : s.in_plane();
      apart_ = run_ * (phase == Phase::forward ? s.out_channels : s.in_channels);
      first_ = run_ * group * (phase == Phase::forward ? s.group_out : s.group_in);
    }
  }
  __device__ int of_row(int m) const { return first_ + m / run_ * apart_ + m % run_; }
  __device__ int of_column(int n) const { return n * run_; }

 private:
  int run_, apart_, first_;
};

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
