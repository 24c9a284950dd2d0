#pragma once
/// What an accelerator does for one record of a trace, for a layer and phase, or for all: sums only, so that
/// several tallies add up to one. What people read of it is in figures.hpp.

#include "rtl_models/array/activity.hpp"
#include "sim/accelerator/config.hpp"
#include "sim/accelerator/cycles.hpp"
#include "sim/accelerator/memory/stalls.hpp"
#include "sim/accelerator/technology.hpp"
#include "sim/accelerator/traffic.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace quatrain::sim {

struct Tally {
  std::uint64_t records = 0;
  UseOfArray use;
  std::uint64_t in_range_macs = 0;
  Traffic traffic;
  Traffic compulsory;                                   ///< each operand read once, each result written once
  std::uint64_t memory_bound = 0;                       ///< records whose bytes take longer than their cycles
  double longer_milliseconds = 0;                       ///< of each record the larger of the two times
  std::optional<Stalls> stalls = {};                    ///< nothing where the config asks for none
  std::optional<std::uint64_t> quantizer_cycles = {};   ///< nothing where the config has no lanes
  std::optional<std::uint64_t> transposer_cycles = {};  ///< nothing where the config does not say
  std::optional<rtl_models::Activity> activity;         ///< nothing where nothing was replayed
  std::vector<Bounds> energy_pj;                        ///< one per technology

  /// Throws Error when a sum leaves 64 bits. Both have the same technologies, or this one is new.
  Tally& operator+=(const Tally& other);
};

/// The sum of `count` such tallies; `count` is at least 1. Throws Error when a sum leaves 64 bits.
Tally repeated(Tally tally, std::uint64_t count);

/// The array's cycles at the config's clock.
double compute_milliseconds(const AcceleratorConfig& config, const Tally& tally);
/// What the design takes: the array's cycles and the stalls, if there are any.
double milliseconds(const AcceleratorConfig& config, const Tally& tally);
/// What the bytes alone take at the config's bandwidth.
double dram_milliseconds(const AcceleratorConfig& config, const Tally& tally);

/// `tally`: of one record, complete but for its two members that compare times.
void compare_times(const AcceleratorConfig& config, Tally& tally);

}  // namespace quatrain::sim
