#pragma once
/// Training steps as trace events of Chrome's format ("JSON Object Format" of the Trace Event Format), which
/// Perfetto and chrome://tracing open: one track per resource, one bar per operation that keeps it busy.

#include "sim/step/training_step.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim {

/// One process per step. Times are in microseconds. A bar begins with its operation and is as long as the
/// resource is busy; its arguments say layer, part, cycles, bytes and what bounds the operation.
std::string timeline(const std::vector<TrainingStep>& steps);
/// Stands at the beginning of every such file.
inline constexpr std::string_view timeline_mark = R"({"displayTimeUnit":"ms","traceEvents")";

}  // namespace quatrain::sim
