#pragma once
/// Designs that differ in some keys: each key with the values that it takes. Point 0 has the first value of
/// every key; the last key changes fastest.

#include "sim/embedded/overrides.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace quatrain::sim {

struct DesignAxis {
  std::string key;                    ///< a path: "array.rows"
  std::vector<std::string> values{};  ///< JSON, at least one
};

/// "array.rows=8,16": one axis each. Throws Error for a key that occurs twice.
std::vector<DesignAxis> axes_of(std::span<const std::string> typed);

/// How many points there are. Throws Error for more than 10^12.
std::uint64_t point_count(const std::vector<DesignAxis>& axes);
/// Index of the value of each axis.
std::vector<std::size_t> places_at(const std::vector<DesignAxis>& axes, std::uint64_t point);
std::uint64_t point_at(const std::vector<DesignAxis>& axes, const std::vector<std::size_t>& places);
std::vector<Override> overrides_at(const std::vector<DesignAxis>& axes, std::uint64_t point);

/// "luq_32x32.rows-8.drain-shadow": a design's name with what was set, in characters that a file's name may
/// have. Keys stand with their last part, or whole where two end alike.
std::string name_with(const std::string& name, const std::vector<Override>& overrides);

}  // namespace quatrain::sim
