#pragma once
/// The stalls of one GEMM and of the quantizers before it, and the blocks that make the time shortest.

#include "sim/accelerator/mapping/block_traffic.hpp"
#include "sim/accelerator/memory/dram_time.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace quatrain::sim {

/// Load- and store-bound cycles. `mapping`: that of `traffic`, with blocks that it does not refuse. `parts`
/// is told all that happens, from cycle 0 on.
Stalls stalls_of(BlockTraffic& traffic, const Mapping& mapping, const rtl_models::DramTiming& timing,
                 Buffering buffering, const BlockParts& parts = {});

/// Each read of an fp32 tensor is one request; each sample, and each second copy, is written in one.
std::uint64_t quantizer_stall_cycles(const rtl_models::DramTiming& timing,
                                     const std::vector<QuantizerWork>& quantizers, const PeKind& pe,
                                     const QuantizerDesign& design);

/// The blocks with the least cycles, stalls included; of equal ones those with the least bytes. The mapping's
/// own blocks are not looked at. docs/hardware-model.md says which are tried. Nothing where no block fits.
std::optional<Blocks> least_time(BlockTraffic& traffic, const Mapping& mapping,
                                 const rtl_models::DramTiming& timing, Buffering buffering);

}  // namespace quatrain::sim
