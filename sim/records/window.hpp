#pragma once
/// The window of a convolution, one axis at a time: which output meets which input under which tap
/// (numerics.md section 6). What meets no input is out of range: those terms stream as zeros.

#include "traces/geometry.hpp"

#include <cstdint>
#include <optional>

namespace quatrain::sim {

/// Output positions first .. end - 1 of one axis.
struct Positions {
  std::int64_t first = 0, end = 0;
  std::int64_t count() const { return end > first ? end - first : 0; }
};

struct WindowAxis {
  std::int64_t inputs = 1, outputs = 1, taps = 1, stride = 1, padding = 0;

  /// Where an output looks under a tap; below 0 or from `inputs` on it is padding.
  std::int64_t input_at(std::int64_t output, std::int64_t tap) const {
    return output * stride + tap - padding;
  }
  /// The same, or nothing for padding.
  std::optional<std::int64_t> input_met(std::int64_t output, std::int64_t tap) const;
  /// The output that looks at an input under a tap, or nothing.
  std::optional<std::int64_t> output_met(std::int64_t input, std::int64_t tap) const;
  /// Outputs that meet an input under a tap, in closed form.
  Positions outputs_in_range(std::int64_t tap) const;
};

WindowAxis rows_of(const traces::Geometry& geometry);
WindowAxis columns_of(const traces::Geometry& geometry);

/// MACs whose two operands lie inside their tensors: batch * C/g * O * Xy * Xx per sample. Xy is the number
/// of pairs (output row, tap) that meet an input row. All three phases of a layer have the same number.
std::uint64_t in_range_macs(const traces::Geometry& geometry, unsigned samples);

}  // namespace quatrain::sim
