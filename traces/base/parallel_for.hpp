#pragma once
/// Work split by index over a fixed number of threads. Which thread runs an index is not specified, so no
/// result may depend on it: write to places owned by the index.

#include <cstddef>
#include <functional>
#include <memory>

namespace quatrain::traces {

class ThreadPool {
 public:
  /// `threads` >= 1; 0 takes as many as the machine has.
  explicit ThreadPool(unsigned threads = 0);
  ~ThreadPool();
  ThreadPool(ThreadPool&&) noexcept;
  ThreadPool& operator=(ThreadPool&&) noexcept;

  unsigned thread_count() const;

  /// Calls body(i) for every i in 0..count-1, each once, and returns when all are done. The first exception
  /// thrown by a body is rethrown here. Bodies must be long enough to pay for a task (about 10 microseconds).
  void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace quatrain::traces
