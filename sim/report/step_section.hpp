#pragma once
/// One training step of a network on designs (sim/step), as a section of a page: a picture of each and a
/// table.

#include "sim/report/page.hpp"

#include <vector>

namespace quatrain::sim::report {

/// Cycles in which the array does not multiply, by what it waits for. An operation that is no product of the
/// array keeps it waiting for what bounds that operation; a product for the DRAM.
ByResource<std::uint64_t> array_waits(const TrainingStep& step);

/// All pictures have one axis. `steps`: one or more, of one network and batch.
Section step_section(const std::vector<ShownStep>& steps);

}  // namespace quatrain::sim::report
