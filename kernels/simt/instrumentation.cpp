/// What kernels call that are compiled with -fsanitize=thread and -fsanitize=alignment, and linked without:
/// the compiler puts such a call before each access. The names and parameters are those of the sanitizers'
/// run-time libraries, whose place this takes (the Linux kernel's KCSAN does the same).

#include "simt/checker.hpp"
#include <cstring>

namespace simt {
namespace {

/// Library code that the compiler shares between files may call this from within the checker.
constinit thread_local bool is_busy = false;

void watch(const void* address, std::size_t size, Access access, const void* return_address) {
  if (checker_in_flight == nullptr || is_busy) return;
  is_busy = true;
  checker_in_flight->feed();
  checker_in_flight->access(address, size, access, Site::of_code(return_address));
  is_busy = false;
}

/// As the compiler lays them out.
struct SourceLocation {
  const char* file;
  std::uint32_t line, column;
};
struct TypeDescriptor {
  std::uint16_t kind, info;
  char name[1];  ///< in quotes, ends with 0
};
struct TypeMismatch {
  SourceLocation place;
  const TypeDescriptor* type;
  unsigned char log_alignment, access;
};

}  // namespace
}  // namespace simt

using simt::Access;

extern "C" {

void __tsan_init() {}
void __tsan_func_entry(const void*) {
  if (simt::checker_in_flight != nullptr) simt::checker_in_flight->feed();
}
void __tsan_func_exit() {}
void __tsan_vptr_update(const void*, const void*) {}
void __tsan_vptr_read(const void*) {}

#define SIMT_ACCESSES(size)                                                 \
  void __tsan_read##size(const void* address) {                             \
    simt::watch(address, size, Access::read, __builtin_return_address(0));  \
  }                                                                         \
  void __tsan_write##size(const void* address) {                            \
    simt::watch(address, size, Access::write, __builtin_return_address(0)); \
  }                                                                         \
  void __tsan_unaligned_read##size(const void* address) {                   \
    simt::watch(address, size, Access::read, __builtin_return_address(0));  \
  }                                                                         \
  void __tsan_unaligned_write##size(const void* address) {                  \
    simt::watch(address, size, Access::write, __builtin_return_address(0)); \
  }                                                                         \
  void __tsan_volatile_read##size(const void* address) {                    \
    simt::watch(address, size, Access::read, __builtin_return_address(0));  \
  }                                                                         \
  void __tsan_volatile_write##size(const void* address) {                   \
    simt::watch(address, size, Access::write, __builtin_return_address(0)); \
  }
SIMT_ACCESSES(1)
SIMT_ACCESSES(2)
SIMT_ACCESSES(4)
SIMT_ACCESSES(8)
SIMT_ACCESSES(16)
#undef SIMT_ACCESSES

void __tsan_read_range(const void* address, std::size_t size) {
  simt::watch(address, size, Access::read, __builtin_return_address(0));
}
void __tsan_write_range(const void* address, std::size_t size) {
  simt::watch(address, size, Access::write, __builtin_return_address(0));
}

/// clang calls these for the functions of C.
void* __tsan_memcpy(void* to, const void* from, std::size_t size) {
  simt::watch(from, size, Access::read, __builtin_return_address(0));
  simt::watch(to, size, Access::write, __builtin_return_address(0));
  return std::memcpy(to, from, size);
}
void* __tsan_memmove(void* to, const void* from, std::size_t size) {
  simt::watch(from, size, Access::read, __builtin_return_address(0));
  simt::watch(to, size, Access::write, __builtin_return_address(0));
  return std::memmove(to, from, size);
}
void* __tsan_memset(void* to, int byte, std::size_t size) {
  simt::watch(to, size, Access::write, __builtin_return_address(0));
  return std::memset(to, byte, size);
}

// Atomic operations of C++, as the standard library uses them around the kernels. All are sequentially
// consistent here.
#define SIMT_ATOMIC_CHANGE(bits, type, name)                                        \
  type __tsan_atomic##bits##_fetch_##name(volatile type* target, type value, int) { \
    return __atomic_fetch_##name(target, value, __ATOMIC_SEQ_CST);                  \
  }
#define SIMT_ATOMICS(bits, type)                                                                            \
  type __tsan_atomic##bits##_load(const volatile type* target, int) {                                       \
    return __atomic_load_n(target, __ATOMIC_SEQ_CST);                                                       \
  }                                                                                                         \
  void __tsan_atomic##bits##_store(volatile type* target, type value, int) {                                \
    __atomic_store_n(target, value, __ATOMIC_SEQ_CST);                                                      \
  }                                                                                                         \
  type __tsan_atomic##bits##_exchange(volatile type* target, type value, int) {                             \
    return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);                                            \
  }                                                                                                         \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile type* target, type* expected, type value, int, \
                                                    int) {                                                  \
    return __atomic_compare_exchange_n(target, expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
  }                                                                                                         \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile type* target, type* expected, type value, int,   \
                                                  int) {                                                    \
    return __atomic_compare_exchange_n(target, expected, value, true, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);  \
  }                                                                                                         \
  SIMT_ATOMIC_CHANGE(bits, type, add)                                                                       \
  SIMT_ATOMIC_CHANGE(bits, type, sub)                                                                       \
  SIMT_ATOMIC_CHANGE(bits, type, and)                                                                       \
  SIMT_ATOMIC_CHANGE(bits, type, or)                                                                        \
  SIMT_ATOMIC_CHANGE(bits, type, xor)
SIMT_ATOMICS(8, std::uint8_t)
SIMT_ATOMICS(16, std::uint16_t)
SIMT_ATOMICS(32, std::uint32_t)
SIMT_ATOMICS(64, std::uint64_t)
#undef SIMT_ATOMICS
#undef SIMT_ATOMIC_CHANGE
void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
void __tsan_atomic_signal_fence(int) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }

void __ubsan_handle_type_mismatch_v1(const simt::TypeMismatch* mismatch, std::uintptr_t address) {
  const std::size_t alignment = std::size_t{1} << mismatch->log_alignment;
  if (simt::checker_in_flight == nullptr || simt::is_busy || address % alignment == 0) return;
  std::string type = mismatch->type->name;
  simt::is_busy = true;
  simt::checker_in_flight->misaligned(type, alignment, simt::Site::of_code(__builtin_return_address(0)));
  simt::is_busy = false;
}

}  // extern "C"
