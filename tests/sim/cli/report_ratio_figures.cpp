/// The ratios between the designs of a report, against all choices of a bound for each family of constants.
#include "tests/sim/cli/report_shown_demo.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace quatrain::tests {
namespace {

using nlohmann::json;

/// By family and bound.
using Families = std::map<std::string, std::map<std::string, double>>;

Families families_of(const DesignSums& design, const std::string& node) {
  Families families;
  for (const json& line : design.file.at("technologies").at(node).at("components"))
    for (const char* bound : {"low", "nominal", "high"})
      families[line.at("family")][bound] += line.at("energy_pj").at(bound).get<double>();
  return families;
}

double sum(const Families& families, const std::vector<std::string>& names,
           const std::vector<std::string>& bounds) {
  double all = 0;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (families.contains(names[i])) all += families.at(names[i]).at(bounds[i]);
  return all;
}

struct Extremes {
  double smallest = 1e300, largest = 0;
};

Extremes extremes_of(const Families& design, const Families& reference) {
  std::vector<std::string> names;
  for (const Families* side : {&design, &reference})
    for (const auto& [name, bounds] : *side)
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  EXPECT_EQ(names.size(), 7U)
      << "gates, published arithmetic, SRAM, DRAM, wires, leakage of gates and of SRAM";
  Extremes found;
  std::vector<std::string> bounds(names.size());
  for (int choice = 0; choice < 2187; ++choice) {
    int rest = choice;
    for (std::string& bound : bounds) {
      bound = std::vector<std::string>{"low", "nominal", "high"}.at(static_cast<std::size_t>(rest % 3));
      rest /= 3;
    }
    const double ratio = sum(design, names, bounds) / sum(reference, names, bounds);
    found.smallest = std::min(found.smallest, ratio), found.largest = std::max(found.largest, ratio);
  }
  return found;
}

}  // namespace

void expect_ratios(const ShownDemo& shown) {
  const std::string reference = QUATRAIN_HAS_SYSTEMC ? "large" : shown.json_at("/comparison/reference");
  EXPECT_EQ(shown.json_at("/comparison/reference"), reference);
  const ShownTable& table = shown.page.table(fmt::format("Ratios to {}, bound by bound", reference));
  EXPECT_EQ(table.rows.size(), 4U);
  EXPECT_EQ(shown.json_at("/comparison/ratios").size(), 4U);
  const DesignSums& base = shown.designs.at(reference);
  for (const json& found : shown.json_at("/comparison/ratios")) {
    const std::string name = found.at("accelerator"), node = found.at("node");
    SCOPED_TRACE(name + " at " + node);
    ASSERT_NE(name, reference);
    const DesignSums& design = shown.designs.at(name);
    const auto at = [&](const std::string& column) { return table.at({node, name}, column); };
    const auto expect = [&](const std::string& column, const json& in_json, double value) {
      EXPECT_NEAR(in_json.get<double>(), value, 1e-9 * value) << column;
      EXPECT_TRUE(shows(at(column), value)) << column << ": " << at(column);
    };
    expect("time", found.at("time"), design.all.milliseconds / base.all.milliseconds);
    const EnergySums &mine = design.all.energy_pj.at(node), &other = base.all.energy_pj.at(node);
    expect("energy, low", found.at("energy").at("low"), mine.low / other.low);
    expect("energy, nominal", found.at("energy").at("nominal"), mine.nominal / other.nominal);
    expect("energy, high", found.at("energy").at("high"), mine.high / other.high);
    const Extremes extremes = extremes_of(families_of(design, node), families_of(base, node));
    const std::string apart = at("families apart");
    EXPECT_TRUE(shows(apart.substr(0, apart.find(" to ")), extremes.smallest)) << apart;
    EXPECT_TRUE(shows(apart.substr(apart.find(" to ") + 4), extremes.largest)) << apart;
    EXPECT_NEAR(found.at("families_apart").at("smallest").get<double>(), extremes.smallest, 1e-9);
    EXPECT_NEAR(found.at("families_apart").at("largest").get<double>(), extremes.largest, 1e-9);
    const bool is_mixed = (name == "bf16_32x32") != (reference == "bf16_32x32");
    const std::string published = node == "45nm" ? "Horowitz 2014" : "Jouppi 2021";
    const std::string mixture = reference == "bf16_32x32"
                                    ? "pe_combinational: energy per gate against " + published
                                    : "pe_combinational: " + published + " against energy per gate";
    EXPECT_EQ(at("mixed families"), is_mixed ? mixture : "none");
    EXPECT_EQ(found.at("mixed"), is_mixed ? json::array({mixture}) : json::array());
    EXPECT_EQ(at("voltages of the constants"), found.at("voltages"));
    EXPECT_EQ(found.at("voltages"),
              node == "45nm" ? "0.9 V (assumed), 0.9 V, 1.1 V, not stated" : "0.7 V (assumed), not stated");
  }
}

}  // namespace quatrain::tests
