#pragma once
/// Tells AddressSanitizer, in a program that is built with it, that execution moves to another stack; nothing
/// otherwise.

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace quatrain::kernels::simt {

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
#else
inline void leave_stack(StackRecord&, const StackRecord&, bool = false) {}
inline void enter_stack(const StackRecord&, StackRecord&) {}
#endif

}  // namespace quatrain::kernels::simt
