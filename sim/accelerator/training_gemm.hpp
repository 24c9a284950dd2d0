#pragma once
/// GEMMs of a workload, mapped to an array.

#include "sim/accelerator/config.hpp"
#include "sim/accelerator/mapping.hpp"
#include "sim/workload/workload.hpp"

#include <vector>

namespace quatrain::sim {

struct TrainingGemm : WorkloadGemm {
  Mapping mapping;
};

/// In the order of computation, without blocks. What the design's PE cannot multiply is left out. Of its
/// operands' quantizers each GEMM keeps those that no GEMM before it has used. Throws Error when no GEMM is
/// left.
std::vector<TrainingGemm> mapped_to(const AcceleratorConfig& design, const Workload& workload);
/// The same of a trace's training GEMMs, without an error. `manifest` must outlive the result.
std::vector<TrainingGemm> training_gemms(const traces::Manifest& manifest, rtl_models::ArrayShape array,
                                         const PeKind& pe = *pe_kinds().front());

}  // namespace quatrain::sim
