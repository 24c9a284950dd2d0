#pragma once
/// Which terms of a convolution's products are in range: their index falls inside its tensor (numerics.md
/// section 6). Closed forms; the others stream as zeros.

#include "traces/geometry.hpp"

#include <cstdint>

namespace quatrain::sim {

/// Output positions first .. end - 1 of one axis.
struct Positions {
  std::int64_t first = 0, end = 0;
  std::int64_t count() const { return end > first ? end - first : 0; }
};

/// Those that meet an input row under a tap: 0 <= position * stride + tap - padding < height.
Positions rows_in_range(const traces::Geometry& geometry, std::int64_t tap);
Positions columns_in_range(const traces::Geometry& geometry, std::int64_t tap);

/// MACs whose two operands lie inside their tensors: batch * C/g * O * Xy * Xx a sample, Xy being the pairs
/// (output row, tap) that meet an input row. The same number for all three phases of a layer.
std::uint64_t in_range_macs(const traces::Geometry& geometry, unsigned samples);

}  // namespace quatrain::sim
