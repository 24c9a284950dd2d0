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
  const std::uint64_t begin = std::max(memory_free_, place(block).end), cycles = place(block).store;
  tell(BlockPart::store, begin, cycles);
  memory_free_ = checked_sum(begin, cycles);
}

/// From `computed_` on: first the memory stores, then it loads.
void StallRecurrence::wait(std::uint64_t storing, std::uint64_t loading) {
  tell(BlockPart::store_wait, computed_, storing);
  tell(BlockPart::load_wait, computed_ + storing, loading);
  stalls_.store_bound = checked_sum(stalls_.store_bound, storing);
  stalls_.load_bound = checked_sum(stalls_.load_bound, loading);
}

void StallRecurrence::visit(std::uint64_t load, std::uint64_t compute, std::uint64_t store_cycles) {
  if (visited_ >= places_) store(visited_ - places_);
  tell(BlockPart::load, memory_free_, load);
  memory_free_ = checked_sum(memory_free_, load);
  if (memory_free_ > computed_) {
    // In this time the memory was never idle: it loaded this block last, and before that it stored.
    const std::uint64_t waited = memory_free_ - computed_, loading = std::min(waited, load);
    wait(waited - loading, loading);
  }
  const std::uint64_t begin = std::max(memory_free_, computed_);
  tell(BlockPart::compute, begin, compute);
  computed_ = checked_sum(begin, compute);
  place(visited_++) = {computed_, store_cycles};
}

void StallRecurrence::shift(std::uint64_t cycles) {
  memory_free_ = checked_sum(memory_free_, cycles);
  computed_ = checked_sum(computed_, cycles);
  for (Computed& block : blocks_) block.end = checked_sum(block.end, cycles);
}

void StallRecurrence::visits(std::uint64_t load, std::uint64_t compute, std::uint64_t store_cycles,
                             std::uint64_t blocks) {
  // Every end is a sum along a path. If all ends have moved on by the same after `places_` blocks, whose
  // places they have taken, they do so after the next ones. Parts are told one by one.
  while (!parts_ && blocks >= 2 * places_) {
    const StallRecurrence before = *this;
    for (std::size_t i = 0; i < places_; ++i) visit(load, compute, store_cycles);
    blocks -= places_;
    StallRecurrence moved = before;
    moved.shift(computed_ - before.computed_);
    bool in_step = moved.memory_free_ == memory_free_;
    for (std::size_t i = 0; i < places_; ++i)
      in_step &= moved.blocks_[i].end == blocks_[i].end && moved.blocks_[i].store == blocks_[i].store;
    if (!in_step) continue;
    const std::uint64_t times = blocks / places_;
    shift(checked_product(times, computed_ - before.computed_));
    const auto go_on = [&](std::uint64_t& cycles, std::uint64_t old) {
      cycles = checked_sum(cycles, checked_product(times, cycles - old));
    };
    go_on(stalls_.load_bound, before.stalls_.load_bound);
    go_on(stalls_.store_bound, before.stalls_.store_bound);
    visited_ += times * places_;
    blocks -= times * places_;
  }
  for (; blocks > 0; --blocks) visit(load, compute, store_cycles);
}

Stalls StallRecurrence::end() {
  for (std::uint64_t block = visited_ - std::min<std::uint64_t>(visited_, places_); block < visited_; ++block)
    store(block);
  wait(memory_free_ - std::min(memory_free_, computed_), 0);
  return stalls_;
}

}  // namespace quatrain::sim
