#include "simt/atomics.hpp"

#include <atomic>

namespace simt {
namespace {

/// Replaces what stands at `target` by make(it).
template <typename T, typename Make>
T replace(T* target, const Place& place, const Make& make) {
  note_atomic(target, sizeof *target, place);
  const std::atomic_ref reference(*static_cast<T*>(real_address(target)));
  T old = reference.load(std::memory_order_relaxed);
  while (!reference.compare_exchange_weak(old, make(old), std::memory_order_relaxed)) {
  }
  return old;
}

}  // namespace

template <typename T>
T atomicAdd(T* target, std::type_identity_t<T> value, const Place& place) {
  return replace(target, place, [&](T old) { return static_cast<T>(old + value); });
}
template <typename T>
T atomicSub(T* target, std::type_identity_t<T> value, const Place& place) {
  return replace(target, place, [&](T old) { return static_cast<T>(old - value); });
}
template <typename T>
T atomicMin(T* target, std::type_identity_t<T> value, const Place& place) {
  return replace(target, place, [&](T old) { return value < old ? value : old; });
}
template <typename T>
T atomicMax(T* target, std::type_identity_t<T> value, const Place& place) {
  return replace(target, place, [&](T old) { return value > old ? value : old; });
}
template <typename T>
T atomicAnd(T* target, std::type_identity_t<T> value, const Place& place) {
  return replace(target, place, [&](T old) { return static_cast<T>(old & value); });
}
template <typename T>
T atomicOr(T* target, std::type_identity_t<T> value, const Place& place) {
  return replace(target, place, [&](T old) { return static_cast<T>(old | value); });
}
template <typename T>
T atomicXor(T* target, std::type_identity_t<T> value, const Place& place) {
  return replace(target, place, [&](T old) { return static_cast<T>(old ^ value); });
}
template <typename T>
T atomicExch(T* target, std::type_identity_t<T> value, const Place& place) {
  return replace(target, place, [&](T) { return value; });
}
template <typename T>
T atomicCAS(T* target, std::type_identity_t<T> expected, std::type_identity_t<T> value, const Place& place) {
  return replace(target, place, [&](T old) { return old == expected ? value : old; });
}

#define SIMT_INTEGER_ATOMICS(T)                  \
  template T atomicAdd<T>(T*, T, const Place&);  \
  template T atomicSub<T>(T*, T, const Place&);  \
  template T atomicMin<T>(T*, T, const Place&);  \
  template T atomicMax<T>(T*, T, const Place&);  \
  template T atomicAnd<T>(T*, T, const Place&);  \
  template T atomicOr<T>(T*, T, const Place&);   \
  template T atomicXor<T>(T*, T, const Place&);  \
  template T atomicExch<T>(T*, T, const Place&); \
  template T atomicCAS<T>(T*, T, T, const Place&);
SIMT_INTEGER_ATOMICS(int)
SIMT_INTEGER_ATOMICS(unsigned)
SIMT_INTEGER_ATOMICS(unsigned long long)
#undef SIMT_INTEGER_ATOMICS
template float atomicAdd<float>(float*, float, const Place&);
template float atomicExch<float>(float*, float, const Place&);

}  // namespace simt
