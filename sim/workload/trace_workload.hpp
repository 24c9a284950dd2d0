#pragma once
/// The training GEMMs of a trace as a workload, in the order of computation; evaluation is left out.

#include "sim/workload/workload.hpp"
#include "traces/format/reader.hpp"

namespace quatrain::sim {

/// Points into the reader's manifest: `reader` must outlive the result. Throws Error when the trace has no
/// training GEMM.
Workload trace_workload(const traces::TraceReader& reader);
std::vector<WorkloadGemm> training_gemms_of(const traces::Manifest& manifest);

}  // namespace quatrain::sim
