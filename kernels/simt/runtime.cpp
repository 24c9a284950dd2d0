#include "simt/runtime.hpp"

#include <fmt/format.h>

#include "simt/block_runner.hpp"
#include "simt/checker.hpp"
#include "simt/error.hpp"
#include "simt/warp_functions.hpp"
#include <algorithm>
#include <cassert>

namespace simt {

constinit thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;
constinit thread_local Checker* checker_in_flight = nullptr;

namespace {

constinit thread_local BlockRunner* runner = nullptr;  // of the block in flight on this OS thread

/// `one` has the OS thread for a scope.
class InFlight {
 public:
  explicit InFlight(BlockRunner& one, Checker* checker = nullptr) {
    runner = &one;
    checker_in_flight = checker;
  }
  ~InFlight() {
    if (checker_in_flight != nullptr) checker_in_flight->end_launch();
    runner = nullptr;
    checker_in_flight = nullptr;
  }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
};

BlockRunner& in_flight() {
  assert(runner != nullptr && "a CUDA function outside a kernel");
  return *runner;
}

}  // namespace

struct Runtime::State {
  Workers& workers;
  Options options;
  StackPool stacks;
  std::unique_ptr<Checker> checker;
};

Runtime::Runtime(Workers& workers, const Options& options)
    : state_(new State{workers, options, {}, options.checks ? std::make_unique<Checker>() : nullptr}) {}
Runtime::~Runtime() = default;

Checker* Runtime::checker() { return state_->checker.get(); }

void Runtime::run(const char* kernel, const LaunchConfig& launch, const std::function<void()>& body,
                  std::span<const WrittenMemory> written) {
  const std::uint64_t threads = std::uint64_t{launch.block.x} * launch.block.y * launch.block.z;
  const std::uint64_t blocks = std::uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z;
  if (threads == 0 || threads > most_threads || blocks == 0)
    throw Error(
        fmt::format("kernel {}: {} blocks of {} threads; expected 1 to {} threads and at least one block",
                    kernel, blocks, threads, most_threads));
  if (launch.dynamic_shared > most_dynamic_bytes)
    throw Error(fmt::format("kernel {}: {} bytes of dynamic shared memory; expected {} at most", kernel,
                            launch.dynamic_shared, most_dynamic_bytes));
  if (Checker* const checker = state_->checker.get()) return run_checked(kernel, launch, body, *checker);
  // A few runs of neighbouring blocks an OS thread: even work, and fibers are made once a run.
  const std::uint64_t runs = std::min<std::uint64_t>(blocks, 4 * state_->workers.count());
  const Isolation isolation = isolation_for(written, blocks);
  const StartOfLaunch start = isolation == Isolation::none ? StartOfLaunch{} : start_of_launch(written);
  state_->workers.for_each(runs, [&](std::size_t run) {
    BlockMemory memory(written, start, isolation, static_cast<unsigned>(threads));
    BlockRunner one(state_->stacks, state_->options, kernel, launch, body, memory, nullptr);
    const InFlight scope(one);
    for (std::uint64_t b = blocks * run / runs; b < blocks * (run + 1) / runs; ++b) one.run(b);
  });
}

/// One block after the other on this thread; the checker sees conflicts whatever the order.
void Runtime::run_checked(const char* kernel, const LaunchConfig& launch, const std::function<void()>& body,
                          Checker& checker) {
  checker.begin_launch(launch);
  BlockMemory memory({}, {}, Isolation::none, launch.block.x * launch.block.y * launch.block.z);
  BlockRunner one(state_->stacks, state_->options, kernel, launch, body, memory, &checker);
  const InFlight scope(one, &checker);
  const std::uint64_t blocks = std::uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z;
  for (std::uint64_t b = 0; b < blocks; ++b) one.run(b);
  if (!checker.is_fed())
    throw Error(
        fmt::format("kernel {}: checks are on, but it is not compiled for them; expected -fsanitize=thread "
                    "for its file",
                    kernel));
}

unsigned wait_for_block(bool vote, const Place& place) { return in_flight().wait_for_block(vote, place); }

const WarpValues& meet_warp(std::uint32_t mask, const void* value, std::size_t bytes, Combine combine,
                            const Place& place) {
  return in_flight().meet_warp(mask, value, bytes, combine, place);
}

unsigned lane_index() { return in_flight().lane(); }

void fail(const std::string& what, const Place& place) { in_flight().fail_thread(what, place); }

void note_read(const void* address, std::size_t bytes, const Place& place) {
  if (checker_in_flight != nullptr) checker_in_flight->access(address, bytes, Access::read, Site::of(place));
}
void note_atomic(const void* address, std::size_t bytes, const Place& place) {
  if (checker_in_flight != nullptr)
    checker_in_flight->access(address, bytes, Access::atomic, Site::of(place));
}

void* viewed_address(void* address) { return in_flight().memory().viewed(address); }
void* real_address(void* address) { return in_flight().memory().real(address); }

void* shared_bytes(std::size_t size, const void* type) { return in_flight().shared_bytes(size, type); }
void* dynamic_shared_bytes() { return in_flight().dynamic_shared_bytes(); }

void start_copy(void* to, const void* from, std::size_t bytes, std::size_t valid, const Place& place) {
  BlockRunner& one = in_flight();
  for (const void* address : {static_cast<const void*>(to), from})
    if (reinterpret_cast<std::uintptr_t>(address) % bytes != 0)
      one.fail_thread(fmt::format("gives cp_async an address that is not aligned to {} bytes", bytes), place);
  if (checker_in_flight != nullptr) {
    checker_in_flight->access(from, valid, Access::read, Site::of(place));
    checker_in_flight->start_copy(to, bytes, Site::of(place));
  }
  one.copies().start({to, from, bytes, valid, place});
}
void commit_copies() { in_flight().copies().commit(); }
void wait_for_copies(std::size_t open) {
  in_flight().copies().finish_all_but(open, [](const AsyncCopy& copy) {
    if (checker_in_flight != nullptr)
      checker_in_flight->finish_copy(copy.to, copy.bytes, Site::of(copy.place));
    std::memcpy(copy.to, copy.from, copy.valid);
    std::memset(static_cast<std::byte*>(copy.to) + copy.valid, 0, copy.bytes - copy.valid);
  });
}

void __syncwarp(unsigned mask, const Place& place) { meet_warp(mask, nullptr, 0, nullptr, place); }

}  // namespace simt
