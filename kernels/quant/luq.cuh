#pragma once
/// LUQ and rounding to nearest, fp32 to FP4 E3M0 (numerics.md section 3). With y = f32(|x| inverse), the fp32
/// fields of y are its exponent q and, as the 23-bit fraction, g: both rules compare integers.

#include "kernels/quant/elements.cuh"
#include "kernels/random/philox.cuh"

namespace quatrain::kernels::QUATRAIN_PLATFORM {

inline constexpr unsigned exponent_of_one = 127;  // fp32's bias
inline constexpr unsigned largest_exponent = 7;   // FP4's code of 64

/// e of the code; is_up(fraction) answers for 1 <= y < 64, where 2^23 times g is the fraction.
template <typename IsUp>
__device__ unsigned exponent_between_values(unsigned y_bits, IsUp is_up) {
  const unsigned q = (y_bits >> 23) - exponent_of_one;
  if (q >= 6) return largest_exponent;
  return q + 1 + (is_up(y_bits & 0x7FFFFFU, q) ? 1 : 0);
}

__device__ inline std::uint32_t fp4_code(unsigned exponent, float x) {
  return exponent == 0 ? 0 : exponent | (x < 0 ? 8U : 0U);
}

/// t = (2 u + 1) / 2^(bits + 1): 2^23 t is an integer, since bits <= 16.
template <unsigned bits>
struct AtLeastDraw {
  std::uint32_t draw;
  __device__ unsigned threshold() const { return (2 * draw + 1) << (22 - bits); }
  __device__ bool operator()(unsigned fraction, unsigned) const { return fraction >= threshold(); }
  __device__ bool below_one(float y) const { return y >= static_cast<float>(threshold()) * 0x1p-23F; }
};

/// Half goes to the value whose e is even: up from q + 1 when that is odd.
struct NearestValue {
  __device__ bool operator()(unsigned fraction, unsigned q) const {
    constexpr unsigned half = 1U << 22;
    return fraction > half || (fraction == half && q % 2 == 0);
  }
  __device__ bool below_one(float y) const { return y > 0.5F; }
};

template <typename Rounding>
__device__ std::uint32_t fp4_from(float x, float inverse, const Rounding& rounding) {
  const float y = __uint_as_float(magnitude_bits(x)) * inverse;
  const unsigned exponent =
      y < 1 ? (rounding.below_one(y) ? 1 : 0) : exponent_between_values(__float_as_uint(y), rounding);
  return fp4_code(exponent, x);
}

/// The draws of a word lie in one Philox block.
template <unsigned bits>
struct LuqCoder {
  float inverse;
  DrawStream draws;

  __device__ std::uint32_t word(const float (&x)[word_elements], unsigned first) const {
    constexpr unsigned draws_per_block = 128 / bits;
    const PhiloxWords block = philox_block(draws, first / draws_per_block);
    const unsigned first_place = first % draws_per_block;
    std::uint32_t packed = 0;
    QUATRAIN_UNROLL
    for (unsigned j = 0; j < word_elements; ++j) {
      const unsigned place = (first_place + j) % draws_per_block;
      const AtLeastDraw<bits> rounding{draw_of_block<bits>(block, place)};
      packed |= packed_code(fp4_from(x[j], inverse, rounding), j);
    }
    return packed;
  }
};

struct NearestCoder {
  float inverse;

  __device__ std::uint32_t word(const float (&x)[word_elements], unsigned) const {
    std::uint32_t packed = 0;
    QUATRAIN_UNROLL
    for (unsigned j = 0; j < word_elements; ++j)
      packed |= packed_code(fp4_from(x[j], inverse, NearestValue{}), j);
    return packed;
  }
};

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
