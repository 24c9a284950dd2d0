#include "sim/sweep/ranking.hpp"

#include <cstdlib>

namespace quatrain::sim {

double DesignSums::watts() const {
  constexpr double pj_per_ms_in_watts = 1e-9;
  return milliseconds > 0 ? energy_pj / milliseconds * pj_per_ms_in_watts : 0;
}

double value_of(Objective objective, const DesignSums& sums) {
  switch (objective) {
    case Objective::time:
      return sums.milliseconds;
    case Objective::energy:
      return sums.energy_pj;
    case Objective::energy_delay:
      return sums.energy_pj * sums.milliseconds;
    case Objective::area:
      return sums.area_mm2;
  }
  std::abort();
}

bool keeps_constraints(const Study& study, const DesignSums& sums) {
  const auto at_most = [](double value, const std::optional<double>& most) {
    return !most || value <= *most;
  };
  return at_most(sums.buffer_kib, study.most_buffer_kib) && at_most(sums.watts(), study.most_watts) &&
         at_most(sums.milliseconds, study.most_milliseconds) && at_most(sums.area_mm2, study.most_area_mm2);
}

}  // namespace quatrain::sim
