#pragma once
/// The threads of the computer that a runtime may use. Whoever has a thread pool puts it behind this
/// interface.

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace simt {

class Workers {
 public:
  virtual ~Workers() = default;
  virtual unsigned count() const = 0;  ///< that run at the same time
  /// Calls body(0) .. body(count - 1), each once and in any order, and returns when all are done. Rethrows
  /// what a body threw.
  virtual void for_each(std::size_t count, const std::function<void(std::size_t)>& body) = 0;
};

/// Only the thread that launches.
class CallingThread final : public Workers {
 public:
  unsigned count() const override { return 1; }
  void for_each(std::size_t count, const std::function<void(std::size_t)>& body) override {
    for (std::size_t i = 0; i < count; ++i) body(i);
  }
};

/// Threads of their own for each launch.
class StandardThreads final : public Workers {
 public:
  explicit StandardThreads(unsigned threads) : threads_(threads) {}
  unsigned count() const override { return threads_; }
  void for_each(std::size_t count, const std::function<void(std::size_t)>& body) override {
    std::atomic<std::size_t> next{0};
    std::exception_ptr first;
    std::mutex mutex;
    const auto work = [&] {
      try {
        for (std::size_t i = next++; i < count; i = next++) body(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
        next = count;
      }
    };
    {
      std::vector<std::jthread> running;
      for (unsigned i = 1; i < threads_; ++i) running.emplace_back(work);
      work();
    }
    if (first) std::rethrow_exception(first);
  }

 private:
  unsigned threads_;
};

}  // namespace simt
