#pragma once
/// What a thread sees of the memory that its launch may write. A GPU promises no order between plain accesses
/// of different blocks, nor of threads of a block between two barriers, so a thread sees that memory as it
/// was when the launch began, with the stores of its block up to the last barrier and its own. Stores of
/// other threads arrive at the barrier, those of other blocks at the end of theirs: a sum that is added
/// without an atomic loses terms in every run. Atomics work on the memory itself and are seen by all atomics
/// at once. Within a launch a word is therefore accessed either plainly or by atomics.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace simt {

/// Memory that a launch may write.
struct WrittenMemory {
  std::span<std::byte> bytes;
  std::size_t word;  ///< bytes of the smallest piece that is stored whole; divides the size
};

/// How closely the threads of a launch are kept apart: what that costs grows with the memory.
enum class Isolation : std::uint8_t { threads, blocks, none };

/// Threads where little is written, blocks where comparing it once per block is cheap, else none.
Isolation isolation_for(std::span<const WrittenMemory> written, std::uint64_t blocks);

/// Its content when the launch began, shared by all blocks.
using StartOfLaunch = std::vector<std::vector<std::byte>>;
StartOfLaunch start_of_launch(std::span<const WrittenMemory> written);

/// The view of the block in flight on one OS thread.
class BlockMemory {
 public:
  BlockMemory(std::span<const WrittenMemory> written, const StartOfLaunch& start, Isolation isolation,
              unsigned threads);

  /// Where the running thread finds what lies at `address` in the memory itself; the same place for memory
  /// that is not the launch's.
  void* viewed(void* address);
  /// The other way.
  void* real(void* address);

  void resume(unsigned thread);   ///< it runs from here
  void suspend(unsigned thread);  ///< up to here
  void pass_barrier();            ///< all threads of the block have arrived
  void end_block();

 private:
  struct Part {
    std::span<std::byte> real;
    const std::vector<std::byte>* start;
    std::size_t word;
    std::vector<std::byte> block;  ///< with the block's stores up to its last barrier
    std::vector<std::byte> view;   ///< what the running thread sees
  };
  struct Store {
    std::size_t part, offset;
    std::vector<std::byte> word;
  };

  std::vector<Part> parts_;
  Isolation isolation_;
  std::vector<std::vector<Store>> stores_;  ///< of each thread since the last barrier
  std::vector<unsigned> storing_;           ///< threads that have some, in the order in which they ran
};

}  // namespace simt
