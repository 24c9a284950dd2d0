#include "kernels/simt/runtime.hpp"

#include "kernels/simt/block_runner.hpp"
#include "traces/base/error.hpp"

#include <algorithm>
#include <cassert>

namespace quatrain::kernels::simt {
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
  base::ThreadPool& pool;
  SimtOptions options;
  StackPool stacks;
};

Runtime::Runtime(base::ThreadPool& pool, const SimtOptions& options) : state_(new State{pool, options, {}}) {}
Runtime::~Runtime() = default;

void Runtime::run(const char* kernel, dim3 grid, dim3 block, const std::function<void()>& body,
                  std::span<const WrittenMemory> written) {
  const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
  const std::uint64_t blocks = std::uint64_t{grid.x} * grid.y * grid.z;
  if (threads == 0 || threads > most_threads || blocks == 0)
    throw base::Error("kernel {}: {} blocks of {} threads; expected 1 to {} threads and at least one block",
                      kernel, blocks, threads, most_threads);
  // A few runs of neighbouring blocks an OS thread: even work, and fibers are made once a run.
  const std::uint64_t runs = std::min<std::uint64_t>(blocks, 4 * state_->pool.thread_count());
  const Isolation isolation = isolation_for(written, blocks);
  const StartOfLaunch start = isolation == Isolation::none ? StartOfLaunch{} : start_of_launch(written);
  state_->pool.parallel_for(runs, [&](std::size_t run) {
    BlockMemory memory(written, start, isolation, static_cast<unsigned>(threads));
    BlockRunner one(state_->stacks, state_->options, kernel, grid, block, body, memory);
    const InFlight scope(one);
    for (std::uint64_t b = blocks * run / runs; b < blocks * (run + 1) / runs; ++b) one.run(b);
  });
}

void wait_for_block(const std::source_location& place) { in_flight().wait_for_block(place); }

std::uint64_t wait_for_warp(std::uint32_t mask, std::uint64_t value, unsigned source,
                            const std::source_location& place) {
  return in_flight().wait_for_warp(mask, value, source, place);
}

unsigned lane_index() { return in_flight().lane(); }

void* viewed_address(void* address) { return in_flight().memory().viewed(address); }
void* real_address(void* address) { return in_flight().memory().real(address); }

void* shared_bytes(std::size_t size, const void* type) { return in_flight().shared_bytes(size, type); }

}  // namespace quatrain::kernels::simt
