#pragma once
/// The designs of a report as ratios to one of them.

#include "sim/accelerator/comparison.hpp"
#include "sim/report/page.hpp"

#include <string>
#include <vector>

namespace quatrain::sim::report {

/// One design against the reference, priced by one table.
struct DesignRatio {
  const Design* design = nullptr;
  std::string node;
  double time = 0;  ///< milliseconds of the design / those of the reference
  EnergyRatio energy;
  std::string voltages;  ///< of the constants of both
};

struct Ratios {
  const Design* reference = nullptr;  ///< the headline's design
  std::vector<DesignRatio> list;      ///< by node, then in the order of the designs
};

/// Only where both designs were priced by the same table, byte for byte. Empty where there is nothing to
/// compare.
Ratios ratios_of(const Report& report);

Table ratio_table(const Ratios& ratios);

}  // namespace quatrain::sim::report
