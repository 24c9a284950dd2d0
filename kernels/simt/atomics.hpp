#pragma once
/// Atomics on device and shared memory: int, unsigned, unsigned long long, and float for Add and Exch. Each
/// returns what stood there before. They work across blocks, which run on several OS threads.

#include "simt/runtime.hpp"
#include <type_traits>

namespace simt {

template <typename T>
T atomicAdd(T* target, std::type_identity_t<T> value, const Place& place = Place::current());
template <typename T>
T atomicSub(T* target, std::type_identity_t<T> value, const Place& place = Place::current());
template <typename T>
T atomicMin(T* target, std::type_identity_t<T> value, const Place& place = Place::current());
template <typename T>
T atomicMax(T* target, std::type_identity_t<T> value, const Place& place = Place::current());
template <typename T>
T atomicAnd(T* target, std::type_identity_t<T> value, const Place& place = Place::current());
template <typename T>
T atomicOr(T* target, std::type_identity_t<T> value, const Place& place = Place::current());
template <typename T>
T atomicXor(T* target, std::type_identity_t<T> value, const Place& place = Place::current());
template <typename T>
T atomicExch(T* target, std::type_identity_t<T> value, const Place& place = Place::current());
/// Stores `value` where `expected` stands.
template <typename T>
T atomicCAS(T* target, std::type_identity_t<T> expected, std::type_identity_t<T> value,
            const Place& place = Place::current());

}  // namespace simt
