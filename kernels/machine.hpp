#pragma once
/// The CUDA kernels as machines, one for each rung of the ladder (gemm/rungs.hpp): `cuda.*` on a GPU;
/// `simt.*` run the same source on the CPU, one fiber per CUDA thread. Plain C++: no CUDA header is needed to
/// use it.

#include "traces/machine_offer.hpp"

#include <vector>

namespace quatrain::kernels {

/// simt.literal, ... Their pool runs the blocks.
std::vector<traces::MachineOffer> simt_machine_offers();

/// The same machines, every access of their kernels checked (simt/README.md): what is found is the error of
/// the record. One OS thread, about thirty times slower.
std::vector<traces::MachineOffer> checked_simt_machine_offers();

/// cuda.literal, ... Why not: "built without nvcc", "no CUDA device", ...
std::vector<traces::MachineOffer> cuda_machine_offers();

}  // namespace quatrain::kernels
