#include "sim/report/timeline.hpp"

#include "sim/report/html.hpp"
#include "sim/report/numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace quatrain::sim::report {
namespace {

// Of the picture, in its own units: a page shows it at about this size.
constexpr int label_width = 240, axis_width = 880, band_height = 20, lane_height = 26, bar_height = 20,
              axis_height = 34;

std::vector<TimelineBar> joined(const std::vector<TimelineBar>& bars, std::uint64_t least) {
  std::vector<TimelineBar> all;
  for (const TimelineBar& bar : bars) {
    if (!all.empty()) {
      TimelineBar& last = all.back();
      const bool is_narrow = bar.span < least && (last.together > 1 || last.span < least);
      if (is_narrow && bar.look == last.look && bar.begin - (last.begin + last.span) < least) {
        last.span = bar.begin + bar.span - last.begin;
        last.cycles += bar.cycles;
        last.together += bar.together;
        continue;
      }
    }
    all.push_back(bar);
  }
  return all;
}

/// 1, 2 or 5 times a power of ten: at most ten of it on the axis.
double tick_of(double axis_ms) {
  double tick = std::pow(10.0, std::floor(std::log10(axis_ms)) - 1);
  for (const double times : {2.0, 2.5, 2.0, 2.0, 2.5})
    if (axis_ms / tick > 10) tick *= times;
  return tick;
}

std::string axis(double axis_ms, int height) {
  const double tick = tick_of(axis_ms);
  const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(tick) + 1e-9)));
  std::string text;
  for (int i = 0; i * tick <= axis_ms * (1 + 1e-9); ++i) {
    const double x = label_width + axis_width * i * tick / axis_ms;
    text += fmt::format(
        "<path d=\"M{0:.3f} {1}V{2}\"/><text class=\"tick\" x=\"{0:.3f}\" y=\"{3}\">{4:.{5}f}</text>\n", x,
        band_height, height - axis_height, height - axis_height + 14, i * tick, decimals);
  }
  return text + fmt::format("<text class=\"tick\" x=\"{}\" y=\"{}\">milliseconds</text>\n",
                            label_width + axis_width / 2, height - 4);
}

/// Where cycles lie in the picture.
class PlaceOnAxis {
 public:
  explicit PlaceOnAxis(const Timeline& timeline)
      : per_cycle_(axis_width / (timeline.axis_ms * timeline.cycles_per_ms)) {}
  double x(std::uint64_t begin) const { return label_width + width(begin); }
  double width(std::uint64_t cycles) const { return static_cast<double>(cycles) * per_cycle_; }

 private:
  double per_cycle_;
};

std::string bands(const Timeline& timeline) {
  constexpr double narrowest_named = 48;
  const PlaceOnAxis place(timeline);
  std::string text;
  for (const TimelineBand& band : timeline.bands) {
    const double x = place.x(band.begin), width = place.width(band.cycles);
    text += fmt::format(
        "<rect class=\"band\" x=\"{:.3f}\" y=\"1\" width=\"{:.3f}\" height=\"{}\"><title>{}: {} "
        "ms</title></rect>",
        x, width, band_height - 4, escape_html(band.name),
        significant(static_cast<double>(band.cycles) / timeline.cycles_per_ms));
    if (width >= narrowest_named)
      text += fmt::format("<text class=\"tick\" x=\"{:.2f}\" y=\"{}\">{}</text>", x + width / 2,
                          band_height - 7, escape_html(band.name));
    text += "\n";
  }
  return text;
}

std::string bar_text(const TimelineBar& bar, const std::string& lane, int y, const PlaceOnAxis& place) {
  // Bars that stand together are as dark as they fill their stretch.
  const double filled = bar.span == 0 ? 1 : static_cast<double>(bar.cycles) / static_cast<double>(bar.span);
  const std::string opacity =
      bar.together > 1 ? fmt::format(" fill-opacity=\"{:.2f}\"", 0.3 + 0.7 * filled) : "";
  return fmt::format(
      "<rect class=\"{}\" x=\"{:.3f}\" y=\"{}\" width=\"{:.3f}\" height=\"{}\"{} data-lane=\"{}\" "
      "data-begin=\"{}\" data-span=\"{}\" data-cycles=\"{}\"><title>{}</title></rect>\n",
      look_words[static_cast<std::size_t>(bar.look)], place.x(bar.begin), y, place.width(bar.span),
      bar_height, opacity, lane, bar.begin, bar.span, bar.cycles, escape_html(bar.title));
}

}  // namespace

std::uint64_t join_narrow(std::vector<TimelineLane>& lanes, std::uint64_t axis_cycles, std::uint64_t pixels,
                          std::size_t most) {
  const auto count = [&] {
    std::size_t bars = 0;
    for (const TimelineLane& lane : lanes) bars += lane.bars.size();
    return bars;
  };
  std::uint64_t least = axis_cycles / pixels;
  for (;; least = 2 * std::max<std::uint64_t>(least, 1)) {
    for (TimelineLane& lane : lanes) lane.bars = joined(lane.bars, least);
    if (count() <= most || least > axis_cycles) return least;
  }
}

std::string render_timeline(const Timeline& timeline) {
  const int rows = static_cast<int>(timeline.lanes.size());
  const int height = band_height + rows * lane_height + axis_height;
  const PlaceOnAxis place(timeline);
  std::string labels, bars;
  for (std::size_t row = 0; row < timeline.lanes.size(); ++row) {
    const TimelineLane& lane = timeline.lanes[row];
    const int y = band_height + 3 + static_cast<int>(row) * lane_height;
    labels += fmt::format(
        "<text x=\"0\" y=\"{0}\">{2}</text><text class=\"sum\" x=\"{1}\" y=\"{0}\" "
        "data-lane=\"{4}\">{3}</text>\n",
        y + bar_height - 5, label_width - 12, escape_html(lane.label), escape_html(lane.sum), lane.name);
    for (const TimelineBar& bar : lane.bars) bars += bar_text(bar, lane.name, y, place);
  }
  std::string keys;
  for (const TimelineKey& key : timeline.keys)
    keys += fmt::format("<span><i class=\"{}\"></i>{}</span>", look_words[static_cast<std::size_t>(key.look)],
                        escape_html(key.text));
  return fmt::format(
      "<figure class=\"timeline\"><figcaption>{0}</figcaption><div class=\"scroll\"><svg viewBox=\"0 0 {1} "
      "{2}\" "
      "role=\"img\" aria-label=\"{0}\">\n{3}{4}{5}{6}</svg></div><div class=\"keys\">{7}</div><div "
      "class=\"note\">{8}</div></figure>\n",
      escape_html(timeline.title), label_width + axis_width + 12, height, bands(timeline),
      axis(timeline.axis_ms, height), labels, bars, keys, escape_html(timeline.note));
}

}  // namespace quatrain::sim::report
