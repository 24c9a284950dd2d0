#pragma once
/// Work split by index over a fixed number of threads. Which thread runs an index is not specified, so no
/// result may depend on it: write to places owned by the index.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>

namespace quatrain::base {

class ThreadPool {
 public:
  /// `threads` >= 1; 0 takes default_thread_count(). `stops`, when given, is asked before each index, by any
  /// thread; once it is true, parallel_for throws Interrupted. Throws Error when so many threads cannot be
  /// started here.
  explicit ThreadPool(unsigned threads = 0, std::function<bool()> stops = {});
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

/// body(begin, end) for the pieces [0, piece), [piece, 2 piece), ... of 0..count-1, the last one shorter, in
/// parallel. The pieces depend on the two numbers alone, never on the threads.
template <typename Body>
void for_pieces(ThreadPool& pool, std::size_t count, std::size_t piece, const Body& body) {
  pool.parallel_for((count + piece - 1) / piece, [&](std::size_t index) {
    const std::size_t begin = index * piece;
    body(begin, std::min(begin + piece, count));
  });
}

/// So many items that a piece of them pays for its task, when an item moves `elements` elements.
constexpr std::size_t items_a_piece(std::size_t elements) {
  return std::max<std::size_t>(1, 16384 / std::max<std::size_t>(1, elements));
}

}  // namespace quatrain::base
