#include "sim/accelerator/energy.hpp"

#include "traces/base/joined.hpp"

#include <algorithm>

namespace quatrain::sim {
std::vector<ComponentEnergy> energy_by_component(const EventCounts& counts, const Technology& technology) {
  std::vector<ComponentEnergy> lines;
  for (const EventCount& entry : counts.entries()) {
    const Constant constant = constant_of(entry.price, technology);
    lines.push_back({entry.component, name_of(entry.price), entry.events, constant,
                     static_cast<double>(entry.events) * constant.pj});
  }
  return lines;
}

Bounds energy_pj(const EventCounts& counts, const Technology& technology) {
  Bounds sum;
  for (const ComponentEnergy& line : energy_by_component(counts, technology)) sum += line.energy_pj;
  return sum;
}

std::string kinds_of(std::span<const ComponentEnergy> lines) {
  std::vector<std::string_view> kinds;
  for (const std::string_view kind : kind_words)
    if (std::ranges::any_of(lines, [&](const ComponentEnergy& line) { return line.per_event.kind == kind; }))
      kinds.push_back(kind);
  return base::joined(kinds, "+");
}

std::vector<ComponentTotal> totals_by_component(std::span<const ComponentEnergy> lines) {
  std::vector<ComponentTotal> totals;
  while (!lines.empty()) {
    const Component component = lines.front().component;
    const auto end =
        std::ranges::find_if(lines, [&](const ComponentEnergy& line) { return line.component != component; });
    const auto own = lines.first(static_cast<std::size_t>(end - lines.begin()));
    Bounds sum;
    for (const ComponentEnergy& line : own) sum += line.energy_pj;
    totals.push_back({component, sum, kinds_of(own)});
    lines = lines.subspan(own.size());
  }
  return totals;
}

}  // namespace quatrain::sim
