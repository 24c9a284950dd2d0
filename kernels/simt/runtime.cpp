#include "simt/runtime.hpp"

#include <fmt/format.h>

#include "simt/block_runner.hpp"
#include "simt/error.hpp"
#include "simt/warp_functions.hpp"
#include <algorithm>
#include <cassert>

namespace simt {
namespace {

constinit thread_local BlockRunner* runner = nullptr;  // of the block in flight on this OS thread

/// `one` has the OS thread for a scope.
class InFlight {
 public:
  explicit InFlight(BlockRunner& one) { runner = &one; }
  ~InFlight() { runner = nullptr; }
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
};

Runtime::Runtime(Workers& workers, const Options& options) : state_(new State{workers, options, {}}) {}
Runtime::~Runtime() = default;

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
  // A few runs of neighbouring blocks an OS thread: even work, and fibers are made once a run.
  const std::uint64_t runs = std::min<std::uint64_t>(blocks, 4 * state_->workers.count());
  const Isolation isolation = isolation_for(written, blocks);
  const StartOfLaunch start = isolation == Isolation::none ? StartOfLaunch{} : start_of_launch(written);
  state_->workers.for_each(runs, [&](std::size_t run) {
    BlockMemory memory(written, start, isolation, static_cast<unsigned>(threads));
    BlockRunner one(state_->stacks, state_->options, kernel, launch, body, memory);
    const InFlight scope(one);
    for (std::uint64_t b = blocks * run / runs; b < blocks * (run + 1) / runs; ++b) one.run(b);
  });
}

unsigned wait_for_block(bool vote, const Place& place) { return in_flight().wait_for_block(vote, place); }

const WarpValues& meet_warp(std::uint32_t mask, const void* value, std::size_t bytes, Combine combine,
                            const Place& place) {
  return in_flight().meet_warp(mask, value, bytes, combine, place);
}

unsigned lane_index() { return in_flight().lane(); }

void fail(const std::string& what, const Place& place) { in_flight().fail_thread(what, place); }

void* viewed_address(void* address) { return in_flight().memory().viewed(address); }
void* real_address(void* address) { return in_flight().memory().real(address); }

void* shared_bytes(std::size_t size, const void* type) { return in_flight().shared_bytes(size, type); }
void* dynamic_shared_bytes() { return in_flight().dynamic_shared_bytes(); }

void start_copy(void* to, const void* from, std::size_t bytes, std::size_t valid, const Place& place) {
  BlockRunner& one = in_flight();
  for (const void* address : {static_cast<const void*>(to), from})
    if (reinterpret_cast<std::uintptr_t>(address) % bytes != 0)
      one.fail_thread(fmt::format("gives cp_async an address that is not aligned to {} bytes", bytes), place);
  one.copies().start({to, from, bytes, valid, place});
}
void commit_copies() { in_flight().copies().commit(); }
void wait_for_copies(std::size_t open) {
  in_flight().copies().finish_all_but(open, [](const AsyncCopy& copy) {
    std::memcpy(copy.to, copy.from, copy.valid);
    std::memset(static_cast<std::byte*>(copy.to) + copy.valid, 0, copy.bytes - copy.valid);
  });
}

void __syncwarp(unsigned mask, const Place& place) { meet_warp(mask, nullptr, 0, nullptr, place); }

}  // namespace simt
