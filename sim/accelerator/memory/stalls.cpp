#include "sim/accelerator/memory/stalls.hpp"

#include "sim/accelerator/checked.hpp"

#include <algorithm>

namespace quatrain::sim {

Stalls& Stalls::operator+=(const Stalls& other) {
  load_bound = checked_sum(load_bound, other.load_bound);
  store_bound = checked_sum(store_bound, other.store_bound);
  quantizers = checked_sum(quantizers, other.quantizers);
  return *this;
}

void StallRecurrence::store(std::uint64_t block) {
  memory_free_ = checked_sum(std::max(memory_free_, place(block).end), place(block).store);
}

void StallRecurrence::visit(std::uint64_t load, std::uint64_t compute, std::uint64_t store_cycles) {
  if (visited_ >= places_) store(visited_ - places_);
  memory_free_ = checked_sum(memory_free_, load);
  if (memory_free_ > computed_) {
    // In this time the memory was never idle: it loaded this block last, and before that it stored.
    const std::uint64_t waited = memory_free_ - computed_, loading = std::min(waited, load);
    stalls_.load_bound = checked_sum(stalls_.load_bound, loading);
    stalls_.store_bound = checked_sum(stalls_.store_bound, waited - loading);
  }
  computed_ = checked_sum(std::max(memory_free_, computed_), compute);
  place(visited_++) = {computed_, store_cycles};
}

Stalls StallRecurrence::end() {
  for (std::uint64_t block = visited_ - std::min<std::uint64_t>(visited_, places_); block < visited_; ++block)
    store(block);
  stalls_.store_bound = checked_sum(stalls_.store_bound, memory_free_ - std::min(memory_free_, computed_));
  return stalls_;
}

}  // namespace quatrain::sim
