#pragma once
/// Sums that depend on the order of their terms (numerics.md section 7), and what an array does with parts of
/// k: it goes on from the sum that the accumulator buffer brings back (hardware-model.md, "Sums that go on").

#include "rtl_models/schedule/tile_schedule.hpp"
#include "traces/accumulator.hpp"
#include "traces/machine.hpp"

namespace quatrain::rtl_models {

/// Whether sums of parts of k come back, in such a schedule.
bool sums_return(const traces::Accumulator& accumulator, const TileSchedule& schedule);
/// Its sums begin at 0.
bool begins_sums(const Tile& tile);
/// Why the array would not add the terms in their order; nothing where it does. `k`: of one sample.
traces::Refusal sums_out_of_order(const traces::Accumulator& accumulator, const Dataflow& dataflow,
                                  const TileSchedule& schedule, std::uint64_t k);

}  // namespace quatrain::rtl_models
