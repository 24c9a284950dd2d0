#pragma once
/// The part of the CUDA language that our kernels use, for a plain C++ compiler. Each function does what its
/// CUDA namesake does; kernels find it by its name because they live in this namespace.

#include "kernels/simt/runtime.hpp"

#include <atomic>
#include <bit>
#include <cmath>
#include <type_traits>

#define __global__ inline  // in a header: a kernel need not be a template
#define __device__
#define __host__

namespace quatrain::kernels::simt {

using Place = std::source_location;

inline void __syncthreads(const Place& place = Place::current()) { wait_for_block(place); }

template <typename T>
T __shfl_sync(unsigned mask, T value, unsigned lane, const Place& place = Place::current()) {
  static_assert(std::is_integral_v<T>);
  return static_cast<T>(wait_for_warp(mask, static_cast<std::uint64_t>(value), lane % warp_size, place));
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, unsigned lanes, const Place& place = Place::current()) {
  return __shfl_sync(mask, value, lane_index() ^ lanes, place);
}

/// Across blocks too: they run on several OS threads.
template <typename T>
std::atomic_ref<T> shared_by_all(T* target) {
  return std::atomic_ref(*static_cast<T*>(real_address(target)));
}
template <typename T, typename U>
T atomicAdd(T* target, U value) {
  return shared_by_all(target).fetch_add(static_cast<T>(value), std::memory_order_relaxed);
}
template <typename T, typename U>
T atomicMax(T* target, U value) {
  std::atomic_ref reference = shared_by_all(target);
  T old = reference.load(std::memory_order_relaxed);
  while (old < value && !reference.compare_exchange_weak(old, value, std::memory_order_relaxed)) {
  }
  return old;
}
template <typename T, typename U>
T atomicMin(T* target, U value) {
  std::atomic_ref reference = shared_by_all(target);
  T old = reference.load(std::memory_order_relaxed);
  while (old > value && !reference.compare_exchange_weak(old, value, std::memory_order_relaxed)) {
  }
  return old;
}

inline unsigned __float_as_uint(float value) { return std::bit_cast<unsigned>(value); }
inline float __uint_as_float(unsigned bits) { return std::bit_cast<float>(bits); }
using std::rint;

/// sum + the four products of the signed bytes of a and b.
inline int __dp4a(int a, int b, int sum) {
  for (int byte = 0; byte < 32; byte += 8)
    sum += static_cast<std::int8_t>(a >> byte) * static_cast<std::int8_t>(b >> byte);
  return sum;
}

/// The block's shared memory as one struct; its content is undefined (poisoned) when the block starts.
template <typename T>
T& shared_memory() {
  static_assert(std::is_trivial_v<T> && sizeof(T) <= most_shared_bytes);
  static constexpr char type = 0;
  return *static_cast<T*>(shared_bytes(sizeof(T), &type));
}

}  // namespace quatrain::kernels::simt
