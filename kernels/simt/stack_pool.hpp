#pragma once
/// Stacks of fibers, kept between launches. Each has a guard page, so that a kernel whose locals do not fit
/// stops the program instead of writing elsewhere.

#include <boost/context/protected_fixedsize_stack.hpp>

#include <mutex>
#include <vector>

namespace simt {

class StackPool {
 public:
  StackPool() = default;
  ~StackPool() {
    for (auto& stack : free_) source_.deallocate(stack);
  }
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  boost::context::stack_context take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return source_.allocate();
    const auto stack = free_.back();
    free_.pop_back();
    return stack;
  }
  void give_back(const boost::context::stack_context& stack) {
    const std::lock_guard lock(mutex_);
    free_.push_back(stack);
  }

 private:
  static constexpr std::size_t stack_bytes = 64 * 1024;
  boost::context::protected_fixedsize_stack source_{stack_bytes};
  std::mutex mutex_;
  std::vector<boost::context::stack_context> free_;
};

/// The form in which Boost.Context asks for stacks.
struct PooledStack {
  StackPool* pool;
  boost::context::stack_context allocate() const { return pool->take(); }
  void deallocate(boost::context::stack_context& stack) const { pool->give_back(stack); }
};

}  // namespace simt
