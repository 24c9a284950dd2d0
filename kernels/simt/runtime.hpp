#pragma once
/// Runs CUDA kernels on the CPU: one fiber per CUDA thread, one block in flight per OS thread, blocks over
/// all threads of a pool. A fiber is left only at a barrier or warp collective, so between two of them the
/// threads of a block run one after the other in a chosen order: a missing barrier shows as a result that
/// depends on the order.
/// What a thread stores to device memory stays unseen by other threads until a barrier, by other blocks until
/// the block ends (block_memory.hpp): a missing atomic shows too, wherever the memory that the kernel writes
/// is small. Errors (base::Error, naming kernel, block, threads and source lines): threads that wait for
/// each other, at different barriers, or at a barrier that others skipped by exiting; a shuffle from a lane
/// that does not take part. Limits: threads that wait for each other without a barrier (spinning) hang;
/// memory order is the CPU's.

#include "kernels/simt/block_memory.hpp"
#include "kernels/simt/options.hpp"
#include "traces/base/parallel_for.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <span>

namespace quatrain::kernels::simt {

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_size = 1, unsigned y_size = 1, unsigned z_size = 1)
      : x(x_size), y(y_size), z(z_size) {}
};

/// As in CUDA, of the thread that runs on this OS thread; set whenever a fiber is resumed.
constinit inline thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;

inline constexpr unsigned warp_size = 32;
inline constexpr unsigned most_threads = 1024;               ///< of a block, as on a GPU
inline constexpr std::size_t most_shared_bytes = 48 * 1024;  ///< of a block, as without opting in on a GPU
inline constexpr std::uint8_t poison = 0xCD;                 ///< fills shared and device memory before use

class Runtime {
 public:
  Runtime(base::ThreadPool& pool, const SimtOptions& options);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// Calls `body` once for every thread of every block and returns when all are done. `body` reaches the
  /// memory in `written` through viewed().
  void run(const char* kernel, dim3 grid, dim3 block, const std::function<void()>& body,
           std::span<const WrittenMemory> written = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What the CUDA functions of cuda_language.hpp are made of. Called from kernels only.

/// Waits for all threads of the block.
void wait_for_block(const std::source_location& place);

/// Waits for the lanes of `mask` that have not exited; returns the `value` of lane `source`.
std::uint64_t wait_for_warp(std::uint32_t mask, std::uint64_t value, unsigned source,
                            const std::source_location& place);

unsigned lane_index();

/// BlockMemory's, of the thread that is running.
void* viewed_address(void* address);
void* real_address(void* address);

/// The block's shared memory, poisoned before each block. `type` tells different requests apart.
void* shared_bytes(std::size_t size, const void* type);

}  // namespace quatrain::kernels::simt
