#include "simt/block_runner.hpp"

#include <fmt/format.h>

#include "simt/error.hpp"
#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <string_view>
#include <utility>

namespace simt {
namespace {

constexpr std::size_t alignment = 256;  // of shared memory, as on a GPU

/// SplitMix64's step and mixer: spreads seed and block number over the thread orders.
std::uint64_t next_random(std::uint64_t& state) {
  std::uint64_t z = state += 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

std::string name_of_place(const Place& place) {
  const std::string_view file = place.file_name();
  return fmt::format("{}:{}:{}", file.substr(file.rfind('/') + 1), place.line(), place.column());
}

/// A line may hold several barriers.
bool is_same_place(const Place& one, const Place& other) {
  return one.line() == other.line() && one.column() == other.column() &&
         (one.file_name() == other.file_name() || std::string_view(one.file_name()) == other.file_name());
}

}  // namespace

BlockRunner::BlockRunner(StackPool& stacks, const Options& options, const char* kernel,
                         const LaunchConfig& launch, const std::function<void()>& body, BlockMemory& memory,
                         Checker* checker)
    : stacks_(stacks),
      options_(options),
      kernel_(kernel),
      launch_(launch),
      body_(body),
      memory_(memory),
      checker_(checker),
      count_(launch.block.x * launch.block.y * launch.block.z),
      threads_(count_),
      order_(count_),
      values_(count_),
      shared_(alignment + most_shared_bytes + launch.dynamic_shared + 4 * Checker::guard) {
  void* begin = shared_.data() + Checker::guard;
  std::size_t room = shared_.size() - Checker::guard;
  shared_memory_ = static_cast<std::byte*>(std::align(alignment, most_shared_bytes, begin, room));
  dynamic_shared_ = shared_memory_ + most_shared_bytes + 2 * Checker::guard;
  for (unsigned z = 0; z < launch.block.z; ++z)
    for (unsigned y = 0; y < launch.block.y; ++y)
      for (unsigned x = 0; x < launch.block.x; ++x) indices_.emplace_back(x, y, z);
}

BlockRunner::~BlockRunner() {
  stopping_ = true;
  for (Fiber& fiber : fibers_) {
    switch_to(fiber);
    forget_stack(fiber.stack);
  }
}

void BlockRunner::run(std::uint64_t block_number) {
  const dim3& grid = launch_.grid;
  gridDim = grid;
  blockDim = launch_.block;
  const std::uint64_t plane = block_number / grid.x;
  blockIdx = dim3(static_cast<unsigned>(block_number % grid.x), static_cast<unsigned>(plane % grid.y),
                  static_cast<unsigned>(plane / grid.y));
  random_ = options_.seed ^ (block_number * 0xD1B54A32D192ED03U);
  std::iota(order_.begin(), order_.end(), 0U);
  std::memset(shared_memory_, poison, shared_used_);
  std::memset(dynamic_shared_, poison, launch_.dynamic_shared);
  shared_type_ = nullptr;
  if (checker_ != nullptr) checker_->begin_block(shared_memory_, dynamic_shared_, launch_.dynamic_shared);
  for (Thread& thread : threads_) {
    thread.step = Step::not_started;
    thread.copies.clear();
  }

  do {
    order_next_pass();
    for (cursor_ = 0; cursor_ < count_; ++cursor_) {
      const Step step = threads_[order_[cursor_]].step;
      if (step == Step::not_started || step == Step::ready) resume(order_[cursor_]);
      require_success();
    }
    if (checker_ != nullptr) checker_->end_turn();
    require_success();
  } while (open_warp_collectives() || open_block_barrier());
  memory_.end_block();
}

void BlockRunner::require_success() const {
  if (has_failed()) fail(failure_.empty() ? checker_->finding() : failure_);
}

/// A finding of the checker lets the thread go on to its next barrier: nothing may be thrown from an access.
bool BlockRunner::has_failed() const {
  return !failure_.empty() || (checker_ != nullptr && !checker_->finding().empty());
}

void BlockRunner::enter(unsigned thread) {
  running_ = thread;
  if (checker_ != nullptr) checker_->enter(thread);
  threadIdx = indices_[thread];
  memory_.resume(thread);
}

void BlockRunner::resume(unsigned thread) {
  Fiber& fiber = threads_[thread].fiber != nullptr ? *threads_[thread].fiber : idle_fiber();
  enter(thread);
  switch_to(fiber);
  // running_ may have moved on: a fiber whose thread exits starts the next one itself.
  const bool is_idle = threads_[running_].step == Step::exited;
  threads_[running_].fiber = is_idle ? nullptr : &fiber;
  if (is_idle) idle_.push_back(&fiber);
}

BlockRunner::Fiber& BlockRunner::idle_fiber() {
  if (!idle_.empty()) {
    Fiber& fiber = *idle_.back();
    idle_.pop_back();
    return fiber;
  }
  Fiber& fiber = fibers_.emplace_back();
  start(fiber);
  return fiber;
}

void BlockRunner::start(Fiber& fiber) {
  const boost::context::stack_context stack = stacks_.take();
  fiber.stack.bottom = static_cast<const char*>(stack.sp) - stack.size;
  fiber.stack.size = stack.size;
  fiber.context =
      boost::context::fiber(std::allocator_arg, boost::context::preallocated(stack.sp, stack.size, stack),
                            PooledStack{&stacks_}, [this, &fiber](boost::context::fiber&& scheduler) {
                              enter_stack(fiber.stack, scheduler_.stack);
                              scheduler_.context = std::move(scheduler);
                              run_threads();
                              leave_stack(fiber.stack, scheduler_.stack, true);
                              return std::move(scheduler_.context);
                            });
}

void BlockRunner::switch_to(Fiber& fiber) {
  current_ = &fiber;
  leave_stack(scheduler_.stack, fiber.stack);
  fiber.context = std::move(fiber.context).resume();
  enter_stack(scheduler_.stack, fiber.stack);
}

void BlockRunner::leave_fiber() {
  Fiber& fiber = *current_;
  leave_stack(fiber.stack, scheduler_.stack);
  scheduler_.context = std::move(scheduler_.context).resume();
  enter_stack(fiber.stack, scheduler_.stack);
}

void BlockRunner::wait() {
  memory_.suspend(running_);
  leave_fiber();
  if (stopping_) throw Stopped();
}

void BlockRunner::run_threads() try {
  while (!stopping_) {
    body_();
    memory_.suspend(running_);
    threads_[running_].step = Step::exited;
    if (!has_failed() && cursor_ + 1 < count_ && threads_[order_[cursor_ + 1]].step == Step::not_started)
      enter(order_[++cursor_]);
    else
      leave_fiber();
  }
} catch (const Stopped&) {
}

void BlockRunner::order_next_pass() {
  switch (options_.order) {
    case ThreadOrder::first_to_last:
      return;
    case ThreadOrder::last_to_first:
      std::iota(order_.rbegin(), order_.rend(), 0U);
      return;
    case ThreadOrder::warps_interleaved: {
      std::size_t at = 0;
      for (unsigned lane = 0; lane < warp_size; ++lane)
        for (unsigned thread = lane; thread < count_; thread += warp_size) order_[at++] = thread;
      return;
    }
    case ThreadOrder::shuffled:
      for (unsigned i = count_; i > 1; --i) {
        const auto other = static_cast<unsigned>((next_random(random_) >> 32) * i >> 32);
        std::swap(order_[i - 1], order_[other]);
      }
      return;
  }
}

unsigned BlockRunner::wait_for_block(bool vote, const Place& place) {
  Thread& thread = threads_[running_];
  thread.step = Step::at_block_barrier;
  thread.vote = vote;
  thread.place = place;
  wait();
  return votes_;
}

const WarpValues& BlockRunner::meet_warp(std::uint32_t mask, const void* value, std::size_t bytes,
                                         Combine combine, const Place& place) {
  if ((mask >> lane() & 1) == 0)
    fail_thread(fmt::format("is not in the mask {:#010x} of its own warp collective", mask), place);
  Thread& thread = threads_[running_];
  thread.step = Step::at_warp_collective;
  thread.mask = mask;
  thread.value = value;
  thread.bytes = bytes;
  thread.combine = combine;
  thread.place = place;
  wait();
  return *thread.result;
}

void BlockRunner::fail_thread(const std::string& what, const Place& place) {
  failure_ = fmt::format("thread {} {} ({})", running_, what, name_of_place(place));
  wait();
  throw Stopped();  // wait() has thrown it
}

bool BlockRunner::open_warp_collectives() {
  bool opened = false;
  for (unsigned thread = 0; thread < count_; ++thread)
    if (threads_[thread].step == Step::at_warp_collective)
      opened |= open_collective(thread / warp_size * warp_size, threads_[thread].mask);
  return opened;
}

bool BlockRunner::open_collective(unsigned first_of_warp, std::uint32_t mask) {
  std::uint32_t present = 0;
  const Place* place = nullptr;
  for (unsigned lane = 0; lane < warp_size && first_of_warp + lane < count_; ++lane) {
    const Thread& thread = threads_[first_of_warp + lane];
    if ((mask >> lane & 1) == 0 || thread.step == Step::exited) continue;
    if (thread.step != Step::at_warp_collective || thread.mask != mask) return false;
    if (place != nullptr && !is_same_place(*place, thread.place)) return false;
    place = &thread.place;
    present |= 1U << lane;
  }
  const Thread& first = threads_[first_of_warp + static_cast<unsigned>(std::countr_zero(present))];
  std::unique_ptr<WarpValues>& values = values_[static_cast<std::size_t>(&first - threads_.data())];
  if (!values) values = std::make_unique<WarpValues>();
  values->present = present;
  for (unsigned lane = 0; lane < warp_size; ++lane) {
    if ((present >> lane & 1) == 0) continue;
    Thread& thread = threads_[first_of_warp + lane];
    if (thread.bytes != 0) std::memcpy(values->of_lane[lane], thread.value, thread.bytes);
    thread.result = values.get();
    thread.step = Step::ready;
  }
  if (checker_ != nullptr && first.bytes == 0) checker_->sync_warp(first_of_warp, present);
  if (first.combine != nullptr) first.combine(*values);
  return true;
}

bool BlockRunner::open_block_barrier() {
  const auto is_exited = [](const Thread& thread) { return thread.step == Step::exited; };
  if (std::all_of(threads_.begin(), threads_.end(), is_exited)) return false;
  const Place& place = threads_[0].place;
  for (const Thread& thread : threads_)
    if (thread.step != Step::at_block_barrier || !is_same_place(thread.place, place))
      fail("the threads wait for each other: " + describe_waiting());
  votes_ = 0;
  for (Thread& thread : threads_) {
    thread.step = Step::ready;
    votes_ += thread.vote;
  }
  memory_.pass_barrier();
  if (checker_ != nullptr) checker_->pass_barrier();
  return true;
}

std::string BlockRunner::describe_waiting() const {
  const auto description = [](const Thread& thread) {
    if (thread.step == Step::exited) return std::string("exited");
    return fmt::format("at {} ({})",
                       thread.step == Step::at_block_barrier ? "__syncthreads"
                       : thread.mask == ~0U                  ? "a warp collective"
                                            : fmt::format("a warp collective of mask {:#010x}", thread.mask),
                       name_of_place(thread.place));
  };
  std::string text;
  for (unsigned first = 0, next = 0; first < count_; first = next) {
    const std::string what = description(threads_[first]);
    while (next < count_ && description(threads_[next]) == what) ++next;
    if (!text.empty()) text += ", ";
    text += next - first == 1 ? fmt::format("{} {}", first, what)
                              : fmt::format("{}-{} {}", first, next - 1, what);
  }
  return text;
}

void BlockRunner::fail(const std::string& what) const {
  throw Error(
      fmt::format("kernel {}, block ({}, {}, {}): {}", kernel_, blockIdx.x, blockIdx.y, blockIdx.z, what));
}

void* BlockRunner::shared_bytes(std::size_t size, const void* type) {
  if (shared_type_ != nullptr && shared_type_ != type) {
    failure_ = "a kernel has one type of shared memory; two were asked for";
    wait();
  }
  shared_type_ = type;
  if (size > shared_used_) {
    std::memset(shared_memory_ + shared_used_, poison, size - shared_used_);
    shared_used_ = size;
  }
  if (checker_ != nullptr) checker_->grow_shared(size);
  return shared_memory_;
}

void* BlockRunner::dynamic_shared_bytes() { return dynamic_shared_; }

}  // namespace simt
