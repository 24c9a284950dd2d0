/// What a report says of cycles, times, bytes and energies, against sums over the records.
#include "tests/sim/cli/report_shown_demo.hpp"
#include "tests/sim/report/step_picture.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace quatrain::tests {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;

void expect_bounds(const ShownTable& table, const std::vector<std::string>& key, const EnergySums& energy_pj,
                   const std::string& before = "") {
  EXPECT_TRUE(shows(table.at(key, before + "low"), energy_pj.low * 1e-6)) << testing::PrintToString(key);
  EXPECT_TRUE(shows(table.at(key, before + "nominal"), energy_pj.nominal * 1e-6))
      << testing::PrintToString(key);
  EXPECT_TRUE(shows(table.at(key, before + "high"), energy_pj.high * 1e-6)) << testing::PrintToString(key);
}

/// Kinds of the constants that the lines of a component use ("" for all lines), surest first.
std::string kinds_of(const json& lines, const std::string& component) {
  std::string kinds;
  for (const char* kind : {"measured", "published", "derived", "assumed"})
    if (std::ranges::any_of(lines, [&](const json& line) {
          return line.at("kind") == kind && (component.empty() || line.at("component") == component);
        }))
      kinds += (kinds.empty() ? "" : "+") + std::string(kind);
  return kinds;
}

}  // namespace

