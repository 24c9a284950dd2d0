#pragma once
/// language.hpp for a plain C++ compiler. Each function does what its CUDA namesake does; kernels find it by
/// its name because they live in this namespace or use it. Not there: __activemask (lanes run one after the
/// other here, so it would tell nothing of a GPU), textures, cooperative groups, half types.

#include "simt/arithmetic.hpp"
#include "simt/async_copy.hpp"
#include "simt/atomics.hpp"
#include "simt/matrix_functions.hpp"
#include "simt/runtime.hpp"
#include "simt/vector_types.hpp"
#include "simt/warp_functions.hpp"
#include <type_traits>

#define __global__ inline  // in a header: a kernel need not be a template
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)

namespace simt {

inline void __syncthreads(const Place& place = Place::current()) { wait_for_block(false, place); }
inline int __syncthreads_count(int predicate, const Place& place = Place::current()) {
  return static_cast<int>(wait_for_block(predicate != 0, place));
}
inline int __syncthreads_or(int predicate, const Place& place = Place::current()) {
  return wait_for_block(predicate != 0, place) != 0;
}
inline int __syncthreads_and(int predicate, const Place& place = Place::current()) {
  return wait_for_block(predicate == 0, place) == 0;
}

/// Order among threads is the barriers' affair here, as it is for all the runtime sees.
inline void __threadfence() {}
inline void __threadfence_block() {}

/// The block's shared memory as one struct; its content is undefined (poisoned) when the block starts.
template <typename T>
T& shared_memory() {
  static_assert(std::is_trivial_v<T> && sizeof(T) <= most_shared_bytes);
  static constexpr char type = 0;
  return *static_cast<T*>(shared_bytes(sizeof(T), &type));
}

template <typename T>
T* dynamic_shared() {
  static_assert(std::is_trivial_v<T> && alignof(T) <= 16);
  return static_cast<T*>(dynamic_shared_bytes());
}

}  // namespace simt
