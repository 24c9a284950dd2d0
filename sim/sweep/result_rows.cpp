#include "sim/sweep/result_rows.hpp"

#include "sim/accelerator/energy.hpp"
#include "sim/accelerator/figures.hpp"
#include "sim/accelerator/simulation_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace quatrain::sim {
namespace {

/// What a design is, whatever it computes.
struct DesignFact {
  std::string_view name;
  double (*of)(const AcceleratorConfig&);
};
constexpr std::array<DesignFact, 4> facts = {{
    {"pes", [](const AcceleratorConfig& c) { return 1.0 * c.array.rows * c.array.columns; }},
    {"peak_gmacs_per_s",
     [](const AcceleratorConfig& c) { return 1e-3 * c.array.rows * c.array.columns * c.clock_mhz; }},
    {"gib_per_s", [](const AcceleratorConfig& c) { return c.dram_gib_per_s; }},
    {"buffer_kib", [](const AcceleratorConfig& c) { return 1.0 * c.operand_kib + c.accumulator_kib; }},
}};

/// Three fields, or none where there is no such energy.
std::string bounds_fields(const Bounds* energy) {
  std::string text;
  for (const Bound& bound : bounds_in_order)
    text += energy == nullptr ? "," : fmt::format(",{}", energy->*bound.member);
  return text;
}

std::string energy_fields(const TechnologyResult* technology) {
  if (technology == nullptr) {
    std::string none = bounds_fields(nullptr) + bounds_fields(nullptr);
    for (std::size_t i = 0; i < component_words.size(); ++i) none += bounds_fields(nullptr);
    return none;
  }
  std::string text = bounds_fields(&technology->energy_pj);
  const auto totals = totals_by_component(technology->components);
  for (std::size_t i = 0; i < component_words.size(); ++i) {
    const auto found = std::ranges::find_if(
        totals, [&](const ComponentTotal& total) { return total.component == static_cast<Component>(i); });
    const Bounds nothing{};
    text += bounds_fields(found == totals.end() ? &nothing : &found->energy_pj);
  }
  const Bounds area = total_mm2(technology->area);
  return text + bounds_fields(&area);
}

/// What the design has for a key that varies; "" where it keeps the config's.
std::string value_of(const RowLabel& label, const std::string& key) {
  const auto found =
      std::ranges::find_if(label.overrides, [&](const Override& one) { return one.key == key; });
  return found == label.overrides.end() ? "" : csv_field(text_of(*found).substr(key.size() + 1));
}

}  // namespace

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted;
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  return fmt::format("\"{}\"", quoted);
}

std::string RowColumns::beginning(const RowLabel& label, const WorkloadSource& workload) const {
  std::string text =
      fmt::format("{},{},{},{},{},{}", csv_field(label.design), csv_field(workload.name),
                  csv_field(workload.place), name_of(workload.phases),
                  workload.is_trace() ? "" : fmt::format("{}", workload.batch), values_field(workload));
  for (const std::string& key : keys) text += fmt::format(",{}", value_of(label, key));
  return text;
}

std::string RowColumns::first_headings() const {
  std::string text = "design,workload,file,phases,batch,values";
  for (const std::string& key : keys) text += fmt::format(",{}", csv_field(key));
  return text;
}

std::string RowColumns::design_headings() const {
  std::string text = first_headings() + ",refused,priced_at";
  for (const DesignFact& fact : facts) text += fmt::format(",{}", fact.name);
  for (const Figure& figure : figures()) text += fmt::format(",{}", figure.column());
  for (const std::string& technology : technologies) {
    for (const Bound& bound : bounds_in_order)
      text += fmt::format(",energy_pj_{}_{}", technology, bound.name);
    for (const std::string_view component : component_words)
      for (const Bound& bound : bounds_in_order)
        text += fmt::format(",energy_pj_{}_{}_{}", technology, component, bound.name);
    for (const Bound& bound : bounds_in_order) text += fmt::format(",area_mm2_{}_{}", technology, bound.name);
  }
  return text;
}

std::string RowColumns::design_row(const RowLabel& label, const Simulation& simulation) const {
  std::string text = fmt::format("{},,{}", beginning(label, simulation.workload),
                                 csv_field(simulation.technologies.front().name));
  for (const DesignFact& fact : facts) text += fmt::format(",{}", fact.of(simulation.config));
  text += figure_fields(simulation.config, simulation.total);
  for (const std::string& name : technologies) {
    const auto found = std::ranges::find(simulation.technologies, name, &TechnologyResult::name);
    text += energy_fields(found == simulation.technologies.end() ? nullptr : &*found);
  }
  return text;
}

std::string RowColumns::refused_row(const RowLabel& label, const WorkloadSource& workload,
                                    const std::string& why) const {
  std::string text = fmt::format("{},{}", beginning(label, workload), csv_field(why));
  text.append(1 + facts.size() + figures().size(), ',');
  for (std::size_t i = 0; i < technologies.size(); ++i) text += energy_fields(nullptr);
  return text;
}

std::string RowColumns::layer_headings() const {
  std::string text = first_headings() + ",layer,phase,m,n,k,groups,samples,count";
  for (const Figure& figure : figures()) text += fmt::format(",{}", figure.column());
  for (const std::string& technology : technologies)
    for (const Bound& bound : bounds_in_order)
      text += fmt::format(",energy_pj_{}_{}", technology, bound.name);
  return text;
}

std::vector<std::string> RowColumns::layer_rows(const RowLabel& label, const Simulation& simulation) const {
  const std::string first = beginning(label, simulation.workload);
  std::vector<std::string> rows;
  for (const RecordResult& r : simulation.records) {
    std::string row = fmt::format("{},{},{},{},{},{},{},{},{}", first, csv_field(r.layer), name_of(r.phase),
                                  r.size.m, r.size.n, r.size.k, r.size.groups, r.samples, r.tally.records);
    row += figure_fields(simulation.config, r.tally);
    for (const std::string& name : technologies) {
      const auto found = std::ranges::find(simulation.technologies, name, &TechnologyResult::name);
      const auto index = static_cast<std::size_t>(found - simulation.technologies.begin());
      row += bounds_fields(found == simulation.technologies.end() ? nullptr : &r.tally.energy_pj[index]);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace quatrain::sim