void expect_cycles(const ShownDemo& shown) {
  const ShownTable &cycles = shown.page.table("Cycles"),
                   &parts = shown.page.table("Cycles by layer and phase"),
                   &figures = shown.page.table("All figures, with what they mean");
  for (const auto& [name, design] : shown.designs) {
    SCOPED_TRACE(name);
    const Sums& all = design.all;
    const json &config = design.file.at("config"), &entry = shown.json_at("/simulation/" + name);
    EXPECT_EQ(name == "small", all.memory_bound > 0) << all.memory_bound;
    const double possible = design.pes() * static_cast<double>(all.cycles);
    EXPECT_EQ(cycles.at({name}, "PEs"), fmt::format("{} x {}", config.at("array").at("rows").get<int>(),
                                                    config.at("array").at("columns").get<int>()));
    EXPECT_TRUE(shows(cycles.at({name}, "MHz"), config.at("clock_mhz").get<double>()));
    const auto figure = [&](const std::string& heading) {
      for (const std::vector<std::string>& row : figures.rows)
        if (row[0] == heading) {
          const auto column = std::ranges::find(figures.columns, name) - figures.columns.begin();
          return row.at(static_cast<std::size_t>(column));
        }
      ADD_FAILURE() << "no figure " << heading;
      return std::string();
    };
    const auto expect_everywhere = [&](const std::string& heading, const std::string& pointer, double value,
                                       bool is_first) {
      SCOPED_TRACE(heading);
      EXPECT_TRUE(shows(figure(heading), value)) << figure(heading) << " for " << value;
      EXPECT_NEAR(entry.at(json::json_pointer(pointer)).get<double>(), value, 1e-9 * value);
      if (is_first) {
        EXPECT_TRUE(shows(cycles.at({name}, heading), value)) << cycles.at({name}, heading);
      }
    };
    const auto count = [](std::uint64_t number) { return static_cast<double>(number); };
    expect_everywhere("cycles", "/cycles", count(all.cycles), true);
    expect_everywhere("time, ms", "/milliseconds", all.milliseconds, true);
    expect_everywhere("DRAM time, ms", "/dram_milliseconds", all.dram_milliseconds, true);
    expect_everywhere("longer time, ms", "/longer_milliseconds", all.longer, true);
    expect_everywhere("memory-bound records", "/memory_bound", count(all.memory_bound), true);
    expect_everywhere("MACs", "/macs", count(all.macs), true);
    expect_everywhere("MACs in range", "/in_range_macs", count(all.in_range), true);
    expect_everywhere("overall utilization", "/utilization/overall", count(all.macs) / possible, true);
    expect_everywhere("in-range utilization", "/utilization/in_range", count(all.in_range) / possible, false);
    expect_everywhere("temporal utilization", "/utilization/temporal",
                      count(all.streamed) / count(all.cycles), false);
    expect_everywhere("spatial utilization", "/utilization/spatial",
                      count(all.outputs) / (design.pes() * count(all.tiles)), false);
    expect_everywhere("tiles", "/tiles", count(all.tiles), false);
    expect_everywhere("outputs", "/outputs", count(all.outputs), false);
    expect_everywhere("streamed cycles", "/streamed_cycles", count(all.streamed), false);
    expect_everywhere("left bytes", "/bytes/left", count(all.left), false);
    expect_everywhere("right bytes", "/bytes/right", count(all.right), false);
    expect_everywhere("result bytes", "/bytes/result", count(all.result), false);
    expect_everywhere("quantizer bytes", "/bytes/quantizer", count(all.quantizer), false);
    if (const json& activity = design.file.at("activity"); !activity.is_null()) {
      EXPECT_NE(activity.at("left_toggles"), activity.at("right_toggles"));
      for (const auto& [heading, key] :
           std::map<std::string, std::string>{{"simulated MACs", "macs"},
                                              {"zero-operand MACs", "zero_operand_macs"},
                                              {"left toggles", "left_toggles"},
                                              {"right toggles", "right_toggles"},
                                              {"accumulator toggles", "accumulator_toggles"}})
        expect_everywhere(heading, "/activity/" + key, activity.at(key).get<double>(), false);
    } else {
      EXPECT_EQ(figure("left toggles"), "not simulated");
      EXPECT_EQ(entry.at("activity"), nullptr);
    }
    EXPECT_EQ(figure("lane cycles") == "not simulated", name != "small");
    if (name == "small") expect_everywhere("lane cycles", "/quantizer_cycles", count(all.lane_cycles), false);
    const json& replay = design.file.at("replay");
    EXPECT_EQ(entry.at("replay"), replay);
    const bool has_quantizers = name == "small" && QUATRAIN_HAS_SYSTEMC;
    ASSERT_EQ(design.file.contains("quantizer_replay"), has_quantizers);
    EXPECT_EQ(entry.contains("quantizer_replay"), has_quantizers);
    std::string quantizers;
    if (has_quantizers) {
      const json& of_file = design.file.at("quantizer_replay");
      EXPECT_EQ(entry.at("quantizer_replay"), of_file);
      EXPECT_NE(of_file.at("quantizers"), replay.at("gemms"));
      quantizers = fmt::format("; {} of {} quantizers equal, their cycles equal",
                               of_file.at("quantizers_equal").dump(), of_file.at("quantizers").dump());
    }
    EXPECT_EQ(cycles.at({name}, "replayed on"),
              replay.is_null()
                  ? "closed form only"
                  : fmt::format("{}: {} of {} GEMMs equal, cycles equal, {} tiles at pe{}",
                                replay.at("ran_on").get<std::string>(), replay.at("gemms_equal").dump(),
                                replay.at("gemms").dump(), replay.at("pe_tiles_checked").dump(), quantizers));
    EXPECT_EQ(entry.at("config"), config);
    EXPECT_EQ(entry.at("rows"), config.at("array").at("rows"));
    EXPECT_EQ(entry.at("columns"), config.at("array").at("columns"));
    EXPECT_EQ(entry.at("clock_mhz"), config.at("clock_mhz"));
    EXPECT_EQ(entry.at("pe"), config.at("pe"));
    EXPECT_EQ(entry.at("scope"), design.file.at("scope"));
    EXPECT_THAT(shown.page.paragraphs,
                Contains(fmt::format("Scope: {}.", design.file.at("scope").get<std::string>())));
    EXPECT_EQ(entry.at("limits"), design.file.at("limits"));
    ASSERT_EQ(entry.at("parts").size(), design.places.size());
    for (const json& part : entry.at("parts")) {
      const Sums& sums = design.parts.at({part.at("layer"), part.at("phase")});
      EXPECT_EQ(part.at("cycles"), sums.cycles);
      EXPECT_EQ(part.at("macs"), sums.macs);
      EXPECT_EQ(part.at("in_range_macs"), sums.in_range);
      EXPECT_EQ(part.at("bytes"), sums.left + sums.right + sums.result + sums.quantizer);
    }
    for (const auto& [layer, phase] : design.places) {
      const Sums& sums = design.parts.at({layer, phase});
      const std::vector<std::string> key = {layer, phase, name};
      SCOPED_TRACE(layer + " " + phase);
      EXPECT_TRUE(shows(parts.at(key, "cycles"), count(sums.cycles)));
      EXPECT_TRUE(shows(parts.at(key, "time, ms"), sums.milliseconds));
      EXPECT_TRUE(shows(parts.at(key, "DRAM time, ms"), sums.dram_milliseconds));
      EXPECT_TRUE(shows(parts.at(key, "MACs"), count(sums.macs)));
      EXPECT_TRUE(shows(parts.at(key, "MACs in range"), count(sums.in_range)));
      EXPECT_EQ(parts.at(key, "memory-bound"), fmt::format("{} of {}", sums.memory_bound, sums.records));
    }
  }
  const ShownTable& keys = shown.page.table("Keys in which the designs differ");
  EXPECT_EQ(keys.at({"clock_mhz"}, "small"), "250.0");
  EXPECT_EQ(keys.at({"clock_mhz"}, "large"), "500.0");
  EXPECT_EQ(keys.at({"dram.kind"}, "small"), "lpddr4");
  EXPECT_EQ(keys.at({"dram.kind"}, "large"), "hbm2");
  EXPECT_EQ(keys.at({"array.rows"}, "large"), "16");
  EXPECT_EQ(keys.at({"array.columns"}, "large"), "24");
  EXPECT_EQ(keys.at({"technology"}, "bf16_32x32"), "7nm, 45nm");
  for (const std::vector<std::string>& row : keys.rows) EXPECT_NE(row[0], "lowering") << "all have the same";
}

