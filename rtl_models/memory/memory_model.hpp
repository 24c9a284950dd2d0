#pragma once
/// The array's memory system as transactions: a DMA engine (direct memory access) that loads and stores
/// blocks through a TLM-2.0 socket (SystemC's standard for transactions), a DRAM behind it, and an array that
/// computes a block in its exact cycles (docs/hardware-model.md, "Memory and stalls"). Nothing here knows the
/// closed forms.

#include "rtl_models/memory/block_visit.hpp"
#include "rtl_models/memory/dram_timing.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace quatrain::rtl_models {

class BlockGate;

/// Where the bytes of a block are. Calls come in the order of the blocks; a block is computed or stored while
/// later ones are loaded already.
class BlockData {
 public:
  /// Bytes that stand together in the memory, and their place in a buffer.
  struct Run {
    std::uint64_t address = 0;
    std::span<std::uint8_t> buffer;
  };

  virtual ~BlockData() = default;
  virtual void begin(const BlockVisit& block) = 0;  ///< before its loads
  // For what the block moves only.
  virtual Run left(const BlockVisit& block) = 0;
  virtual Run right(const BlockVisit& block) = 0;
  virtual Run sums(const BlockVisit& block) = 0;
  virtual void compute(const BlockVisit& block) = 0;  ///< when its cycles are over
  virtual Run stored(const BlockVisit& block) = 0;
};

struct MemoryJob {
  std::uint64_t period_ps = 1;            ///< of the array's clock
  unsigned places = 1;                    ///< blocks that a buffer holds: 1 or 2
  std::function<bool(BlockVisit&)> next;  ///< the blocks in order; false: there is no other
  BlockData* data = nullptr;              ///< nullptr: bytes of no meaning
};

/// In cycles. The array computes, or it waits while the memory does what is said.
struct MemoryRun {
  std::uint64_t cycles = 0, computing = 0, load_bound = 0, store_bound = 0;
  std::uint64_t read_bytes = 0, written_bytes = 0;
};

/// An elaborated memory system. SystemC elaborates once per process: make it before the first run or replay.
class MemoryModel {
 public:
  virtual ~MemoryModel() = default;
  /// Through a DRAM of this timing. Throws base::Error when the memory answers with an error.
  virtual MemoryRun run(const DramTiming& timing, const MemoryJob& job) = 0;
  /// The same for an array that holds where a block begins (schedule/holds.hpp). `replay` plays it with this
  /// gate. The blocks' cycles are not looked at.
  virtual MemoryRun run(const DramTiming& timing, const MemoryJob& job,
                        const std::function<void(BlockGate&)>& replay) = 0;
};

/// With the default DRAM. Throws base::Error when the program was built without SystemC.
std::unique_ptr<MemoryModel> make_memory_model();

}  // namespace quatrain::rtl_models
