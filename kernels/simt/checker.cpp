#include "simt/checker.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace simt {
namespace {

constexpr const char* verb_of(Access access) {
  switch (access) {
    case Access::read:
      return "reads";
    case Access::write:
      return "writes";
    case Access::atomic:
      return "atomically changes";
  }
  return "";
}

}  // namespace

Checker::Byte& Checker::Memory::byte(std::size_t at) {
  auto& made = pages[at / page];
  if (!made) {
    made = std::make_unique<std::array<Byte, page>>();
    if (written_pages[at / page])
      for (Byte& one : *made) one.is_written = true;
  }
  return (*made)[at % page];
}

void Checker::watch_buffer(const void* begin, std::size_t size) {
  forget_buffer(begin);
  auto memory = std::make_unique<Memory>(
      Memory{reinterpret_cast<std::uintptr_t>(begin), size, size, Kind::buffer, {}, {}});
  memory->pages.resize(size / Memory::page + 1);
  memory->written_pages.resize(size / Memory::page + 1);
  memories_.push_back(std::move(memory));
  last_ = nullptr;
}

void Checker::forget_buffer(const void* begin) {
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  std::erase_if(memories_, [&](const auto& memory) { return memory->begin == address; });
  last_ = nullptr;
}

void Checker::set_written(const void* begin, std::size_t size) {
  Memory* memory = memory_at(reinterpret_cast<std::uintptr_t>(begin), size);
  if (memory == nullptr) return;
  std::size_t at = reinterpret_cast<std::uintptr_t>(begin) - memory->begin;
  const std::size_t end = at + size;
  while (at < end) {
    const std::size_t page = at / Memory::page, next = std::min(end, (page + 1) * Memory::page);
    const bool is_whole = at % Memory::page == 0 && (next % Memory::page == 0 || next == memory->size);
    if (is_whole && !memory->pages[page])
      memory->written_pages[page] = true;
    else
      for (std::size_t i = at; i < next; ++i) memory->byte(i).is_written = true;
    at = next;
  }
}

void Checker::begin_launch(const LaunchConfig& launch) {
  launch_ = launch;
  first_block_ = blocks_ + 1;
  lanes_.resize(std::size_t{launch.block.x} * launch.block.y * launch.block.z);
  finding_.clear();
  unwritten_.clear();
  is_fed_ = false;
}

void Checker::begin_block(const void* shared, const void* dynamic, std::size_t dynamic_size) {
  block_ = ++blocks_;
  epoch_ = 0;
  std::fill(lanes_.begin(), lanes_.end(), Lane{});
  end_launch();
  const auto watch = [&](const void* begin, std::size_t size, std::size_t room, Kind kind) {
    watch_buffer(begin, room);
    Memory* memory = memories_.back().get();
    memory->size = size;
    memory->kind = kind;
    return memory;
  };
  shared_ = watch(shared, 0, most_shared_bytes, Kind::shared);
  dynamic_ = watch(dynamic, dynamic_size, dynamic_size, Kind::dynamic_shared);
}

void Checker::end_launch() {
  for (Memory** old : {&shared_, &dynamic_}) {
    if (*old != nullptr) forget_buffer(reinterpret_cast<const void*>((*old)->begin));
    *old = nullptr;
  }
}

void Checker::grow_shared(std::size_t size) { shared_->size = std::max(shared_->size, size); }

void Checker::end_turn() {
  if (!unwritten_.empty()) report(unwritten_);
}

void Checker::pass_barrier() {
  ++epoch_;
  std::fill(lanes_.begin(), lanes_.end(), Lane{});
}

void Checker::sync_warp(unsigned first_of_warp, std::uint32_t lanes) {
  std::array<std::uint16_t, warp_size> known{};
  const auto for_lanes = [&](const auto& body) {
    for (unsigned lane = 0; lane < warp_size; ++lane)
      if ((lanes >> lane & 1) != 0) body(lane, lanes_[first_of_warp + lane]);
  };
  for_lanes([&](unsigned lane, const Lane& one) {
    for (unsigned other = 0; other < warp_size; ++other)
      known[other] = std::max(known[other], one.known[other]);
    known[lane] = std::max(known[lane], one.clock);
  });
  for_lanes([&](unsigned, Lane& one) {
    one.known = known;
    ++one.clock;
  });
}

Checker::Memory* Checker::memory_at(std::uintptr_t address, std::size_t size) {
  const auto meets = [&](const Memory& memory) {
    return address + size > memory.begin - guard && address < memory.begin + memory.room + guard;
  };
  if (last_ != nullptr && meets(*last_)) return last_;
  for (const auto& memory : memories_)
    if (meets(*memory)) return last_ = memory.get();
  return nullptr;
}

void Checker::access(const void* address, std::size_t size, Access access, const Site& site) {
  const auto first = reinterpret_cast<std::uintptr_t>(address);
  Memory* memory = memory_at(first, size);
  if (memory == nullptr || !finding_.empty()) return;
  const std::size_t at = first - memory->begin;
  if (!is_inside(*memory, at, size, verb_of(access), site)) return;
  const Trail now{block_, epoch_, static_cast<std::uint16_t>(thread_), lanes_[thread_].clock,
                  number_of(site)};
  for (std::size_t i = at; i < at + size && finding_.empty(); ++i)
    check_byte(*memory, i, memory->byte(i), access, now);
}

