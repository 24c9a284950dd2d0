#pragma once
/// Cycles of the quantizer beside the array in closed form (docs/hardware-model.md, "Quantizers").

#include "sim/workload/workload.hpp"

#include <cstdint>
#include <span>

namespace quatrain::sim {

/// Of these tensors one after the other, so many elements a cycle. A further sample of a gradient has the
/// first one's maximum as a given one.
std::uint64_t quantizer_cycles(std::span<const QuantizerWork> quantizers, unsigned lanes);

}  // namespace quatrain::sim
