#pragma once
/// Memory and array stepped clock by clock, from the text of docs/hardware-model.md, "Memory and stalls".

#include "rtl_models/memory/memory_model.hpp"
#include "tests/sim/accelerator/block_walk.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

namespace quatrain::tests {

/// Cycles of one request, burst by burst and page by page.
inline std::uint64_t cycles_of_request(const rtl_models::DramTiming& t,
                                       const std::vector<std::uint64_t>& runs) {
  double ps = 0;
  for (const std::uint64_t bytes : runs) {
    if (bytes == 0) continue;
    std::uint64_t bursts = 0, pages = 0;
    for (std::uint64_t at = 0; at < bytes; at += t.burst_bytes) ++bursts;
    for (std::uint64_t at = 0; t.page_bytes > 0 && at < bytes; at += t.page_bytes) ++pages;
    ps += std::ceil(static_cast<double>(bursts) * t.burst_ps) + static_cast<double>(pages * t.page_ps);
  }
  return ps == 0 ? 0
                 : static_cast<std::uint64_t>(std::ceil((ps + static_cast<double>(t.latency_ps)) /
                                                        static_cast<double>(t.period_ps)));
}

/// Array and memory as two machines that look at each other once a cycle. The memory works down its list: the
/// loads of the first blocks, as many as a buffer has places, then in turn a store and the next load.
inline rtl_models::MemoryRun clocked(const std::vector<WalkedBlock>& blocks,
                                     const rtl_models::DramTiming& timing, unsigned places) {
  struct Task {
    bool is_load;
    std::size_t block;
    std::uint64_t left;
  };
  std::vector<Task> list;
  for (std::size_t i = 0; i < blocks.size() + places; ++i) {
    if (i >= places && i - places < blocks.size())
      list.push_back({false, i - places, cycles_of_request(timing, {blocks[i - places].stored})});
    if (i < blocks.size())
      list.push_back({true, i, cycles_of_request(timing, {blocks[i].left, blocks[i].right, blocks[i].sums})});
  }
  rtl_models::MemoryRun run;
  std::size_t task = 0, loaded = 0, computed = 0, computing = 0;  // computing: blocks begun
  std::uint64_t left = 0;                                         // of the block that is computed
  while (true) {
    while (task < list.size() && list[task].left == 0 && (list[task].is_load || list[task].block < computed))
      loaded += list[task++].is_load;
    if (computing == computed && computing < loaded) left = blocks[computing++].cycles;
    const bool memory_works = task < list.size() && (list[task].is_load || list[task].block < computed);
    if (computing == computed && !memory_works) break;
    ++run.cycles;
    if (computing > computed)
      ++run.computing;
    else
      ++(list[task].is_load ? run.load_bound : run.store_bound);
    if (memory_works && --list[task].left == 0) loaded += list[task++].is_load;
    if (computing > computed && --left == 0) ++computed;
  }
  EXPECT_EQ(task, list.size());
  return run;
}

}  // namespace quatrain::tests
