#pragma once
/// DMA engine of a memory system, with an array that takes the cycles that it is told; or for an array of
/// whatever fidelity (schedule/holds.hpp). `memory` is the socket behind which the DRAM stands: any TLM-2.0
/// target with a blocking transport, 32 bits wide by name, which moves any number of bytes.
///
/// The DMA does one thing after the other: it stores block n - places as soon as it is computed, then it
/// loads block n. What it moves for one block is asked for together: it calls b_transport for each run
/// without waiting, and goes on when the last is over, at the next edge of the array's clock. The array
/// begins a block when the one before is computed and its own loads are there. Simulated time is the design's
/// time.

#include "rtl_models/memory/memory_model.hpp"
#include "rtl_models/memory/unspecified_data.hpp"
#include "rtl_models/schedule/holds.hpp"

#include <systemc>

#include <array>
#include <cstdint>
#include <string>
#include <tlm>
#include <tlm_utils/simple_initiator_socket.h>
#include <vector>

namespace quatrain::rtl_models {

class BlockMachine final : public sc_core::sc_module, private BlockGate {
 public:
  tlm_utils::simple_initiator_socket<BlockMachine> memory{"memory"};

  SC_HAS_PROCESS(BlockMachine);
  explicit BlockMachine(const sc_core::sc_module_name& name);

  /// Runs the kernel until the last block is stored. Throws base::Error when the memory answers with an
  /// error.
  MemoryRun run(const MemoryJob& job);
  /// The same for an array that holds at the gate. `replay` runs the kernel; the blocks' cycles are not
  /// looked at.
  MemoryRun run(const MemoryJob& job, const std::function<void(BlockGate&)>& replay);

  /// Past the timing: bytes that are in the memory before the first load, or after the last store. Throws
  /// base::Error for a memory that has no transport_dbg for them.
  void write(std::uint64_t address, std::span<const std::uint8_t> bytes);
  void read(std::uint64_t address, std::span<std::uint8_t> bytes);

 private:
  enum class Moves : std::uint8_t { nothing, loads, stores };

  void start() override { begun_.notify(sc_core::SC_ZERO_TIME); }
  bool reached(std::uint64_t block) override;
  sc_core::sc_event& go_on() override { return go_on_; }
  void finished() override { compute_all_before(computed_ + 1); }

  void prepare(const MemoryJob& job);
  MemoryRun found() const;
  void move_blocks();
  void compute_blocks();
  void compute_all_before(std::uint64_t block);
  /// The array was waiting for what is there now.
  void let_go_on();
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

  sc_core::sc_event begun_{"begun"}, own_array_begins_{"own_array_begins"}, loaded_event_{"loaded"},
      computed_event_{"computed"}, go_on_{"go_on"};
  MemoryJob job_;
  UnspecifiedData unspecified_;
  std::array<BlockVisit, 3> blocks_;  ///< one is stored, one computed, one loaded
  std::uint64_t loaded_ = 0, computed_ = 0, total_ = UINT64_MAX;
  sc_core::sc_time start_, changed_, period_;
  bool is_computing_ = false;
  bool array_waits_ = false;  ///< for the block behind all that are computed
  Moves moves_ = Moves::nothing;
  sc_core::sc_time computing_, load_bound_, store_bound_;
  std::uint64_t read_bytes_ = 0, written_bytes_ = 0;
  std::string failure_;
};

}  // namespace quatrain::rtl_models
