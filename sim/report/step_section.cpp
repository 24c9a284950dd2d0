#include "sim/report/step_section.hpp"

#include "sim/report/numbers.hpp"
#include "traces/geometry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace quatrain::sim::report {
namespace {

/// A picture has a few hundred bars at most, and none that is thinner than a pixel beside one of its kind.
constexpr std::size_t most_bars = 480;
constexpr std::uint64_t pixels = 880;

constexpr ByResource<std::string_view> labels = {"array", "quantizers", "vector unit", "DRAM"};
constexpr std::string_view waits_lane = "array_waits";

constexpr std::size_t index(Resource resource) { return static_cast<std::size_t>(resource); }

std::string name_of(const StepOperation& operation) {
  return operation.layer.empty() ? operation.name : operation.layer + " " + operation.name;
}

bool is_product_of_array(const StepOperation& operation) {
  return operation.busy[index(Resource::array)] > 0;
}

Resource cause_of_wait(const StepOperation& operation) {
  return is_product_of_array(operation) ? Resource::dram : operation.bound_by();
}

std::uint64_t wait_of(const StepOperation& operation) {
  return operation.cycles - operation.busy[index(Resource::array)];
}

Look look_of(const StepOperation& operation, Resource resource) {
  switch (resource) {
    case Resource::array:
      if (operation.name == traces::name_of(traces::Phase::backward_data)) return Look::backward_data;
      if (operation.name == traces::name_of(traces::Phase::backward_weight)) return Look::backward_weight;
      return Look::forward;
    case Resource::quantizers:
      return Look::quantizers;
    case Resource::vector_unit:
      return Look::vector_unit;
    case Resource::dram:
      return Look::dram;
  }
  __builtin_unreachable();
}

double cycles_per_ms(const TrainingStep& step) { return step.config.clock_mhz * 1e3; }

std::string ms_text(const TrainingStep& step, std::uint64_t cycles) {
  return significant(static_cast<double>(cycles) / cycles_per_ms(step));
}

double share(const TrainingStep& step, std::uint64_t cycles) {
  return step.cycles() == 0 ? 0 : static_cast<double>(cycles) / static_cast<double>(step.cycles());
}

/// Of quantizers that take no time: why. Nothing for what takes time.
std::string why_no_time(const TrainingStep& step, Resource resource, std::uint64_t cycles) {
  if (resource != Resource::quantizers || cycles > 0 || step.config.quantizers) return "";
  return step.config.pe->tensors == TensorForm::fp32 ? "not counted" : "none";
}

std::string sum_text(const TrainingStep& step, std::uint64_t cycles) {
  return fmt::format("{} ms, {}", ms_text(step, cycles), percent(share(step, cycles)));
}

TimelineLane lane_of(const TrainingStep& step, Resource resource) {
  TimelineLane lane{.name = std::string(sim::name_of(resource)),
                    .label = std::string(labels[index(resource)]),
                    .sum = "",
                    .bars = {}};
  std::uint64_t sum = 0;
  for (const StepOperation& operation : step.operations) {
    const std::uint64_t busy = operation.busy[index(resource)];
    if (busy == 0) continue;
    sum += busy;
    lane.bars.push_back({operation.begin, busy, busy, look_of(operation, resource), name_of(operation)});
  }
  lane.sum = why_no_time(step, resource, sum);
  if (lane.sum.empty()) lane.sum = sum_text(step, sum);
  return lane;
}

TimelineLane waits_of(const TrainingStep& step) {
  TimelineLane lane{.name = std::string(waits_lane), .label = "array waits", .sum = "", .bars = {}};
  std::uint64_t sum = 0;
  for (const StepOperation& operation : step.operations) {
    const std::uint64_t wait = wait_of(operation);
    if (wait == 0) continue;
    sum += wait;
    const Resource cause = cause_of_wait(operation);
    lane.bars.push_back({operation.begin + operation.busy[index(Resource::array)], wait, wait,
                         look_of(operation, cause),
                         fmt::format("{}, for {}", name_of(operation), labels[index(cause)])});
  }
  lane.sum = sum_text(step, sum);
  return lane;
}

/// Behind the names: how long.
void complete_titles(const TrainingStep& step, std::vector<TimelineLane>& lanes) {
  for (TimelineLane& lane : lanes)
    for (TimelineBar& bar : lane.bars) {
      if (bar.together > 1) bar.title = fmt::format("{} and {} more", bar.title, bar.together - 1);
      bar.title += fmt::format(": {} ms, from {} ms on", ms_text(step, bar.cycles), ms_text(step, bar.begin));
    }
}

std::vector<TimelineBand> bands_of(const TrainingStep& step) {
  std::vector<TimelineBand> bands;
  for (const StepOperation& operation : step.operations) {
    if (bands.empty() || bands.back().name != sim::name_of(operation.part))
      bands.push_back({std::string(sim::name_of(operation.part)), operation.begin, 0});
    bands.back().cycles += operation.cycles;
  }
  return bands;
}

std::vector<TimelineKey> keys_of(const TrainingStep& step) {
  std::vector<TimelineKey> keys;
  for (const Look look : {Look::forward, Look::backward_data, Look::backward_weight}) {
    std::uint64_t sum = 0;
    for (const StepOperation& operation : step.operations)
      if (is_product_of_array(operation) && look_of(operation, Resource::array) == look)
        sum += operation.busy[index(Resource::array)];
    keys.push_back({look, fmt::format("array, {}: {} ms", look_words[static_cast<std::size_t>(look)],
                                      ms_text(step, sum))});
  }
  const ByResource<std::uint64_t> waits = array_waits(step);
  for (const Resource cause : {Resource::quantizers, Resource::vector_unit, Resource::dram})
    keys.push_back({look_of({}, cause), fmt::format("{}; array waits {} ms", labels[index(cause)],
                                                    ms_text(step, waits[index(cause)]))});
  return keys;
}

Timeline timeline_of(const ShownStep& shown, double axis_ms) {
  const TrainingStep& step = shown.step;
  Timeline timeline{
      .title = fmt::format("{}: {} ms", shown.label, significant(step.milliseconds())),
      .bands = bands_of(step),
      .lanes = {lane_of(step, Resource::array), waits_of(step), lane_of(step, Resource::quantizers),
                lane_of(step, Resource::vector_unit), lane_of(step, Resource::dram)},
      .keys = keys_of(step),
      .note = "",
      .cycles_per_ms = cycles_per_ms(step),
      .axis_ms = axis_ms};
  const auto axis_cycles = static_cast<std::uint64_t>(axis_ms * timeline.cycles_per_ms);
  const std::uint64_t least = join_narrow(timeline.lanes, axis_cycles, pixels, most_bars);
  complete_titles(step, timeline.lanes);
  timeline.note = fmt::format(
      "{} operations; point at a bar for its name. Neighbours of one colour that take less than {} ms each "
      "stand as "
      "one bar, the paler the less they fill it.",
      step.operations.size(), ms_text(step, least));
  return timeline;
}

Table table_of(const std::vector<ShownStep>& steps) {
  constexpr std::array beside_array = {Resource::quantizers, Resource::vector_unit, Resource::dram};
  Table table{.title = "One training step, milliseconds",
              .columns = {{"accelerator", Align::left}, {"step"}, {"array"}},
              .rows = {}};
  for (const Resource resource : beside_array)
    table.columns.push_back({fmt::format("waits for {}", labels[index(resource)])});
  for (const Resource resource : beside_array)
    table.columns.push_back({std::string(labels[index(resource)])});
  for (const auto& [label, step] : steps) {
    StepSum all;
    for (const StepOperation& operation : step.operations) all.add(operation);
    const ByResource<std::uint64_t> waits = array_waits(step);
    std::vector<Cell>& row = table.rows.emplace_back(std::vector<Cell>{label, ms_text(step, step.cycles())});
    row.emplace_back(ms_text(step, all.busy[index(Resource::array)]));
    for (const Resource resource : beside_array) row.emplace_back(ms_text(step, waits[index(resource)]));
    for (const Resource resource : beside_array) {
      const std::uint64_t busy = all.busy[index(resource)];
      const std::string why = why_no_time(step, resource, busy);
      row.emplace_back(why.empty() ? Cell(ms_text(step, busy)) : Cell(why, Tone::faint));
    }
  }
  return table;
}

std::vector<std::string> limits_of(const std::vector<ShownStep>& steps) {
  std::vector<std::string> limits;
  for (const ShownStep& shown : steps)
    for (const std::string& limit : shown.step.limits)
      if (std::ranges::find(limits, limit) == limits.end()) limits.push_back(limit);
  return limits;
}

}  // namespace

ByResource<std::uint64_t> array_waits(const TrainingStep& step) {
  ByResource<std::uint64_t> waits = {};
  for (const StepOperation& operation : step.operations)
    waits[index(cause_of_wait(operation))] += wait_of(operation);
  return waits;
}

Section step_section(const std::vector<ShownStep>& steps) {
  const TrainingStep& first = steps.front().step;
  Section section{.title = "One training step", .text = {}, .charts = {}, .tables = {}, .limits = {}};
  section.text.push_back(
      fmt::format("Everything between two batches of {}, batch {}: the products, their quantizers, the fp32 "
                  "vector unit and "
                  "the optimizer, in closed form, one operation after the other. An operation takes as long "
                  "as its busiest "
                  "resource. Array and waits together are the whole step.",
                  first.model, first.batch));
  double axis_ms = 0;
  for (const ShownStep& shown : steps) axis_ms = std::max(axis_ms, shown.step.milliseconds());
  if (axis_ms > 0)
    for (const ShownStep& shown : steps) section.timelines.push_back(timeline_of(shown, axis_ms));
  section.tables.push_back(table_of(steps));
  section.limits = limits_of(steps);
  return section;
}

}  // namespace quatrain::sim::report
