#pragma once
/// Registers of an array, in bits: what is clocked in every cycle (docs/energy.md).

#include "rtl_models/array/dataflow.hpp"
#include "traces/accumulator.hpp"

namespace quatrain::sim {

struct Registers {
  unsigned pe = 0;  ///< of one PE: operands with their control bits, sums, and what a drain or preload adds
  unsigned left_link = 0;  ///< of one lane in front of the left edge
  unsigned top_link = 0;   ///< the same in front of the top
};

Registers registers_of(const rtl_models::Dataflow& dataflow, unsigned operand_bits,
                       const traces::Accumulator& accumulator = {});

}  // namespace quatrain::sim
