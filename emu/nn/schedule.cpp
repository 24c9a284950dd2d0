#include "emu/nn/schedule.hpp"

#include "emu/nn/elementary.hpp"
#include "emu/nn/training_config.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace quatrain::emu {
namespace {

using base::JsonNode;

constexpr std::int64_t most_warmup_steps = 4'294'967'295;
constexpr double largest_rate = 100;

void read_warmup(const JsonNode& node, std::int64_t epochs, LearningRateConfig& rate) {
  if (node.has("warmup_epochs")) rate.warmup_epochs = node.at("warmup_epochs").integer(1, epochs);
  if (!node.has("warmup_steps")) return;
  rate.warmup_steps = node.at("warmup_steps").integer(1, most_warmup_steps);
  if (rate.warmup_epochs > 0)
    throw node.at("warmup_steps").error("stands beside 'warmup_epochs'; expected one of the two");
}

/// Without the warm-up.
double scheduled(const LearningRateConfig& config, std::int64_t step, std::int64_t steps_per_epoch,
                 std::int64_t epochs) {
  const std::int64_t all = steps_per_epoch * epochs;
  const auto part_of_all = [&](std::int64_t steps) {
    return static_cast<double>(steps) / static_cast<double>(all);
  };
  switch (config.schedule) {
    case Schedule::linear:
      return config.from + (config.to - config.from) * part_of_all(step);
    case Schedule::step: {
      double rate = config.from;
      for (std::int64_t times = step / steps_per_epoch / config.every; times > 0; --times)
        rate = rate * config.factor;
      return rate;
    }
    case Schedule::cosine: {
      const double height = cosine_of_turns(part_of_all(step) * 0.25);
      return config.to + (config.from - config.to) * (height * height);
    }
    case Schedule::triangular:
      return config.from + (config.peak - config.from) * part_of_all(2 * std::min(step, all - step));
  }
  return 0;
}

}  // namespace

LearningRateConfig read_learning_rate(const JsonNode& node, std::int64_t epochs) {
  LearningRateConfig rate;
  rate.schedule = node.at("schedule").one_of<Schedule>();
  rate.from = node.at("from").number(0, largest_rate);
  switch (rate.schedule) {
    case Schedule::linear:
    case Schedule::cosine:
      rate.to = node.at("to").number(0, largest_rate);
      break;
    case Schedule::step:
      rate.factor = node.at("factor").number(0, 1);
      rate.every = node.at("every").integer(1, most_epochs);
      break;
    case Schedule::triangular:
      rate.peak = node.at("peak").number(0, largest_rate);
      break;
  }
  read_warmup(node, epochs, rate);
  node.reject_unread_keys();
  return rate;
}

nlohmann::ordered_json dump_learning_rate(const LearningRateConfig& rate) {
  nlohmann::ordered_json json = {{"schedule", name_of(rate.schedule)}, {"from", rate.from}};
  switch (rate.schedule) {
    case Schedule::linear:
    case Schedule::cosine:
      json["to"] = rate.to;
      break;
    case Schedule::step:
      json["factor"] = rate.factor;
      json["every"] = rate.every;
      break;
    case Schedule::triangular:
      json["peak"] = rate.peak;
      break;
  }
  if (rate.warmup_epochs > 0) json["warmup_epochs"] = rate.warmup_epochs;
  if (rate.warmup_steps > 0) json["warmup_steps"] = rate.warmup_steps;
  return json;
}

float learning_rate_at(const LearningRateConfig& config, std::int64_t step, std::int64_t steps_per_epoch,
                       std::int64_t epochs) {
  const double rate = scheduled(config, step, steps_per_epoch, epochs);
  const std::int64_t warmup = config.warmup_steps + config.warmup_epochs * steps_per_epoch;
  if (step >= warmup) return static_cast<float>(rate);
  return static_cast<float>(rate * (static_cast<double>(step + 1) / static_cast<double>(warmup)));
}

}  // namespace quatrain::emu
