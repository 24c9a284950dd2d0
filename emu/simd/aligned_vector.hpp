#pragma once
/// A std::vector that begins with a cache line: loads of 64 bytes then touch one line each. Its numbers begin
/// unset: who works here writes before reading.

#include <cstddef>
#include <new>
#include <vector>

namespace quatrain::emu {

template <typename T>
struct LineAllocator {
  using value_type = T;
  static constexpr std::align_val_t line{64};

  LineAllocator() = default;
  template <typename Other>
  LineAllocator(const LineAllocator<Other>&) {}

  T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), line)); }
  void deallocate(T* at, std::size_t) { ::operator delete(at, line); }
  template <typename Number>
  void construct(Number* at) {
    ::new (static_cast<void*>(at)) Number;
  }
  bool operator==(const LineAllocator&) const = default;
};

template <typename T>
using AlignedVector = std::vector<T, LineAllocator<T>>;

}  // namespace quatrain::emu
