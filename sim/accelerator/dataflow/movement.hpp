#pragma once
/// What moves from PE to PE while a GEMM runs, in closed form: for wires and gated clocks (docs/energy.md,
/// "Wires, clock tree, leakage").

#include "sim/accelerator/mapping.hpp"

#include <cstdint>

namespace quatrain::sim {

/// A hop leads from a register into that of the next PE, or out of the last one.
struct Movement {
  std::uint64_t operand_hops = 0;  ///< of operand codes
  std::uint64_t sum_hops = 0;      ///< of 32-bit words: results that drain, sums that pass through
  /// PEs x cycles with a clock where idle PEs are gated: an operand or result enters or leaves the PE, or its
  /// last operand has just done so. Where tiles or folds overlap, a cycle with both counts twice.
  std::uint64_t clocked_pes = 0;
};

Movement movement_of(const Mapping& mapping);

}  // namespace quatrain::sim
