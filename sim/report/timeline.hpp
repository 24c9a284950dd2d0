#pragma once
/// Lanes of bars over one axis of time, as a picture (SVG) inside the page.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim::report {

/// What a bar is coloured by; page.css has a colour for each.
enum class Look : std::uint8_t { forward, backward_data, backward_weight, quantizers, vector_unit, dram };
inline constexpr std::array<std::string_view, 6> look_words = {
    "forward", "backward_data", "backward_weight", "quantizers", "vector_unit", "dram"};

/// Times are cycles. `span`: as long as it is drawn; `cycles`: busy in it, fewer where several stand
/// together.
struct TimelineBar {
  std::uint64_t begin = 0, span = 0, cycles = 0;
  Look look = Look::forward;
  std::string title;
  std::size_t together = 1;
};

struct TimelineLane {
  std::string name, label, sum;  ///< name: one word; sum: what stands behind the label
  std::vector<TimelineBar> bars;
};

/// A stretch of the axis with a name above it.
struct TimelineBand {
  std::string name;
  std::uint64_t begin = 0, cycles = 0;
};

struct TimelineKey {
  Look look = Look::forward;
  std::string text;
};

struct Timeline {
  std::string title;
  std::vector<TimelineBand> bands;
  std::vector<TimelineLane> lanes;
  std::vector<TimelineKey> keys;  ///< what the colours are
  std::string note;               ///< below it
  double cycles_per_ms = 1, axis_ms = 1;
};

/// The narrowest bars of each lane join their neighbours of the same look, until all lanes together have at
/// most `most` bars: bars shorter than one `pixels`-th of `axis_cycles`, where less than that lies between
/// them, and with twice, four times, ... that length as long as there are too many. Bars are in order of
/// time. Returns the length below which bars were joined.
std::uint64_t join_narrow(std::vector<TimelineLane>& lanes, std::uint64_t axis_cycles, std::uint64_t pixels,
                          std::size_t most);

/// A figure. Each bar is a `rect` with its lane and exact cycles beside its place: data-lane, data-begin,
/// data-span, data-cycles.
std::string render_timeline(const Timeline& timeline);

}  // namespace quatrain::sim::report
