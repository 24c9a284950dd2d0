#pragma once
/// What a DRAM's timing is made of (docs/hardware-model.md, "Memory and stalls"). Data only: the simulated
/// memory and the simulator's closed forms compute with it each in their own way.

#include <cstdint>

namespace quatrain::rtl_models {

struct DramTiming {
  std::uint64_t latency_ps = 0;  ///< from a request to its first burst
  std::uint64_t burst_bytes = 1;
  double burst_ps = 0;           ///< a run of n bursts takes n * burst_ps, rounded up to a whole picosecond
  std::uint64_t page_bytes = 0;  ///< 0: without pages
  std::uint64_t page_ps = 0;     ///< to open a page
  std::uint64_t period_ps = 1;   ///< of the array's clock
};

}  // namespace quatrain::rtl_models
