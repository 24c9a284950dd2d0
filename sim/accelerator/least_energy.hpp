#pragma once
/// The blocks of a GEMM that cost the least energy (docs/hardware-model.md, "Mapping").

#include "sim/accelerator/config.hpp"
#include "sim/accelerator/mapping/block_traffic.hpp"
#include "sim/accelerator/technology.hpp"
#include "sim/accelerator/training_gemm.hpp"

#include <optional>

namespace quatrain::sim {

/// By the nominal values of `technology`, leakage in stalls included where the config asks for stalls; of
/// equal ones those with the least bytes. `traffic`: of this GEMM; its mapping's own blocks are not looked
/// at. Nothing where no block fits.
std::optional<Blocks> least_energy(const AcceleratorConfig& config, const TrainingGemm& work,
                                   BlockTraffic& traffic, const Technology& technology);

}  // namespace quatrain::sim
