#include "sim/records/trace_events.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quatrain::sim {
namespace {

using nlohmann::ordered_json;

void append(std::string& events, const ordered_json& event) {
  if (!events.empty()) events += ',';
  events += event.dump();
}

/// Names of tracks are events too.
ordered_json name_event(std::string_view what, std::size_t process, std::size_t track,
                        std::string_view name) {
  return {{"name", what}, {"ph", "M"}, {"pid", process}, {"tid", track}, {"args", {{"name", name}}}};
}

}  // namespace

void TraceEvents::name_process(std::size_t process, std::string_view name) {
  append(events_, name_event("process_name", process, 0, name));
}

void TraceEvents::name_track(std::size_t process, std::size_t track, std::string_view name) {
  append(events_, name_event("thread_name", process, track, name));
}

void TraceEvents::add(const TraceBar& bar) {
  ordered_json event = {{"name", bar.name}, {"cat", bar.category}, {"ph", "X"},    {"pid", bar.process},
                        {"tid", bar.track}, {"ts", bar.begin_us},  {"dur", bar.us}};
  if (!bar.colour.empty()) event["cname"] = bar.colour;
  ordered_json& arguments = event["args"] = ordered_json::object();
  for (const auto& [key, value] : bar.arguments)
    std::visit([&, name = std::string(key)](const auto& one) { arguments[name] = one; }, value);
  append(events_, event);
}

std::string TraceEvents::text() const { return fmt::format("{}:[{}]}}\n", trace_events_mark, events_); }

}  // namespace quatrain::sim
