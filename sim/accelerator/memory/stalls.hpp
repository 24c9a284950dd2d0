#pragma once
/// Cycles in which the array waits for memory, by cause, and the recurrence that gives them
/// (docs/hardware-model.md, "Memory and stalls").

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

namespace quatrain::sim {

/// Single: a block is loaded, computed and stored before the next is loaded. Double: each buffer has two
/// places, so that the next block is loaded, and the one before stored, while a block is computed.
enum class Buffering : std::uint8_t { single, doubled };

/// How many blocks a buffer holds.
constexpr unsigned places_of(Buffering buffering) { return static_cast<unsigned>(buffering) + 1; }

/// On top of the cycles that the array computes.
struct Stalls {
  std::uint64_t load_bound = 0;   ///< the array waits, and the memory loads
  std::uint64_t store_bound = 0;  ///< the array waits, and the memory stores
  std::uint64_t quantizers = 0;   ///< tensors pass the quantizers before the GEMM begins

  std::uint64_t all() const { return load_bound + store_bound + quantizers; }
  Stalls& operator+=(const Stalls& other);
  friend bool operator==(const Stalls&, const Stalls&) = default;
};

/// What array and memory do with a block: work, or a wait of the array.
enum class BlockPart : std::uint8_t { load, compute, store, load_wait, store_wait };
/// Is told each of them with the cycle in which it begins and its cycles (more than 0).
using BlockParts = std::function<void(BlockPart part, std::uint64_t begin, std::uint64_t cycles)>;

/// Blocks in the order in which the array visits them. Cycle 0 is the one in which the first load begins.
/// Throws Error when a count leaves 64 bits.
class StallRecurrence {
 public:
  explicit StallRecurrence(Buffering buffering, BlockParts parts = {})
      : places_(places_of(buffering)), parts_(std::move(parts)) {}

  /// All three in cycles; 0 where nothing is loaded or stored.
  void visit(std::uint64_t load, std::uint64_t compute, std::uint64_t store);
  /// So many such blocks. The time follows their number only until array and memory go in step.
  void visits(std::uint64_t load, std::uint64_t compute, std::uint64_t store, std::uint64_t blocks);
  /// After the last block: the stores that are left. No visit may follow.
  Stalls end();

 private:
  struct Computed {
    std::uint64_t end = 0;    ///< cycle
    std::uint64_t store = 0;  ///< cycles of its store, which is still to come
  };
  Computed& place(std::uint64_t block) { return blocks_[block % places_]; }
  /// All ends count from a later cycle on.
  void shift(std::uint64_t cycles);
  void store(std::uint64_t block);
  void wait(std::uint64_t storing, std::uint64_t loading);
  void tell(BlockPart part, std::uint64_t begin, std::uint64_t cycles) const {
    if (parts_ && cycles > 0) parts_(part, begin, cycles);
  }

  std::size_t places_;
  BlockParts parts_;
  std::array<Computed, 2> blocks_;
  std::uint64_t visited_ = 0;
  std::uint64_t memory_free_ = 0;  ///< the end of what the memory has done
  std::uint64_t computed_ = 0;     ///< the end of the last block's cycles
  Stalls stalls_;
};

}  // namespace quatrain::sim
