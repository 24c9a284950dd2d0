#pragma once
/// Training steps as trace events (sim/records/trace_events.hpp): one track per resource, one bar per operation
/// that keeps it busy.

#include "sim/step/training_step.hpp"

#include <string>
#include <vector>

namespace quatrain::sim {

/// One process per step. Times are in microseconds. A bar begins with its operation and is as long as the
/// resource is busy; its arguments say layer, part, cycles, bytes and what bounds the operation.
std::string timeline(const std::vector<TrainingStep>& steps);

}  // namespace quatrain::sim
