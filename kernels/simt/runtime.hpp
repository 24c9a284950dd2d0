#pragma once
/// Runs CUDA kernels on the CPU: one fiber per CUDA thread, one block in flight per OS thread, blocks over
/// all threads of a pool. A fiber is left only at a barrier or warp collective, so between two of them the
/// threads of a block run one after the other in a chosen order: a missing barrier shows as a result that
/// depends on the order.
/// What a thread stores to device memory stays unseen by other threads until a barrier, by other blocks until
/// the block ends (block_memory.hpp): a missing atomic shows too, wherever the memory that the kernel writes
/// is small. Errors (Error, naming kernel, block, threads and source lines): threads that wait for
/// each other, at different barriers, or at a barrier that others skipped by exiting; a shuffle from a lane
/// that does not take part. Limits: threads that wait for each other without a barrier (spinning) hang;
/// memory order is the CPU's.

#include "simt/block_memory.hpp"
#include "simt/options.hpp"
#include "simt/workers.hpp"
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <source_location>
#include <span>
#include <string>

namespace simt {

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_size = 1, unsigned y_size = 1, unsigned z_size = 1)
      : x(x_size), y(y_size), z(z_size) {}
};

/// As in CUDA, of the thread that runs on this OS thread; set whenever a fiber is resumed.
extern constinit thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;

inline constexpr int warpSize = 32;
inline constexpr unsigned warp_size = 32;
inline constexpr unsigned most_threads = 1024;                ///< of a block, as on a GPU
inline constexpr std::size_t most_shared_bytes = 48 * 1024;   ///< of shared_memory(), as on a GPU
inline constexpr std::size_t most_dynamic_bytes = 99 * 1024;  ///< of a launch: what every GPU since sm_86 has
inline constexpr std::uint8_t poison = 0xCD;                  ///< fills shared and device memory before use

struct LaunchConfig {
  dim3 grid, block;
  std::size_t dynamic_shared = 0;  ///< bytes for each block
};

class Checker;

class Runtime {
 public:
  Runtime(Workers& workers, const Options& options);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// Calls `body` once for every thread of every block and returns when all are done. `body` reaches the
  /// memory in `written` through viewed_address().
  void run(const char* kernel, const LaunchConfig& launch, const std::function<void()>& body,
           std::span<const WrittenMemory> written = {});

  /// nullptr without checks.
  Checker* checker();

 private:
  struct State;
  void run_checked(const char* kernel, const LaunchConfig& launch, const std::function<void()>& body,
                   Checker& checker);

  std::unique_ptr<State> state_;
};

// What the functions of language.hpp are made of. Called from kernels only.

using Place = std::source_location;

/// What the lanes of a warp bring to a collective and take from it.
struct WarpValues {
  static constexpr std::size_t most_bytes = 40;  ///< of a lane
  std::uint32_t present = 0;                     ///< the lanes that take part
  alignas(8) std::byte of_lane[warp_size][most_bytes];

  bool has(unsigned lane) const { return lane < warp_size && (present >> lane & 1) != 0; }
  template <typename T>
  T get(unsigned lane) const {
    static_assert(sizeof(T) <= most_bytes);
    T value;
    std::memcpy(&value, of_lane[lane], sizeof value);
    return value;
  }
  template <typename T>
  void set(unsigned lane, const T& value) {
    static_assert(sizeof(T) <= most_bytes);
    std::memcpy(of_lane[lane], &value, sizeof value);
  }
};
using Combine = void (*)(WarpValues&);

/// Waits for all threads of the block; returns how many of them came with `vote`.
unsigned wait_for_block(bool vote, const Place& place);

/// Waits for the lanes of `mask` that have not exited. When all have come, `combine` (nullptr: nothing) is
/// called once for what they brought. The result stands until the next collective of this thread.
const WarpValues& meet_warp(std::uint32_t mask, const void* value, std::size_t bytes, Combine combine,
                            const Place& place);

unsigned lane_index();

/// Ends the launch with an Error about the running thread: "kernel K, block B: thread T WHAT (PLACE)".
[[noreturn]] void fail(const std::string& what, const Place& place);

/// What a function reads or changes on behalf of the running thread, for the checks.
void note_read(const void* address, std::size_t bytes, const Place& place);
void note_atomic(const void* address, std::size_t bytes, const Place& place);

/// BlockMemory's, of the thread that is running.
void* viewed_address(void* address);
void* real_address(void* address);

/// The block's shared memory, poisoned before each block. `type` tells different requests apart.
void* shared_bytes(std::size_t size, const void* type);
/// What the launch asked for beyond that.
void* dynamic_shared_bytes();

/// A copy to shared memory that is done when wait_for_copies() comes to it: `valid` bytes, then zeros up to
/// `bytes`.
void start_copy(void* to, const void* from, std::size_t bytes, std::size_t valid, const Place& place);
void commit_copies();
/// Does the copies of all committed groups but the last `open`.
void wait_for_copies(std::size_t open);

}  // namespace simt
