#include "sim/accelerator/comparison.hpp"

#include "sim/accelerator/figures.hpp"
#include "traces/base/joined.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

namespace quatrain::sim {
namespace {

using Lines = std::span<const ComponentEnergy>;

struct OfFamily {
  Bounds design, reference;
};
using Families = std::map<std::string, OfFamily>;

/// The largest (with std::greater) or smallest ratio of sums to which each family gives one of its bounds.
/// From any ratio on, each family takes the bound that moves it furthest (Dinkelbach's method); the ratio
/// changes in one direction only, and there are finitely many.
template <typename Better>
double extreme(const Families& families, double ratio, Better is_better) {
  for (;;) {
    double design = 0, reference = 0;
    for (const auto& [name, family] : families) {
      const auto gain = [&](const Bound& bound) {
        return family.design.*bound.member - ratio * (family.reference.*bound.member);
      };
      const Bound* best = &bounds_in_order.front();
      for (const Bound& bound : bounds_in_order)
        if (is_better(gain(bound), gain(*best))) best = &bound;
      design += family.design.*best->member;
      reference += family.reference.*best->member;
    }
    if (!is_better(design / reference, ratio)) return ratio;
    ratio = design / reference;
  }
}

std::string families_of(Lines lines, Component component) {
  std::set<std::string> families;
  for (const ComponentEnergy& line : lines)
    if (line.component == component) families.insert(line.per_event.family);
  return base::joined(std::vector<std::string>(families.begin(), families.end()), " and ");
}

}  // namespace

std::optional<EnergyRatio> energy_ratio(Lines design, Lines reference) {
  Families families;
  Bounds of_design, of_reference;
  for (const ComponentEnergy& line : design) {
    families[line.per_event.family].design += line.energy_pj;
    of_design += line.energy_pj;
  }
  for (const ComponentEnergy& line : reference) {
    families[line.per_event.family].reference += line.energy_pj;
    of_reference += line.energy_pj;
  }
  if (of_design.low <= 0 || of_reference.low <= 0) return std::nullopt;
  EnergyRatio ratio;
  for (const Bound& bound : bounds_in_order)
    ratio.paired.*bound.member = of_design.*bound.member / of_reference.*bound.member;
  ratio.smallest = extreme(families, ratio.paired.nominal, std::less<>());
  ratio.largest = extreme(families, ratio.paired.nominal, std::greater<>());
  for (std::size_t i = 0; i < component_words.size(); ++i) {
    const auto component = static_cast<Component>(i);
    const std::string mine = families_of(design, component), others = families_of(reference, component);
    if (!mine.empty() && !others.empty() && mine != others)
      ratio.mixed.push_back(fmt::format("{}: {} against {}", name_of(component), mine, others));
  }
  return ratio;
}

std::string voltages_of(Lines lines) {
  std::map<std::pair<double, std::string>, std::string> stated;
  bool is_missing = false;
  for (const ComponentEnergy& line : lines)
    if (const auto& voltage = line.per_event.voltage)
      stated[{voltage->volts, voltage->kind}] = text_of(voltage);
    else
      is_missing = true;
  std::vector<std::string> texts;
  for (const auto& [key, text] : stated) texts.push_back(text);
  if (is_missing) texts.push_back(text_of(std::optional<Voltage>()));
  return base::joined(texts);
}

std::string families_of(Lines lines) {
  std::vector<std::string> families;
  for (const ComponentEnergy& line : lines)
    if (std::ranges::find(families, line.per_event.family) == families.end())
      families.push_back(line.per_event.family);
  return base::joined(families);
}

}  // namespace quatrain::sim
