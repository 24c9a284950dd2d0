#pragma once
/// SAWB, fp32 to INT4 or UINT4 (numerics.md section 4): sums in fixed point, the clip in fp64 on the host,
/// codes.

#include "kernels/quant/elements.cuh"

#include <cmath>

namespace quatrain::kernels::QUATRAIN_PLATFORM {

struct SawbSums {
  unsigned long long positive, sum1, sum2;  ///< elements with m > 0, sum of m, sum of m^2
};

/// Sums of one thread. m = |x| to_fixed, rounded half to even, with to_fixed = 2^(16 - p): 0..65536. The
/// product is exact, or so small that it rounds to 0 either way.
struct SawbSumsOfThread {
  float to_fixed;
  unsigned long long positive = 0, sum1 = 0, sum2 = 0;

  __device__ void take(float value, unsigned) {
    const auto m = static_cast<unsigned long long>(rint(__uint_as_float(magnitude_bits(value)) * to_fixed));
    positive += m > 0;
    sum1 += m;
    sum2 += m * m;
  }
  /// Adds them to those of others; the whole warp calls it.
  __device__ void give(SawbSums* sums) const {
    const unsigned long long positive_of_warp = reduce_warp(positive, Sum{});
    const unsigned long long sum1_of_warp = reduce_warp(sum1, Sum{});
    const unsigned long long sum2_of_warp = reduce_warp(sum2, Sum{});
    if (!is_first_lane()) return;
    atomicAdd(&sums->positive, positive_of_warp);
    atomicAdd(&sums->sum1, sum1_of_warp);
    atomicAdd(&sums->sum2, sum2_of_warp);
  }
};

template <typename Access>
__global__ void sum_sawb(const float* x, unsigned count, float to_fixed, SawbSums* sums) {
  SawbSumsOfThread of_thread{to_fixed};
  take_all<Access>(of_thread, x, count);
  of_thread.give(sums);
}

/// Clip of the tensor, in units of x. count: all elements (int4), elements with m > 0 (uint4). Each operation
/// is rounded: this is compiled without contraction on either platform.
inline float sawb_clip(bool is_signed, unsigned long long count, const SawbSums& sums, int exponent,
                       float maximum) {
  const double c1 = is_signed ? 12.035 : 11.5, c2 = is_signed ? 12.03 : 10.25;
  const double n = static_cast<double>(count);
  const double a = static_cast<double>(sums.sum2) / n, b = static_cast<double>(sums.sum1) / n;
  const double c = c1 * std::sqrt(a) - c2 * b;
  const auto clip = static_cast<float>(std::ldexp(c, exponent - 16));
  const bool is_usable = clip >= 0x1p-100F && clip <= maximum;
  const bool is_nearly_constant = is_signed && 2 * c < 3 * b;
  return is_usable && !is_nearly_constant ? clip : maximum;
}

/// inverse = f32(7 / clip) or f32(15 / clip), limits -7..7 or 0..15.
struct SawbCoder {
  float inverse, least, most;

  __device__ std::uint32_t word(const float (&x)[word_elements], unsigned) const {
    std::uint32_t packed = 0;
    QUATRAIN_UNROLL
    for (unsigned j = 0; j < word_elements; ++j) {
      float rounded = rint(x[j] * inverse);
      if (rounded < least) rounded = least;
      if (rounded > most) rounded = most;
      packed |= packed_code(static_cast<std::uint32_t>(static_cast<int>(rounded)), j);
    }
    return packed;
  }
};

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
