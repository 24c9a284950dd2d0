#pragma once
/// Writes a conformance trace: the cases of all families, with what one machine computes and a second one
/// confirms.

#include "sim/conformance/families.hpp"
#include "traces/base/progress.hpp"

#include <filesystem>
#include <functional>

namespace quatrain::sim {

/// Of the list of cases: a change of any of them, or of a seed, is a new one. It stands in the trace's note.
inline constexpr int conformance_version = 1;

struct ConformanceCounts {
  std::uint64_t gemms = 0, quantizers = 0, macs = 0;
};

/// `reference` computes every expected result, and `second`, which shares no arithmetic with it, has to give
/// the same bits before the trace is there. The same options and machines' bits give the same bytes. Throws
/// Error when the folder exists, or for a shape that has no exact sum, that a machine refuses or whose
/// tensors are too large; std::runtime_error when the machines differ: then no trace is left.
ConformanceCounts make_conformance(const std::filesystem::path& directory, const ConformanceOptions& options,
                                   traces::Machine& reference, traces::Machine& second,
                                   base::Progress& progress);

/// Throws Error for a shape, as make_conformance() would, without computing anything.
void require_makeable(const ConformanceOptions& options);

}  // namespace quatrain::sim
