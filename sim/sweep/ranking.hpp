#pragma once
/// What designs of a study are compared by: sums over its workloads, each with its weight.

#include "sim/sweep/study.hpp"

namespace quatrain::sim {

/// Energy and area are the nominal ones at the design's first technology.
struct DesignSums {
  double milliseconds = 0, energy_pj = 0;
  double buffer_kib = 0, area_mm2 = 0;

  double watts() const;
};

/// The less, the better. Milliseconds, picojoules, their product, mm2.
double value_of(Objective objective, const DesignSums& sums);
bool keeps_constraints(const Study& study, const DesignSums& sums);

}  // namespace quatrain::sim
