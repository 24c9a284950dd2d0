#pragma once
/// Cycles as SCALE-Sim reports them (versions 2.0.2 and 3.0.0; checked against their runs), to compare
/// designs with those of that tool. It counts whole rows and columns for ragged folds too, its
/// output-stationary folds leave out the R cycles that move the results out, and its total is the number of
/// the last cycle, counted from 0.

#include "sim/accelerator/mapping.hpp"

#include <cstdint>

namespace quatrain::sim {

/// Folds x cycles per fold - 1. The tool has no groups and no samples: groups are further folds, the samples
/// of a stream make it longer.
std::uint64_t scalesim_cycles(const Mapping& mapping);

}  // namespace quatrain::sim