bool Checker::is_inside(const Memory& memory, std::size_t at, std::size_t size, const char* what,
                        const Site& site) {
  if (at < memory.size && size <= memory.size - at) return true;
  const auto begin = static_cast<std::ptrdiff_t>(at);
  const std::ptrdiff_t outside =
      begin < 0 ? begin : std::max(begin, static_cast<std::ptrdiff_t>(memory.size));
  report(fmt::format("thread {} {} byte {} of {} ({})", thread_, what, outside, name_of(memory),
                     simt::name_of(site)));
  return false;
}

bool Checker::is_ordered(const Trail& before) const {
  if (before.block < first_block_) return true;  // an earlier launch, or none
  if (before.block != block_) return false;
  if (before.epoch < epoch_ || before.thread == thread_) return true;
  return before.thread / warp_size == thread_ / warp_size &&
         lanes_[thread_].known[before.thread % warp_size] >= before.clock;
}

void Checker::check_byte(const Memory& memory, std::size_t at, Byte& byte, Access access, const Trail& now) {
  if (byte.copy != 0)
    return report(fmt::format(
        "thread {} {} byte {} of {} ({}) before a cp_async_wait has ended the copy to it ({})", thread_,
        verb_of(access), at, name_of(memory), place_of(now), simt::name_of(sites_[byte.copy - 1])));
  if (access != Access::write && !byte.is_written && unwritten_.empty())
    unwritten_ = fmt::format("thread {} {} byte {} of {}, which nobody has written ({})", thread_,
                             verb_of(access), at, name_of(memory), place_of(now));
  const bool is_atomic = access == Access::atomic;
  if (!(is_atomic && byte.is_store_atomic) && !is_ordered(byte.store))
    return report_race(memory, at, byte.store, byte.is_store_atomic ? "atomically changed" : "wrote", access,
                       now);
  if (access == Access::read) return keep_load(byte, now);
  for (const Trail& load : {byte.load, byte.other_load})
    if (!is_ordered(load)) return report_race(memory, at, load, "read", access, now);
  byte.store = now;
  byte.is_store_atomic = is_atomic;
  byte.is_written = true;
}

/// Two unordered loads of different threads are enough: a store races with one of them at least.
void Checker::keep_load(Byte& byte, const Trail& now) const {
  (is_ordered(byte.load) ? byte.load : byte.other_load) = now;
}

void Checker::start_copy(const void* address, std::size_t size, const Site& site) {
  access(address, size, Access::write, site);
  Memory* memory = memory_at(reinterpret_cast<std::uintptr_t>(address), size);
  if (memory == nullptr || !finding_.empty()) return;
  const std::size_t at = reinterpret_cast<std::uintptr_t>(address) - memory->begin;
  for (std::size_t i = at; i < at + size; ++i) memory->byte(i).copy = number_of(site);
}

void Checker::finish_copy(const void* address, std::size_t size, const Site& site) {
  Memory* memory = memory_at(reinterpret_cast<std::uintptr_t>(address), size);
  if (memory == nullptr || !finding_.empty()) return;
  const std::size_t at = reinterpret_cast<std::uintptr_t>(address) - memory->begin;
  for (std::size_t i = at; i < at + size; ++i) memory->byte(i).copy = 0;
  access(address, size, Access::write, site);
}

void Checker::misaligned(const std::string& type, std::size_t alignment, const Site& site) {
  report(fmt::format("thread {} accesses {} at an address that is not aligned to {} bytes ({})", thread_,
                     type, alignment, simt::name_of(site)));
}

void Checker::report(const std::string& what) {
  if (finding_.empty()) finding_ = what;
}

void Checker::report_race(const Memory& memory, std::size_t at, const Trail& before, const char* did,
                          Access access, const Trail& now) {
  report(fmt::format("race on byte {} of {}: {} {} it ({}), thread {} {} it ({})", at, name_of(memory),
                     name_of_thread(before), did, place_of(before), thread_, verb_of(access), place_of(now)));
}

std::string Checker::place_of(const Trail& trail) const { return simt::name_of(sites_[trail.site - 1]); }

std::string Checker::name_of(const Memory& memory) const {
  switch (memory.kind) {
    case Kind::buffer:
      return fmt::format("a buffer of {} bytes", memory.size);
    case Kind::shared:
      return fmt::format("the {} bytes of shared memory", memory.size);
    case Kind::dynamic_shared:
      return fmt::format("the {} bytes of dynamic shared memory", memory.size);
  }
  return {};
}

std::string Checker::name_of_thread(const Trail& trail) const {
  if (trail.block == block_) return fmt::format("thread {}", trail.thread);
  const std::uint32_t number = trail.block - first_block_, plane = number / launch_.grid.x;
  return fmt::format("thread {} of block ({}, {}, {})", trail.thread, number % launch_.grid.x,
                     plane % launch_.grid.y, plane / launch_.grid.y);
}

std::uint32_t Checker::number_of(const Site& site) {
  const auto add = [&] {
    sites_.push_back(site);
    return static_cast<std::uint32_t>(sites_.size());
  };
  if (site.code != nullptr) {
    std::uint32_t& number = sites_of_code_[site.code];
    if (number == 0) number = add();
    return number;
  }
  const auto known = std::find(sites_.begin(), sites_.end(), site);
  return known != sites_.end() ? static_cast<std::uint32_t>(known - sites_.begin()) + 1 : add();
}

}  // namespace simt
