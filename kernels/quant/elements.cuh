#pragma once
/// How the quantizers' kernels go through a tensor: reductions stride over it with the whole grid; code
/// kernels give each thread eight neighbours, whose codes fill one 32-bit word.

#include "kernels/platform.hpp"

#include <cstdint>

namespace quatrain::kernels::QUATRAIN_PLATFORM {

inline constexpr unsigned codes_per_thread = 8;

__device__ inline unsigned thread_number() { return blockIdx.x * blockDim.x + threadIdx.x; }
__device__ inline unsigned thread_total() { return gridDim.x * blockDim.x; }

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

/// Places `code` as number `place` of a word of eight nibbles, the first in the lowest bits.
__device__ inline std::uint32_t packed_code(std::uint32_t code, unsigned place) {
  return (code & 0xFU) << (4 * place);
}

}  // namespace quatrain::kernels::QUATRAIN_PLATFORM
