#include "sim/step/timeline.hpp"

#include "sim/records/trace_events.hpp"

namespace quatrain::sim {
namespace {

void add_events(TraceEvents& events, const TrainingStep& step, std::size_t process) {
  const double us_per_cycle = 1 / step.config.clock_mhz;
  events.name_process(process, step.config.name + ", " + step.model);
  for (std::size_t i = 0; i < resource_words.size(); ++i)
    events.name_track(process, i + 1, resource_words[i]);
  for (const StepOperation& operation : step.operations)
    for (std::size_t i = 0; i < resource_words.size(); ++i) {
      if (operation.busy[i] == 0) continue;
      const std::string name =
          operation.layer.empty() ? operation.name : operation.layer + " " + operation.name;
      events.add({.process = process,
                  .track = i + 1,
                  .name = name,
                  .category = name_of(operation.part),
                  .begin_us = static_cast<double>(operation.begin) * us_per_cycle,
                  .us = static_cast<double>(operation.busy[i]) * us_per_cycle,
                  .arguments = {{"layer", operation.layer},
                                {"part", std::string(name_of(operation.part))},
                                {"busy_cycles", operation.busy[i]},
                                {"operation_cycles", operation.cycles},
                                {"bound_by", std::string(name_of(operation.bound_by()))},
                                {"bytes", operation.bytes}}});
    }
}

}  // namespace

std::string timeline(const std::vector<TrainingStep>& steps) {
  TraceEvents events;
  for (std::size_t i = 0; i < steps.size(); ++i) add_events(events, steps[i], i + 1);
  return events.text();
}

}  // namespace quatrain::sim
