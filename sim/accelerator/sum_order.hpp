#pragma once
/// Sums whose value depends on the order of their terms (docs/hardware-model.md, "Sums that go on").

#include "sim/accelerator/config.hpp"
#include "sim/accelerator/training_gemm.hpp"

namespace quatrain::sim {

/// Throws Error where the mapped GEMM's sums would not keep the order of k, and their accumulator needs it. A
/// PE of floating-point operands needs it where it is replayed.
void require_order(const AcceleratorConfig& config, const TrainingGemm& work, bool is_replayed);

}  // namespace quatrain::sim
