#pragma once
/// The training GEMMs of a trace as a workload, in the order of computation. Evaluation is left out, unless
/// the trace holds nothing else.

#include "sim/workload/workload.hpp"
#include "traces/format/reader.hpp"

namespace quatrain::sim {

/// Points into the reader's manifest: `reader` must outlive the result. Throws Error when the trace has no
/// GEMM.
Workload trace_workload(const traces::TraceReader& reader);
/// Training, or evaluation where there is no training GEMM.
traces::Pass simulated_pass(const traces::Manifest& manifest);
std::vector<WorkloadGemm> training_gemms_of(const traces::Manifest& manifest);

}  // namespace quatrain::sim
