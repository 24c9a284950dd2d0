#pragma once
/// DMA engine and array of a memory system. `memory` is the socket behind which the DRAM stands: any TLM-2.0
/// target with a blocking transport, 32 bits wide by name, which moves any number of bytes.
///
/// The DMA does one thing after the other: it stores block n - places as soon as it is computed, then it
/// loads block n. What it moves for one block is asked for together: it calls b_transport for each run
/// without waiting, and goes on when the last is over, at the next edge of the array's clock. The array
/// begins a block when the one before is computed and its own loads are there. Simulated time is the design's
/// time.

#include "rtl_models/memory/memory_model.hpp"

#include <systemc>

#include <array>
#include <cstdint>
#include <string>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <vector>

namespace quatrain::rtl_models {

class BlockMachine final : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<BlockMachine> memory{"memory"};

  SC_HAS_PROCESS(BlockMachine);
  explicit BlockMachine(const sc_core::sc_module_name& name);

  /// Runs the kernel until the last block is stored. Throws base::Error when the memory answers with an
  /// error.
  MemoryRun run(const MemoryJob& job);

  /// Past the timing: bytes that are in the memory before the first load, or after the last store. Throws
  /// base::Error for a memory that has no transport_dbg for them.
  void write(std::uint64_t address, std::span<const std::uint8_t> bytes);
  void read(std::uint64_t address, std::span<std::uint8_t> bytes);

 private:
  enum class Moves : std::uint8_t { nothing, loads, stores };

  void move_blocks();
  void compute_blocks();
  void load(const BlockVisit& block);
  void store(const BlockVisit& block);
  /// All of them together, in the time of the memory.
  void move(Moves moves, std::span<const BlockData::Run> runs);
  void wait_for_edge(sc_core::sc_time end);
  void debug(tlm::tlm_command command, std::uint64_t address, std::uint8_t* bytes, std::size_t count);
  /// Adds the time since the last change to what array and memory did in it.
  void account();
  BlockVisit& block(std::uint64_t number) { return blocks_[number % blocks_.size()]; }
  bool is_last_known() const { return total_ != UINT64_MAX; }

  sc_core::sc_event begun_{"begun"}, loaded_event_{"loaded"}, computed_event_{"computed"};
  MemoryJob job_;
  std::array<BlockVisit, 3> blocks_;  ///< one is stored, one computed, one loaded
  std::uint64_t loaded_ = 0, computed_ = 0, total_ = UINT64_MAX;
  sc_core::sc_time start_, changed_, period_;
  bool is_computing_ = false;
  Moves moves_ = Moves::nothing;
  sc_core::sc_time computing_, load_bound_, store_bound_;
  std::uint64_t read_bytes_ = 0, written_bytes_ = 0;
  std::string failure_;
};

}  // namespace quatrain::rtl_models
