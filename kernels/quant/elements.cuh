#pragma once
/// How the quantizers' kernels go through a tensor: by words, eight neighbours whose codes fill 32 bits. Code
/// kernels give a thread one or several words, reductions stride over them with the whole grid.
///   ScalarAccess  a word at a time, a load for each element
///   VectorAccess  four words at a time, two loads of 16 bytes for each: eight loads are under way before the
///                 first value is needed

#include "kernels/platform.hpp"

#include <cstdint>

namespace quatrain::kernels::QUATRAIN_PLATFORM {

inline constexpr unsigned word_elements = 8;

__device__ inline unsigned magnitude_bits(float value) { return __float_as_uint(value) & 0x7FFFFFFFU; }

struct Larger {
  template <typename T>
  __device__ T operator()(T a, T b) const {
    return a > b ? a : b;
  }
};
struct Sum {
  template <typename T>
  __device__ T operator()(T a, T b) const {
    return a + b;
  }
};

/// All lanes of the warp get the result; the whole warp calls it.
template <typename T, typename Operation>
__device__ T reduce_warp(T value, Operation operation) {
  for (unsigned lanes = 16; lanes > 0; lanes /= 2)
    value = operation(value, __shfl_xor_sync(~0U, value, lanes));
  return value;
}
__device__ inline bool is_first_lane() { return threadIdx.x % 32 == 0; }

/// Elements first to first + 7; zeros beyond the tensor, which every rule counts and codes as nothing.
__device__ inline void load_elements(const float* x, unsigned count, unsigned first,
                                     float (&to)[word_elements]) {
  QUATRAIN_UNROLL
  for (unsigned j = 0; j < word_elements; ++j) to[j] = first + j < count ? x[first + j] : 0;
}

struct ScalarAccess {
  static constexpr unsigned words = 1;
  static constexpr bool measures_with_codes = false;
  __device__ static void load(const float* x, unsigned count, unsigned first, float (&to)[word_elements]) {
    load_elements(x, count, first, to);
  }
};

/// x is aligned to 16 bytes. The maximum is measured while codes are made, where they do not depend on it.
struct VectorAccess {
  static constexpr unsigned words = 4;
  static constexpr bool measures_with_codes = true;
  __device__ static void load(const float* x, unsigned count, unsigned first, float (&to)[word_elements]) {
    if (first >= count || count - first < word_elements) return load_elements(x, count, first, to);
    const auto* both = reinterpret_cast<const float4*>(x + first);
    const float4 low = both[0], high = both[1];
    to[0] = low.x, to[1] = low.y, to[2] = low.z, to[3] = low.w;
    to[4] = high.x, to[5] = high.y, to[6] = high.z, to[7] = high.w;
  }
};

/// take(values, first element of the word) for each word of a stretch of Access::words per thread, which
/// begins at the thread's word `word` and goes on by whole blocks; all loads stand before the first use.
template <typename Access, typename Take>
__device__ void for_words(const float* x, unsigned count, unsigned word, const Take& take) {
  float values[Access::words][word_elements];
  QUATRAIN_UNROLL
  for (unsigned j = 0; j < Access::words; ++j)
    Access::load(x, count, (word + j * blockDim.x) * word_elements, values[j]);
  QUATRAIN_UNROLL
  for (unsigned j = 0; j < Access::words; ++j) {
    const unsigned first = (word + j * blockDim.x) * word_elements;
    if (first < count) take(values[j], first);
  }
}

/// The first word of the thread's share of stretch number `stretch`.
template <typename Access>
__device__ unsigned first_word(unsigned stretch) {
  return stretch * Access::words * blockDim.x + threadIdx.x;
}

/// result.take(value, index, ...) for the elements of this thread's share of the tensor.
template <typename Access, typename Result>
__device__ void take_all(Result& result, const float* x, unsigned count) {
  const unsigned stretch_elements = Access::words * blockDim.x * word_elements;
  for (unsigned stretch = blockIdx.x; stretch < (count - 1) / stretch_elements + 1; stretch += gridDim.x)
    for_words<Access>(x, count, first_word<Access>(stretch),
                      [&](const float(&values)[word_elements], unsigned first) {
                        QUATRAIN_UNROLL
                        for (unsigned j = 0; j < word_elements; ++j) result.take(values[j], first + j);
                      });
}

/// Places `code` as number `place` of a word of eight nibbles, the first in the lowest bits.
__device__ inline std::uint32_t packed_code(std::uint32_t code, unsigned place) {
  return (code & 0xFU) << (4 * place);
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
