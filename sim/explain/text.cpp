#include "sim/explain/explanation.hpp"
#include "sim/records/provenance.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace quatrain::sim {
namespace {

double percent(double part, double whole) { return whole == 0 ? 0 : 100 * part / whole; }

/// "12.345678 ms"; the text of a time everywhere on this page.
std::string milliseconds(const Explanation& explanation, double cycles) {
  return fmt::format("{:.6f} ms", explanation.milliseconds(cycles));
}

std::string table(const Explanation& explanation) {
  std::size_t width = 5;
  for (const LayerTime& layer : explanation.layers)
    width = std::max(width, std::min<std::size_t>(layer.layer.size(), 32));
  std::string text = fmt::format("{:<{}} {:<15} {:>12} {:>7}", "layer", width, "phase", "ms", "share");
  for (const CauseInfo& cause : causes) text += fmt::format(" {:>14}", cause.word);
  text += "\n";
  for (const LayerTime& layer : explanation.layers) {
    text += fmt::format("{:<{}} {:<15} {:>12.6f} {:>5.1f} %", layer.layer.substr(0, width), width,
                        name_of(layer.phase), explanation.milliseconds(layer.all()),
                        percent(layer.all(), explanation.cycles));
    for (const double cycles : layer.cycles)
      text += fmt::format(" {:>12.1f} %", percent(cycles, layer.all()));
    text += "\n";
  }
  return text;
}

/// One sentence for each cause that bounds a layer, the longest time first.
std::string sentences(const Explanation& explanation) {
  struct Bound {
    Cause cause;
    double cycles = 0;
    std::size_t layers = 0;
    const LayerTime* longest = nullptr;
  };
  std::vector<Bound> bounds;
  for (const LayerTime& layer : explanation.layers) {
    auto bound = std::ranges::find(bounds, layer.bound_by(), &Bound::cause);
    if (bound == bounds.end()) bound = bounds.insert(bound, {.cause = layer.bound_by()});
    bound->cycles += layer.all();
    ++bound->layers;
    if (bound->longest == nullptr || layer.all() > bound->longest->all()) bound->longest = &layer;
  }
  std::ranges::stable_sort(bounds, std::ranges::greater{}, &Bound::cycles);
  std::string text;
  for (const Bound& bound : bounds) {
    const LayerTime& longest = *bound.longest;
    const auto cause = static_cast<std::size_t>(bound.cause);
    text += fmt::format(
        "{} of {} products, {:.1f} % of the time, {} bound by {}. The longest is {} {}: {:.1f} % of its "
        "{}.\n",
        bound.layers, explanation.layers.size(), percent(bound.cycles, explanation.cycles),
        bound.layers == 1 ? "is" : "are", causes[cause].sentence, longest.layer, name_of(longest.phase),
        percent(longest.cycles[cause], longest.all()), milliseconds(explanation, longest.all()));
  }
  return text;
}

std::string changes(const Explanation& explanation, const std::string& command) {
  if (explanation.changes.empty()) return "No change of a single key was legal.\n";
  std::string text = "One key changed, everything else as it is:\n";
  for (const Change& change : explanation.changes)
    text += fmt::format("  {:<40} {:>16} {:>+8.1f} %\n", text_of(change.key),
                        milliseconds(explanation, change.cycles),
                        percent(change.cycles - explanation.cycles, explanation.cycles));
  const Change& best = explanation.changes.front();
  if (best.cycles >= explanation.cycles) return text + "No single key would help.\n";
  return text + fmt::format("Most would help {}: {} in place of {}. To see it:\n  {} --set {}\n",
                            text_of(best.key), milliseconds(explanation, best.cycles),
                            milliseconds(explanation, explanation.cycles), command,
                            shell_word(text_of(best.key)));
}

}  // namespace

std::string text_of(const Explanation& explanation, const std::string& workload, const std::string& command) {
  return fmt::format("{} on {}: {}{}\n\n", explanation.config.name, workload,
                     milliseconds(explanation, explanation.cycles),
                     explanation.config.stalls() != nullptr
                         ? ", stalls included"
                         : "; of each product the longer of its cycles and its bytes at the full bandwidth") +
         table(explanation) + "\n" + sentences(explanation) + "\n" + changes(explanation, command);
}

}  // namespace quatrain::sim
