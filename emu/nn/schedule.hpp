#pragma once
/// The learning rate of each step (docs/training-step.md section 11).

#include "traces/base/strict_json.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string_view>

namespace quatrain::emu {

enum class Schedule : std::uint8_t { linear, step, cosine, triangular };
constexpr std::string_view name_of(Schedule schedule) {
  switch (schedule) {
    case Schedule::linear:
      return "linear";
    case Schedule::step:
      return "step";
    case Schedule::cosine:
      return "cosine";
    case Schedule::triangular:
      return "triangular";
  }
  return {};
}

struct LearningRateConfig {
  Schedule schedule = Schedule::linear;
  double from = 0;
  double to = 0;           ///< linear, cosine: reached after the last step
  double peak = 0;         ///< triangular: reached half-way
  double factor = 1;       ///< step: multiplied in every `every` epochs
  std::int64_t every = 1;  ///< step: epochs
  /// How long the rate grows to the schedule's; of the two at most one is above 0.
  std::int64_t warmup_epochs = 0, warmup_steps = 0;
};

/// `epochs`: of the run.
LearningRateConfig read_learning_rate(const base::JsonNode& node, std::int64_t epochs);
nlohmann::ordered_json dump_learning_rate(const LearningRateConfig& rate);

/// Learning rate of a step (the number of updates before it): the schedule's formula in fp64, rounded once.
float learning_rate_at(const LearningRateConfig& config, std::int64_t step, std::int64_t steps_per_epoch,
                       std::int64_t epochs);

}  // namespace quatrain::emu
