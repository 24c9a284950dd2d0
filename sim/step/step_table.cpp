#include "sim/step/step_table.hpp"

#include "sim/accelerator/figures.hpp"
#include "sim/accelerator/table.hpp"
#include "traces/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace quatrain::sim {
namespace {

constexpr double uj_per_pj = 1e-6;
constexpr std::size_t longest_shown = 8;

std::string headline(const TrainingStep& step, const StepSum& all) {
  std::string text = fmt::format(
      "{}: a training step of {}, batch {}\n{:.6f} ms, {} cycles at {} MHz; {} MACs, {} bytes\nbound by",
      step.config.name, base::printable(step.model), step.batch, step.milliseconds(), step.cycles(),
      step.config.clock_mhz, all.macs, all.bytes);
  for (std::size_t i = 0; i < resource_words.size(); ++i)
    text += fmt::format("{} {} {:.1f} %", i == 0 ? "" : ",", resource_words[i],
                        percent(all.bound[i], all.cycles));
  return text + "\n";
}

std::string columns(const StepSum& sum) {
  std::string text = fmt::format("{:>10} {:>13}", sum.operations, sum.cycles);
  for (const std::uint64_t cycles : sum.busy) text += fmt::format(" {:>13}", cycles);
  return text + fmt::format(" {:>14}\n", sum.bytes);
}

std::string by_part(const TrainingStep& step, const StepSum& all) {
  std::string text = fmt::format("\n{:<10} {:>10} {:>13}", "part", "operations", "cycles");
  for (const std::string_view resource : resource_words)
    text += fmt::format(" {:>13}", fmt::format("{} busy", resource));
  text += fmt::format(" {:>14}\n", "bytes");
  for (const StepPart part : {StepPart::forward, StepPart::loss, StepPart::backward, StepPart::update}) {
    StepSum sum;
    for (const StepOperation& operation : step.operations)
      if (operation.part == part) sum.add(operation);
    text += fmt::format("{:<10} {}", name_of(part), columns(sum));
  }
  return text + fmt::format("{:<10} {}", "step", columns(all));
}

/// Operations of one name together: what kind of work the time goes to.
std::string by_name(const TrainingStep& step, const StepSum& all) {
  std::map<std::string, StepSum> sums;
  for (const StepOperation& operation : step.operations) sums[operation.name].add(operation);
  std::vector<std::pair<std::string, StepSum>> sorted(sums.begin(), sums.end());
  std::ranges::stable_sort(sorted, std::ranges::greater{},
                           [](const auto& entry) { return entry.second.cycles; });
  std::string text =
      fmt::format("\n{:<28} {:>6} {:>13} {:>8}\n", "longest kinds of operation", "in", "cycles", "share");
  for (std::size_t i = 0; i < std::min(longest_shown, sorted.size()); ++i)
    text += fmt::format("  {:<26} {:>6} {:>13} {:>6.1f} %\n", sorted[i].first, sorted[i].second.operations,
                        sorted[i].second.cycles, percent(sorted[i].second.cycles, all.cycles));
  return text;
}

std::string energy_line(std::string_view name, const Bounds& pj) {
  std::string text = fmt::format("  {:<20}", name);
  for (const Bound& bound : bounds_in_order) text += fmt::format(" {:>13.3f}", uj_per_pj * pj.*bound.member);
  return text + "\n";
}

std::string energy_text(const StepEnergy& energy) {
  std::string text = fmt::format("\n{:<22}", fmt::format("uJ at {}", energy.technology));
  for (const Bound& bound : bounds_in_order) text += fmt::format(" {:>13}", bound.name);
  text += "\n";
  for (std::size_t i = 0; i < resource_words.size(); ++i)
    text += energy_line(resource_words[i], energy.pj[i]);
  return text + energy_line("total", energy.total());
}

}  // namespace

std::string step_table(const TrainingStep& step) {
  StepSum all;
  for (const StepOperation& operation : step.operations) all.add(operation);
  std::string text = headline(step, all) + by_part(step, all) + by_name(step, all);
  for (const StepEnergy& energy : step.energy) text += energy_text(energy);
  text += fmt::format(
      "\nkept in DRAM from forward to backward: {} bytes; weights, biases and momenta: {} bytes\nlimits:\n",
      step.kept_bytes, step.parameter_bytes);
  for (const std::string& limit : step.limits) text += fmt::format("  {}\n", limit);
  return text;
}

std::string step_comparison(const std::vector<TrainingStep>& steps) {
  if (steps.size() < 2) return "";
  const TrainingStep& first = steps.front();
  std::string text = fmt::format("over {}\n{:<24} {:>12} {:>6}", first.config.name, "design", "ms", "time");
  for (const StepEnergy& energy : first.energy)
    text += fmt::format("  {:<22}", "energy at " + energy.technology);
  text += fmt::format("\n{:<24} {:>12} {:>6}", "", "", "");
  for (std::size_t i = 0; i < first.energy.size(); ++i) {
    text += " ";
    for (const Bound& bound : bounds_in_order) text += fmt::format(" {:>7}", bound.name);
  }
  text += "\n";
  for (const TrainingStep& step : steps) {
    text += fmt::format("{:<24} {:>12.6f} {:>6.3f}", step.config.name, step.milliseconds(),
                        step.milliseconds() / first.milliseconds());
    for (const StepEnergy& energy : first.energy) {
      const auto same = std::ranges::find(step.energy, energy.technology, &StepEnergy::technology);
      text += " ";
      for (const Bound& bound : bounds_in_order)
        text += same == step.energy.end()
                    ? fmt::format(" {:>7}", "-")
                    : fmt::format(" {:>7.3f}", same->total().*bound.member / energy.total().*bound.member);
    }
    text += "\n";
  }
  return text;
}

}  // namespace quatrain::sim
