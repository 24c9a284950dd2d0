#pragma once
/// Short pieces of work, several a task, so that a task pays for its start (traces/base/parallel_for.hpp).

#include "traces/base/parallel_for.hpp"

#include <algorithm>
#include <cstddef>

namespace quatrain::emu {

/// body(i) for i in 0..count-1, in parallel. words: what one i moves; a task moves about 16384.
template <typename Body>
void for_each_in_chunks(traces::ThreadPool& pool, std::size_t count, std::size_t words, const Body& body) {
  const std::size_t chunk = std::max<std::size_t>(1, 16384 / std::max<std::size_t>(1, words));
  pool.parallel_for((count + chunk - 1) / chunk, [&](std::size_t task) {
    for (std::size_t i = task * chunk; i < std::min(count, (task + 1) * chunk); ++i) body(i);
  });
}

}  // namespace quatrain::emu
