#pragma once
/// Bars on tracks as trace events of Chrome's format ("JSON Object Format" of the Trace Event Format), which
/// Perfetto and chrome://tracing open.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace quatrain::sim {

struct TraceBar {
  std::size_t process = 1, track = 1;
  std::string_view name, category;
  std::string_view colour = "";  ///< a name of Chrome's; "" leaves it to the viewer
  double begin_us = 0, us = 0;
  std::vector<std::pair<std::string_view, std::variant<std::uint64_t, std::string>>> arguments = {};
};

class TraceEvents {
 public:
  void name_process(std::size_t process, std::string_view name);
  void name_track(std::size_t process, std::size_t track, std::string_view name);
  void add(const TraceBar& bar);
  /// The file.
  std::string text() const;

 private:
  std::string events_;  ///< with commas between
};

/// Stands at the beginning of every such file.
inline constexpr std::string_view trace_events_mark = R"({"displayTimeUnit":"ms","traceEvents")";

}  // namespace quatrain::sim