void expect_energies(const ShownDemo& shown) {
  const ShownTable& totals = shown.page.table("Energy in microjoules");
  const std::vector<std::string> names = QUATRAIN_HAS_SYSTEMC
                                             ? std::vector<std::string>{"large", "small", "bf16_32x32"}
                                             : std::vector<std::string>{"bf16_32x32", "large", "small"};
  const std::string first_node = QUATRAIN_HAS_SYSTEMC ? "45nm" : "7nm";
  const json& chart = shown.page.chart(
      fmt::format("Energy by layer and phase at {}: low to high, nominal marked", first_node));
  EXPECT_EQ(chart.at("kind"), "ranges");
  EXPECT_EQ(chart.at("yLabel"), "microjoules");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& name = names[i];
    const DesignSums& design = shown.designs.at(name);
    for (const std::string node : {"7nm", "45nm"}) {
      SCOPED_TRACE(name + " at " + node);
      const EnergySums all = design.all.energy_pj.at(node);
      EXPECT_LT(all.low, all.nominal);
      EXPECT_LT(all.nominal, all.high);
      expect_bounds(totals, {node, name}, all);
      const json& lines = design.file.at("technologies").at(node).at("components");
      EXPECT_EQ(totals.at({node, name}, "kind of the constants"), kinds_of(lines, ""));
      EXPECT_EQ(totals.at({node, name}, "their voltages"),
                node == "45nm" ? "0.9 V (assumed), 0.9 V, 1.1 V, not stated" : "0.7 V (assumed), not stated");
      const json& entry = shown.json_at("/simulation/" + name + "/technologies/" + node);
      EXPECT_NEAR(entry.at("energy_pj_low").get<double>(), all.low, 1e-9 * all.low);
      EXPECT_NEAR(entry.at("energy_pj_nominal").get<double>(), all.nominal, 1e-9 * all.nominal);
      EXPECT_NEAR(entry.at("energy_pj_high").get<double>(), all.high, 1e-9 * all.high);

      const ShownTable& parts =
          shown.page.table(fmt::format("Energy by layer and phase at {}, microjoules", node));
      for (std::size_t place = 0; place < design.places.size(); ++place) {
        const std::string layer = design.places[place].first, phase = design.places[place].second;
        const EnergySums part = design.parts.at({layer, phase}).energy_pj.at(node);
        expect_bounds(parts, {layer, phase, name}, part);
        const json& all_parts = shown.json_at("/simulation/" + name + "/parts");
        const json& in_json =
            std::ranges::find_if(
                all_parts,
                [&](const json& other) { return other.at("layer") == layer && other.at("phase") == phase; })
                ->at("energy_pj")
                .at(node);
        EXPECT_NEAR(in_json.at("low").get<double>(), part.low, 1e-9 * part.low);
        EXPECT_NEAR(in_json.at("nominal").get<double>(), part.nominal, 1e-9 * part.nominal);
        EXPECT_NEAR(in_json.at("high").get<double>(), part.high, 1e-9 * part.high);
        if (node != first_node) continue;
        EXPECT_EQ(chart.at("labels").at(place), layer + " " + phase);
        EXPECT_EQ(chart.at("series").at(i).at("name"), name);
        EXPECT_NEAR(chart.at("series").at(i).at("y").at(place).get<double>(), part.nominal * 1e-6, 1e-9);
        EXPECT_NEAR(chart.at("series").at(i).at("bounds").at(place).at(0).get<double>(), part.low * 1e-6,
                    1e-9);
        EXPECT_NEAR(chart.at("series").at(i).at("bounds").at(place).at(1).get<double>(), part.high * 1e-6,
                    1e-9);
      }

      std::map<std::string, EnergySums> by_component;
      const ShownTable& folded =
          shown.page.table(fmt::format("Where the energy of {} goes at {}", name, node));
      ASSERT_EQ(folded.rows.size(), lines.size());
      for (std::size_t line = 0; line < lines.size(); ++line) {
        const json& component = lines.at(line);
        const std::string word = component.at("component");
        by_component[word].add(component.at("energy_pj"));
        const std::vector<std::string>& cells = folded.rows[line];
        EXPECT_EQ(cells.at(0), word);
        EXPECT_TRUE(shows(cells.at(1), component.at("events").get<double>()));
        EXPECT_EQ(cells.at(2), component.at("unit"));
        const std::vector<std::string> bounds = {"low", "nominal", "high"};
        for (std::size_t bound = 0; bound < 3; ++bound) {
          EXPECT_TRUE(
              shows(cells.at(3 + bound), component.at("pj_per_event").at(bounds[bound]).get<double>()));
          EXPECT_TRUE(
              shows(cells.at(6 + bound), component.at("energy_pj").at(bounds[bound]).get<double>() * 1e-6));
          EXPECT_EQ(folded.columns.at(3 + bound), "pJ each, " + bounds[bound]);
          EXPECT_EQ(folded.columns.at(6 + bound), "uJ, " + bounds[bound]);
        }
        EXPECT_EQ(cells.at(9), component.at("kind"));
        EXPECT_EQ(cells.at(10), component.at("source"));
        for (const char* key : {"component", "events", "unit", "pj_per_event", "energy_pj", "kind", "source"})
          EXPECT_EQ(entry.at("components").at(line).at(key), component.at(key));
      }
      const json& technology = design.file.at("technologies").at(node);
      EXPECT_EQ(entry.at("area_mm2"), technology.at("area_mm2"));
      ASSERT_EQ(entry.at("area").size(), technology.at("area").size());
      const ShownTable& areas =
          shown.page.table("Area in square millimetres, with the kind of its constants");
      json lines_of_area = technology.at("area");
      lines_of_area.push_back(
          {{"component", "total"}, {"area_mm2", technology.at("area_mm2")}, {"kind", ""}});
      for (const json& line : lines_of_area) {
        const std::string part = line.at("component");
        for (const char* bound : {"low", "nominal", "high"})
          EXPECT_TRUE(shows(areas.at({node, name, part}, bound), line.at("area_mm2").at(bound).get<double>()))
              << part << " " << bound;
        EXPECT_EQ(areas.at({node, name, part}, "kind"), line.at("kind"));
      }
      for (std::size_t part = 0; part < entry.at("area").size(); ++part)
        for (const char* key : {"component", "amount", "unit", "area_mm2", "kind"})
          EXPECT_EQ(entry.at("area").at(part).at(key), technology.at("area").at(part).at(key));
      const ShownTable& components = shown.page.table(
          fmt::format("Energy by component at {}, microjoules, with the kind of its constants", node));
      for (const auto& [word, energy] : by_component) {
        expect_bounds(components, {word, name}, energy);
        EXPECT_EQ(components.at({word, name}, "kind"), kinds_of(lines, word)) << word;
      }
    }
  }
  const bool replays = QUATRAIN_HAS_SYSTEMC;
  const std::string headline = replays ? "large" : shown.page.cards.at(2).label.substr(8);
  const EnergySums energy = shown.designs.at(headline).all.energy_pj.at(replays ? "45nm" : "7nm");
  EXPECT_EQ(shown.page.cards.at(2).label, "Cycles, " + headline);
  EXPECT_TRUE(
      shows(shown.page.cards.at(2).value, static_cast<double>(shown.designs.at(headline).all.cycles)));
  const std::string &value = shown.page.cards.at(3).value, &detail = shown.page.cards.at(3).detail;
  EXPECT_TRUE(shows(value.substr(0, value.find(" to ")), energy.low * 1e-6)) << value;
  EXPECT_TRUE(
      shows(value.substr(value.find(" to ") + 4, value.size() - value.find(" to ") - 7), energy.high * 1e-6));
  EXPECT_TRUE(shows(detail.substr(8, detail.find(" uJ") - 8), energy.nominal * 1e-6)) << detail;
  if (!replays) return;
  EXPECT_EQ(shown.page.cards.at(3).label, "Energy, large at 45nm");
  EXPECT_THAT(shown.page.cards.at(2).detail, HasSubstr("; the fastest of 2 replayed designs"));
  EXPECT_THAT(shown.page.cards.at(2).detail, HasSubstr(" ms at 500.0 MHz; replayed on SystemC"));
  EXPECT_TRUE(shows(shown.page.cards.at(2).detail.substr(0, shown.page.cards.at(2).detail.find(" ms")),
                    shown.designs.at("large").all.milliseconds));
}

