#pragma once
/// What an observer counts on clock edges. The same numbers at every fidelity.

#include <cstdint>

namespace quatrain::rtl_models {

struct Activity {
  std::uint64_t macs = 0;               ///< products that a PE added to its accumulator
  std::uint64_t zero_operand_macs = 0;  ///< of them, those with an operand of value zero
  std::uint64_t left_toggles = 0;   ///< bits that changed in the operand registers of the rows (left) side
  std::uint64_t right_toggles = 0;  ///< the same on the columns (right) side
  std::uint64_t accumulator_toggles = 0;  ///< bits that changed in the registers of sums

  Activity& operator+=(const Activity& other);
  friend bool operator==(const Activity&, const Activity&) = default;
};

}  // namespace quatrain::rtl_models
