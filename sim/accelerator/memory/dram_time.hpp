#pragma once
/// How long the DRAM takes for what one block loads or stores, in whole cycles of the array's clock
/// (docs/hardware-model.md, "Memory and stalls").

#include "rtl_models/memory/dram_timing.hpp"
#include "sim/accelerator/config.hpp"

#include <cstdint>
#include <initializer_list>

namespace quatrain::sim {

/// `dram`: the config's.
rtl_models::DramTiming timing_of(const AcceleratorConfig& config, const DramDetails& dram);

/// Cycles of one request: its runs of bytes follow each other behind one latency. Runs of 0 bytes do not
/// count; a request without others takes no time. Throws Error when the picoseconds leave 64 bits.
std::uint64_t request_cycles(const rtl_models::DramTiming& timing, std::initializer_list<std::uint64_t> runs);

}  // namespace quatrain::sim
