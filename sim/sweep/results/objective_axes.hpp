#pragma once
/// What people read of an objective: its name, unit, and the number in that unit.

#include "sim/sweep/study.hpp"

#include <array>
#include <string_view>

namespace quatrain::sim {

struct ObjectiveAxis {
  Objective objective;
  std::string_view title, unit;
  double scale;  ///< from value_of() to the unit
};
inline constexpr std::array<ObjectiveAxis, 4> objective_axes = {
    {{Objective::time, "time", "ms", 1},
     {Objective::energy, "energy", "uJ", 1e-6},
     {Objective::energy_delay, "energy x delay", "uJ x ms", 1e-6},
     {Objective::area, "area", "mm2", 1}}};

constexpr const ObjectiveAxis& axis_of(Objective objective) {
  return objective_axes[static_cast<std::size_t>(objective)];
}

}  // namespace quatrain::sim
