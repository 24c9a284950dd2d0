#pragma once
/// Tells AddressSanitizer or ThreadSanitizer, in a program that is built with one of them, that execution
/// moves to another stack; nothing otherwise.

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#elif defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace simt {

struct StackRecord {
  const void* bottom = nullptr;
  std::size_t size = 0;
  void* shadow = nullptr;  ///< the sanitizer's own
};

#if defined(__SANITIZE_ADDRESS__)
/// Right before the switch. ends: the stack is not come back to.
inline void leave_stack(StackRecord& from, const StackRecord& to, bool ends = false) {
  __sanitizer_start_switch_fiber(ends ? nullptr : &from.shadow, to.bottom, to.size);
}
/// Right after it. Fills in the bounds of the stack that was left.
inline void enter_stack(const StackRecord& to, StackRecord& from) {
  __sanitizer_finish_switch_fiber(to.shadow, &from.bottom, &from.size);
}
inline void forget_stack(StackRecord&) {}
#elif defined(__SANITIZE_THREAD__)
/// ThreadSanitizer keeps a record for each stack, made at the first switch to it. Those of OS threads are its
/// own: a stack without bounds is one, since nothing here makes it.
inline void leave_stack(StackRecord& from, StackRecord& to, bool = false) {
  if (from.bottom == nullptr) from.shadow = __tsan_get_current_fiber();
  if (to.shadow == nullptr) to.shadow = __tsan_create_fiber(0);
  __tsan_switch_to_fiber(to.shadow, 0);
}
inline void enter_stack(const StackRecord&, StackRecord&) {}
/// After the last switch away from it.
inline void forget_stack(StackRecord& stack) {
  if (stack.shadow != nullptr) __tsan_destroy_fiber(stack.shadow);
  stack.shadow = nullptr;
}
#else
inline void leave_stack(StackRecord&, const StackRecord&, bool = false) {}
inline void enter_stack(const StackRecord&, StackRecord&) {}
inline void forget_stack(StackRecord&) {}
#endif

}  // namespace simt
