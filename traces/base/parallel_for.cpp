#include "traces/base/parallel_for.hpp"

#include "traces/base/error.hpp"
#include "traces/base/processors.hpp"

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <latch>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace quatrain::base {

namespace {

/// oneTBB ends the program when a worker cannot be started (a container's limit of processes, an address
/// space that is full). So as many are started here first, all alive at once.
void require_startable(unsigned threads) {
  std::vector<std::thread> started;
  std::latch all(1);
  unsigned failed_at = 0;
  std::string cause;
  try {
    for (; failed_at < threads; ++failed_at) started.emplace_back([&all] { all.wait(); });
  } catch (const std::system_error& error) {
    cause = error.code().message();
  }
  all.count_down();
  for (std::thread& thread : started) thread.join();
  if (failed_at < threads)
    throw Error("{} threads cannot be started here, only {}: {}; expected fewer", threads, failed_at, cause);
}

#if defined(__SANITIZE_THREAD__)
/// Instead of oneTBB, which is not built with ThreadSanitizer and would be reported itself. `next` orders
/// nothing between two bodies, so whatever they share without a lock shows up.
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
#endif

}  // namespace

struct ThreadPool::State {
  State(unsigned threads, std::function<bool()> asked)
      : count(threads),
        stops(std::move(asked)),
        limit(tbb::global_control::max_allowed_parallelism,
              std::max(threads, std::thread::hardware_concurrency())),
        arena(static_cast<int>(threads)) {}
  void run(std::size_t index, const std::function<void(std::size_t)>& body) const {
    if (stops && stops()) throw Interrupted();
    body(index);
  }

  unsigned count;
  std::function<bool()> stops;
  tbb::global_control limit;  // a pool may have more threads than the machine has cores (determinism tests)
  tbb::task_arena arena;
};

ThreadPool::ThreadPool(unsigned threads, std::function<bool()> stops) {
  if (threads == 0) threads = default_thread_count();
  if (threads > 1) require_startable(threads - 1);  // the caller is one of them
  state_ = std::make_unique<State>(threads, std::move(stops));
}
ThreadPool::~ThreadPool() = default;
ThreadPool::ThreadPool(ThreadPool&&) noexcept = default;
ThreadPool& ThreadPool::operator=(ThreadPool&&) noexcept = default;

unsigned ThreadPool::thread_count() const { return state_->count; }

void ThreadPool::parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) {
  if (state_->count == 1 || count <= 1) {
    for (std::size_t i = 0; i < count; ++i) state_->run(i, body);
    return;
  }
#if defined(__SANITIZE_THREAD__)
  return loop_on_threads(state_->count, count, [&](std::size_t i) { state_->run(i, body); });
#endif
  state_->arena.execute([&] {
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>(0, count, 1),
        [&](const tbb::blocked_range<std::size_t>& range) {
          for (std::size_t i = range.begin(); i != range.end(); ++i) state_->run(i, body);
        },
        tbb::simple_partitioner());
  });
}

}  // namespace quatrain::base
