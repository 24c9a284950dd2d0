#include "sim/step/timeline.hpp"

#include <nlohmann/json.hpp>

namespace quatrain::sim {
namespace {

using nlohmann::ordered_json;

/// Names of tracks are events too.
ordered_json name_event(std::string_view what, std::size_t process, std::size_t track,
                        std::string_view name) {
  return {{"name", what}, {"ph", "M"}, {"pid", process}, {"tid", track}, {"args", {{"name", name}}}};
}

void add_events(ordered_json& events, const TrainingStep& step, std::size_t process) {
  const double us_per_cycle = 1 / step.config.clock_mhz;
  events.push_back(name_event("process_name", process, 0, step.config.name + ", " + step.model));
  for (std::size_t i = 0; i < resource_words.size(); ++i)
    events.push_back(name_event("thread_name", process, i + 1, resource_words[i]));
  for (const StepOperation& operation : step.operations)
    for (std::size_t i = 0; i < resource_words.size(); ++i) {
      if (operation.busy[i] == 0) continue;
      events.push_back(
          {{"name", operation.layer.empty() ? operation.name : operation.layer + " " + operation.name},
           {"cat", name_of(operation.part)},
           {"ph", "X"},
           {"pid", process},
           {"tid", i + 1},
           {"ts", static_cast<double>(operation.begin) * us_per_cycle},
           {"dur", static_cast<double>(operation.busy[i]) * us_per_cycle},
           {"args",
            {{"layer", operation.layer},
             {"part", name_of(operation.part)},
             {"busy_cycles", operation.busy[i]},
             {"operation_cycles", operation.cycles},
             {"bound_by", name_of(operation.bound_by())},
             {"bytes", operation.bytes}}}});
    }
}

}  // namespace

std::string timeline(const std::vector<TrainingStep>& steps) {
  ordered_json events = ordered_json::array();
  for (std::size_t i = 0; i < steps.size(); ++i) add_events(events, steps[i], i + 1);
  return ordered_json{{"displayTimeUnit", "ms"}, {"traceEvents", events}}.dump() + "\n";
}

}  // namespace quatrain::sim
