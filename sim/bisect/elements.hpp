#pragma once
/// The first element in which two tensors of one shape differ.

#include "traces/format/safetensors.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace quatrain::sim::bisect {

/// Nothing when all bits are equal. Else "element [2, 0, 1] of [4, 3, 3] (number 19): 0.25 (3e800000) in A,
/// 0.5 (3f000000) in B; 3 of 36 elements differ". The values are little-endian, as many as the shape has.
std::optional<std::string> first_element(traces::StoredType type, const traces::Shape& shape,
                                         std::span<const std::uint8_t> a, std::span<const std::uint8_t> b);

}  // namespace quatrain::sim::bisect
