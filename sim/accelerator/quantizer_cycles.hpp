#pragma once
/// Cycles of the quantizer beside the array in closed form (docs/hardware-model.md, "Quantizers").

#include "sim/accelerator/quantizer_design.hpp"

#include <cstdint>
#include <span>

namespace quatrain::sim {

/// Of these tensors one after the other. A further sample of a gradient has the
/// first one's maximum as a given one.
std::uint64_t quantizer_cycles(std::span<const QuantizerWork> quantizers, const QuantizerDesign& design);

}  // namespace quatrain::sim
