#pragma once
/// A training step, and several designs beside each other, as text for a terminal.

#include "sim/step/training_step.hpp"

#include <string>
#include <vector>

namespace quatrain::sim {

std::string step_table(const TrainingStep& step);
/// Time and energy of each over those of the first, low with low and high with high: their constants are the
/// same and move together. "" for fewer than two, and for tables that the first does not have.
std::string step_comparison(const std::vector<TrainingStep>& steps);

}  // namespace quatrain::sim
