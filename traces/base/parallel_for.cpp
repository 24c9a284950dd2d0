#include "traces/base/parallel_for.hpp"

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace quatrain::traces {

#if defined(__SANITIZE_THREAD__)
namespace {

/// Instead of oneTBB, which is not built with ThreadSanitizer and would be reported itself. `next` orders nothing between
/// two bodies, so whatever they share without a lock shows up.
void loop_on_threads(unsigned threads, std::size_t count, const std::function<void(std::size_t)>& body) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr first;
  const auto work = [&] {
    try {
      for (std::size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) body(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (first == nullptr) first = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> helpers;
    for (std::size_t t = 1; t < std::min<std::size_t>(threads, count); ++t) helpers.emplace_back(work);
    work();
  }
  if (first != nullptr) std::rethrow_exception(first);
}

}  // namespace
#endif

struct ThreadPool::State {
  explicit State(unsigned threads)
      : count(threads),
        limit(tbb::global_control::max_allowed_parallelism,
              std::max(threads, std::thread::hardware_concurrency())),
        arena(static_cast<int>(threads)) {}
  unsigned count;
  tbb::global_control limit;  // a pool may have more threads than the machine has cores (determinism tests)
  tbb::task_arena arena;
};

ThreadPool::ThreadPool(unsigned threads)
    : state_(std::make_unique<State>(threads != 0 ? threads
                                                  : std::max(1U, std::thread::hardware_concurrency()))) {}
ThreadPool::~ThreadPool() = default;
ThreadPool::ThreadPool(ThreadPool&&) noexcept = default;
ThreadPool& ThreadPool::operator=(ThreadPool&&) noexcept = default;

unsigned ThreadPool::thread_count() const { return state_->count; }

void ThreadPool::parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) {
  if (state_->count == 1 || count <= 1) {
    for (std::size_t i = 0; i < count; ++i) body(i);
    return;
  }
#if defined(__SANITIZE_THREAD__)
  return loop_on_threads(state_->count, count, body);
#endif
  state_->arena.execute([&] {
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>(0, count, 1),
        [&](const tbb::blocked_range<std::size_t>& range) {
          for (std::size_t i = range.begin(); i != range.end(); ++i) body(i);
        },
        tbb::simple_partitioner());
  });
}

}  // namespace quatrain::traces
