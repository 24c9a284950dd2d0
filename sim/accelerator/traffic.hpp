#pragma once
/// What moves between DRAM and the operand and accumulator buffers while a GEMM runs, and how often the
/// buffers are accessed (docs/hardware-model.md, "Traffic"). Without stalls: counts, no time.
///
/// The operand buffer gives half of its capacity to each side. A tile needs a left and a right panel. Each
/// distinct element of a panel is fetched once per pass over the tile: what a convolution reads again under
/// another tap is lowered on the fly. A panel that fits its half stays there while the tiles that use it
/// follow each other; one that does not is fetched for every tile (and for every sample, the left one).

#include "sim/accelerator/mapping.hpp"
#include "sim/accelerator/pe/pe_kind.hpp"
#include "sim/accelerator/quantizer_design.hpp"
#include "sim/workload/workload.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <vector>

namespace quatrain::sim {

struct OperandBuffers {
  std::uint64_t half_bits = 0;  ///< capacity of one side: of one of its places
  unsigned element_bits = 4;
  std::uint64_t accumulator_bits = 0;  ///< of a place of the accumulator buffer; for mappings with blocks
  unsigned places = 1;                 ///< 2 with double buffering
  unsigned result_bytes = 4;           ///< of a finished result; a sum that comes back has 4
  std::uint64_t unified_bits = 0;      ///< of a place of the one memory for operands and sums; 0: they have
                                       ///< their own
};

/// From or to DRAM.
struct Traffic {
  std::uint64_t left_bytes = 0, right_bytes = 0, result_bytes = 0;
  std::uint64_t quantizer_bytes = 0;    ///< fp32 tensors read, operands written
  std::uint64_t accumulator_bytes = 0;  ///< int32 sums of a part of k, written and read again

  std::uint64_t gemm_bytes() const { return left_bytes + right_bytes + result_bytes + accumulator_bytes; }
  std::uint64_t total_bytes() const { return gemm_bytes() + quantizer_bytes; }
  Traffic& operator+=(const Traffic& other);
  friend bool operator==(const Traffic&, const Traffic&) = default;
};

/// Everything but quantizer_bytes, of a mapping without blocks (with them: mapping/block_traffic.hpp).
Traffic traffic_of(const traces::Gemm& gemm, const Mapping& mapping, const OperandBuffers& buffers);

/// What one quantizer moves: its fp32 tensor is read so often, its samples are written. Nothing where tensors
/// stand in DRAM as operands.
struct QuantizerTransfers {
  std::uint64_t reads = 0;
  std::uint64_t read_bytes = 0;     ///< by each
  std::uint64_t writes = 0;         ///< samples, and second copies of them
  std::uint64_t written_bytes = 0;  ///< by each
};
QuantizerTransfers transfers_of(const QuantizerWork& work, const PeKind& pe, const QuantizerDesign& design);
std::uint64_t quantizer_bytes_of(const std::vector<QuantizerWork>& quantizers, const PeKind& pe,
                                 const QuantizerDesign& design);

}  // namespace quatrain::sim
