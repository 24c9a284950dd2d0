#pragma once
/// The default DRAM: a TLM-2.0 target, loosely timed. One channel: runs follow each other, and their
/// latencies overlap where they are asked for together. With storage it keeps bytes; without, reads leave the
/// initiator's bytes as they are.

#include "rtl_models/memory/dram_timing.hpp"

#include <systemc>

#include <cstdint>
#include <tlm>
#include <tlm_utils/simple_target_socket.h>
#include <vector>

namespace quatrain::rtl_models {

class Dram final : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<Dram> socket{"socket"};

  explicit Dram(const sc_core::sc_module_name& name);

  /// Between two runs. `bytes`: of storage.
  void configure(const DramTiming& timing, std::uint64_t bytes = 0);

 private:
  void b_transport(tlm::tlm_generic_payload& transaction, sc_core::sc_time& delay);
  unsigned transport_dbg(tlm::tlm_generic_payload& transaction);
  /// False where the bytes lie outside of the storage.
  bool move(tlm::tlm_generic_payload& transaction);
  sc_core::sc_time time_of_run(std::uint64_t address, std::uint64_t bytes) const;

  DramTiming timing_;
  std::vector<std::uint8_t> storage_;
  sc_core::sc_time free_;  ///< when the channel has moved what was asked for
};

}  // namespace quatrain::rtl_models
