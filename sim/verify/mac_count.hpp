#pragma once
/// How many of a GEMM's multiply-accumulates (MACs) are in range (not zero by index, numerics.md section 6),
/// and how many have two operands that are not zero. Exact: codes are counted for each tap, not multiplied.

#include "traces/format/record.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <span>

namespace quatrain::sim {

struct MacCount {
  std::uint64_t all = 0;       ///< m n k groups samples
  std::uint64_t in_range = 0;  ///< terms whose index falls inside its tensor
  std::uint64_t non_zero = 0;  ///< of these, terms with two non-zero codes
  friend bool operator==(const MacCount&, const MacCount&) = default;
  MacCount& operator+=(const MacCount& other);  ///< throws Error when the sum leaves 64 bits
};

/// right: one operand, or the samples of backward_weight.
MacCount count_macs(const traces::Gemm& gemm, const traces::Operand& left,
                    std::span<const traces::Operand> right);

/// m n k groups samples over all GEMMs of the trace. Throws Error when the sum leaves 64 bits.
std::uint64_t macs_of(const traces::Manifest& manifest);

}  // namespace quatrain::sim
