#include "traces/base/parallel_for.hpp"

#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <thread>

namespace quatrain::traces {

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