void expect_steps(const ShownDemo& shown) {
  const std::string headline = QUATRAIN_HAS_SYSTEMC ? "large" : shown.page.cards.at(2).label.substr(8);
  ASSERT_EQ(shown.page.timelines.size(), 3U);
  EXPECT_THAT(shown.page.timelines[0].title, testing::StartsWith(headline + ": "));
  EXPECT_EQ(shown.json_at("/steps").size(), 3U);
  std::size_t joined = 0;
  for (const ShownTimeline& timeline : shown.page.timelines) {
    const std::string name = timeline.title.substr(0, timeline.title.find(": "));
    SCOPED_TRACE(name);
    const ProgramRun run = run_program(
        QUATRAIN_PROGRAM,
        fmt::format(
            "step {0}/demo/luq/simulation/{1}.json --network {0}/demo/luq/config.json --out {0}/steps",
            shown.folder.path().string(), name),
        shown.folder);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const json step = read_json(shown.folder / "steps" / (name + "-uneven.step.json"));
    expect_step_picture(timeline, step, joined);
    expect_step_table(shown.page.table("One training step, milliseconds"), name, step);
    EXPECT_EQ(shown.json_at("/steps/" + name), json({{"model", "uneven"},
                                                     {"batch", 8},
                                                     {"cycles", step.at("cycles")},
                                                     {"milliseconds", step.at("milliseconds")},
                                                     {"busy", step.at("busy")},
                                                     {"array_waits", array_waits(step)}}));
  }
}

}  // namespace quatrain::tests
