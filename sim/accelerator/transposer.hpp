#pragma once
/// Which operands a product takes transposed, and what the transposer does then (docs/hardware-model.md,
/// "Transposer").

#include "sim/accelerator/config.hpp"
#include "sim/accelerator/traffic.hpp"
#include "traces/machine.hpp"

#include <cstdint>

namespace quatrain::sim {

/// Against the layout in which the quantizer writes an operand for its first product. Each tensor has two
/// products; forward and, of gradients, backward_data come first.
struct Transposed {
  bool left = false, right = false;
};
Transposed transposed_operands(traces::Phase phase, const rtl_models::Dataflow& dataflow);

/// Of the operands that are fetched from DRAM: a row of a square tile enters in a cycle while a column of the
/// tile before leaves. The last tile of an operand leaves alone.
std::uint64_t transposer_cycles(const AcceleratorConfig& config, traces::Phase phase, const Traffic& traffic);

/// Bits of its registers; 0 without one.
std::uint64_t transposer_bits(const AcceleratorConfig& config);

}  // namespace quatrain::sim
