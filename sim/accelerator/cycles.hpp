#pragma once
/// Cycles and utilization in closed form (docs/hardware-model.md). dataflow/ has the cycles.

#include "sim/accelerator/mapping.hpp"

#include <cstdint>

namespace quatrain::sim {

std::uint64_t cycles_of(const Mapping& mapping);

/// PEs in use, summed over the tiles.
std::uint64_t used_pes_of(const rtl_models::Dataflow& dataflow, const traces::GemmSize& size,
                          unsigned samples);

/// What utilization is made of: counts, which add up over records. The utilizations are shares of 1.
struct UseOfArray {
  std::uint64_t pes = 0;              ///< of the array
  std::uint64_t tiles = 0;            ///< or folds
  std::uint64_t outputs = 0;          ///< results
  std::uint64_t streamed_cycles = 0;  ///< cycles in which a tile's operands stream
  std::uint64_t cycles = 0;
  std::uint64_t macs = 0;
  std::uint64_t used_pes = 0;  ///< summed over the tiles

  UseOfArray& operator+=(const UseOfArray& other);
  double spatial() const;                              ///< mean share of the PEs that a tile uses
  double temporal() const;                             ///< streamed cycles / cycles
  double overall() const { return overall_of(macs); }  ///< MACs / (PEs x cycles)
  /// The same for some of the MACs: those in range give the in-range utilization.
  double overall_of(std::uint64_t some_macs) const;
};

UseOfArray use_of_array(const Mapping& mapping);

}  // namespace quatrain::sim
