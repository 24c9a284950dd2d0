#pragma once
/// Which points of a study are simulated. The same study gives the same points, on every computer.

#include "sim/sweep/study.hpp"

#include <cstdint>
#include <vector>

namespace quatrain::sim {

/// In ascending order. Grid: all; random and narrowing: `designs` different ones drawn with the seed, or all
/// where there are no more.
std::vector<std::uint64_t> first_points(const Study& study);

/// One step along one axis from any of `best`, those that are not among `known`; in ascending order.
std::vector<std::uint64_t> new_neighbours(const std::vector<DesignAxis>& axes,
                                          const std::vector<std::uint64_t>& best,
                                          const std::vector<std::uint64_t>& known);

/// Part `index` (from 1) of `count`.
std::vector<std::uint64_t> part_of(const std::vector<std::uint64_t>& points, std::uint64_t index,
                                   std::uint64_t count);

}  // namespace quatrain::sim
