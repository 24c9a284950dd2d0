/// What study.html, results.json and the terminal say of a study: every figure counted again from the tables,
/// in the plainest way.
#include "tests/sim/cli/many_designs.hpp"
#include "tests/sim/report/page_reader.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <iterator>
#include <regex>
#include <set>
#include <utility>

namespace quatrain::tests {
namespace {

double number(const Row& row, const std::string& column) { return std::stod(row.at(column)); }

/// A design's sums over its rows, weights 2 and 1.
struct Counted {
  std::string name;
  std::map<std::string, double> of;  ///< "time", "energy", "energy_delay", "area", "low", "high", "kib"
  bool keeps = true;
};

Counted counted(const Row& a, const Row& b) {
  const auto sum = [&](const std::string& column) { return 2 * number(a, column) + number(b, column); };
  Counted one{.name = a.at("design"), .of = {}};
  one.of = {{"time", sum("milliseconds")},
            {"energy", 1e-6 * sum("energy_pj_7nm_nominal")},
            {"low", 1e-6 * sum("energy_pj_7nm_low")},
            {"high", 1e-6 * sum("energy_pj_7nm_high")},
            {"area", number(a, "area_mm2_7nm_nominal")},
            {"kib", number(a, "buffer_kib")}};
  one.of["energy_delay"] = one.of["time"] * one.of["energy"];
  return one;
}

/// On the front: no other design that keeps the constraints is at least as good in both and better in one.
bool is_on_front(const std::vector<Counted>& all, const Counted& one, const std::string& x,
                 const std::string& y) {
  const auto beats = [&](const Counted& other) {
    return other.keeps && other.of.at(x) <= one.of.at(x) && other.of.at(y) <= one.of.at(y) &&
           (other.of.at(x) < one.of.at(x) || other.of.at(y) < one.of.at(y));
  };
  return one.keeps && std::ranges::none_of(all, beats);
}

class StudyPage : public ManyDesigns {
 protected:
  static constexpr double most_area = 0.15;

  /// 24 designs, of which 6 no one can have, and some are too large.
  void sweep() {
    write_study({{"vary",
                  {{"array.rows", {8, 64, 0, 32}},
                   {"array.drain", {"serial", "shadow"}},
                   {"clock_mhz", {1000}},
                   {"dram.gib_per_s", {2, 1, 100}}}},
                 {"constraints", {{"area_mm2", most_area}}}});
    done = run("sweep study.json --out s");
    ASSERT_EQ(done.exit_code, 0) << done.err;
    rows = rows_of(folder / "s/designs.csv");
    for (std::size_t i = 0; i < rows.size(); i += 2) {
      if (!rows[i].at("refused").empty()) continue;
      designs.push_back(counted(rows[i], rows[i + 1]));
      designs.back().keeps = designs.back().of["area"] <= most_area;
    }
    std::ranges::stable_sort(
        designs, {}, [](const Counted& one) { return std::pair(!one.keeps, one.of.at("energy_delay")); });
    const std::vector<Row> base_rows = rows_of(folder / "s/base.csv");
    ASSERT_EQ(base_rows.size(), 2U);
    base = counted(base_rows[0], base_rows[1]);
    html = text("s/study.html");
    page = read_page(html);
    data = page_data(html);
  }

  static Json page_data(const std::string& of) {
    const std::string begin = "<script type=\"application/json\" id=\"page-data\">";
    const std::size_t at = of.find(begin) + begin.size();
    return Json::parse(of.substr(at, of.find("</script>", at) - at));
  }

  ProgramRun done;
  std::vector<Row> rows;
  std::vector<Counted> designs;  ///< those that were simulated, the best first
  Counted base;
  std::string html;
  ShownPage page;
  Json data;
};

TEST_F(StudyPage, TheHeadlineIsTheBestAndItsMargin) {
  sweep();
  ASSERT_EQ(designs.size(), 18U);
  const auto kept = std::ranges::count_if(designs, &Counted::keeps);
  ASSERT_GT(kept, 3);
  ASSERT_LT(kept, 18);
  const Counted& best = designs.front();
  ASSERT_GE(page.cards.size(), 4U);
  EXPECT_EQ(page.cards[0].label, "Least energy x delay");
  const double margin = base.of["energy_delay"] / best.of.at("energy_delay");
  std::smatch found;
  ASSERT_TRUE(std::regex_match(page.cards[0].value, found, std::regex("(.*) uJ x ms")));
  EXPECT_TRUE(shows(found[1], best.of.at("energy_delay"))) << found[1];
  const std::regex detail("(.*); (.*) (?:times less than|times that of) the base luq_32x32");
  ASSERT_TRUE(std::regex_match(page.cards[0].detail, found, detail)) << page.cards[0].detail;
  EXPECT_EQ(found[1], best.name);
  EXPECT_TRUE(shows(found[2], margin > 1 ? margin : 1 / margin)) << found[2] << " of " << margin;
  EXPECT_EQ(page.cards[0].detail.find("times less than") != std::string::npos, margin > 1);
  EXPECT_THAT(done.out, testing::HasSubstr(fmt::format("\nleast energy x delay: {}, {}{}\n", best.name,
                                                       page.cards[0].value,
                                                       page.cards[0].detail.substr(best.name.size()))));
  ASSERT_TRUE(std::regex_match(page.cards[1].value, found, std::regex("(.*) ms, (.*) uJ, (.*) mm2")));
  EXPECT_TRUE(shows(found[1], best.of.at("time")));
  EXPECT_TRUE(shows(found[2], best.of.at("energy")));
  EXPECT_TRUE(shows(found[3], best.of.at("area")));
  ASSERT_TRUE(
      std::regex_match(page.cards[1].detail, found, std::regex("the base: (.*) ms, (.*) uJ, (.*) mm2")));
  EXPECT_TRUE(shows(found[1], base.of["time"]));
  EXPECT_TRUE(shows(found[2], base.of["energy"]));
  EXPECT_TRUE(shows(found[3], base.of["area"]));
  EXPECT_EQ(page.cards[2].value, "24");
  EXPECT_EQ(page.cards[2].detail,
            fmt::format("{} keep the constraints, {} do not, 6 are refused", kept, 18 - kept));
  const auto front = std::ranges::count_if(
      designs, [&](const Counted& one) { return is_on_front(designs, one, "time", "energy"); });
  EXPECT_EQ(page.cards[3].value, fmt::format("{} designs", front));
  // base.csv is the design as it is.
  ASSERT_EQ(run("sim luq_32x32 a.csv --phases training --out one").exit_code, 0);
  ASSERT_EQ(run("sim luq_32x32 b.csv --batch 3 --out one").exit_code, 0);
  const auto alone = [&](const char* file) { return Json::parse(text(file))["milliseconds"].get<double>(); };
  EXPECT_DOUBLE_EQ(base.of["time"], 2 * alone("one/luq_32x32.a.json") + alone("one/luq_32x32.b.json"));
}

TEST_F(StudyPage, TheTableHasTheKeysThatDifferAndTheBestFirst) {
  sweep();
  const ShownTable& table = page.table("The best by energy x delay");
  EXPECT_THAT(table.columns, testing::ElementsAre("place", "array.rows", "array.drain", "dram.gib_per_s",
                                                  "energy x delay, uJ x ms", "ms", "uJ low", "nominal",
                                                  "high", "mm2", "watts", "buffer KiB", "design"));
  ASSERT_EQ(table.rows.size(), 19U) << "the base, and 18 designs";
  EXPECT_EQ(table.rows[0][0], "base");
  EXPECT_EQ(table.rows[0][1], "32");
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const Counted& one = i == 0 ? base : designs[i - 1];
    const std::string place = i == 0 ? "base" : one.keeps ? fmt::format("{}", i) : "beyond";
    EXPECT_EQ(table.rows[i][0], place);
    EXPECT_EQ(table.rows[i][12], one.name);
    const std::vector<double> expected = {one.of.at("energy_delay"),
                                          one.of.at("time"),
                                          one.of.at("low"),
                                          one.of.at("energy"),
                                          one.of.at("high"),
                                          one.of.at("area"),
                                          1e-3 * one.of.at("energy") / one.of.at("time"),
                                          one.of.at("kib")};
    for (std::size_t k = 0; k < expected.size(); ++k)
      EXPECT_TRUE(shows(table.rows[i][4 + k], expected[k]))
          << one.name << ": " << table.columns[4 + k] << " " << table.rows[i][4 + k] << " of " << expected[k];
    for (const Row& row : rows) {
      if (row.at("design") != one.name) continue;
      EXPECT_THAT(
          std::vector(table.rows[i].begin() + 1, table.rows[i].begin() + 4),
          testing::ElementsAre(row.at("array.rows"), row.at("array.drain"), row.at("dram.gib_per_s")));
    }
  }
  EXPECT_EQ(page.table("Combinations that no design can have").rows.size(), 6U);
}

TEST_F(StudyPage, MarksAndFrontsAreThoseOfTheTable) {
  sweep();
  const Json results = Json::parse(text("s/results.json"));
  EXPECT_EQ(JsonSchema("study_results").complaint(results.dump()), "");
  EXPECT_EQ(results["best"]["design"], designs.front().name);
  EXPECT_DOUBLE_EQ(results["best"]["objective_by_base"].get<double>(),
                   designs.front().of["energy_delay"] / base.of["energy_delay"]);
  EXPECT_EQ(results["designs"].size(), 24U);
  ASSERT_EQ(data["designs"].size(), designs.size());
  const std::vector<std::string> words = {"time", "energy", "energy_delay", "area"};
  for (std::size_t i = 0; i < designs.size(); ++i) {
    const Json& mark = data["designs"][i];
    EXPECT_EQ(mark["name"], designs[i].name);
    EXPECT_EQ(mark["keeps"], designs[i].keeps);
    for (const std::string& word : words)
      EXPECT_NEAR(mark[word].get<double>(), designs[i].of[word], 1e-6 * designs[i].of[word]) << word;
    const auto stored = std::ranges::find_if(
        results["designs"], [&](const Json& one) { return one["design"] == designs[i].name; });
    EXPECT_DOUBLE_EQ((*stored)["milliseconds"].get<double>(), designs[i].of["time"]);
    EXPECT_DOUBLE_EQ((*stored)["energy_pj"]["nominal"].get<double>(), 1e6 * designs[i].of["energy"]);
    EXPECT_DOUBLE_EQ((*stored)["area_mm2"].get<double>(), designs[i].of["area"]);
    for (std::size_t x = 0; x < words.size(); ++x)
      for (std::size_t y = 0; y < words.size(); ++y) {
        if (x == y) continue;
        const std::string pair = words[x] + "," + words[y];
        const bool is_on = is_on_front(designs, designs[i], words[x], words[y]);
        const auto has = [](const Json& list, const Json& item) {
          return std::ranges::find(list, item) != list.end();
        };
        EXPECT_EQ(has(data["fronts"][pair], i), is_on) << designs[i].name << " " << pair;
        EXPECT_EQ(has((*stored)["fronts"], pair), is_on && x < y) << designs[i].name << " " << pair;
      }
  }
}

TEST_F(StudyPage, EnergiesByComponentAddUpToTheTable) {
  sweep();
  const nlohmann::json& chart = page.chart("Energy by component, designs by energy x delay");
  EXPECT_EQ(chart["kind"], "stacked");
  ASSERT_EQ(chart["labels"].size(), 19U);
  EXPECT_EQ(chart["labels"][0], "base");
  EXPECT_EQ(chart["labels"][18], "18");
  std::size_t components = 0;
  for (const auto& series : chart["series"]) {
    ++components;
    const std::string column = fmt::format("energy_pj_7nm_{}_nominal", series["name"].get<std::string>());
    for (std::size_t i = 0; i < designs.size(); ++i) {
      double expected = 0, weight = 2;
      for (const Row& row : rows)
        if (row.at("design") == designs[i].name)
          expected += std::exchange(weight, 1) * 1e-6 * number(row, column);
      EXPECT_DOUBLE_EQ(series["y"][i + 1].get<double>(), expected) << column << " of " << designs[i].name;
    }
  }
  EXPECT_GT(components, 8U);
}

/// Of each layer what its rows in layers.csv and base_layers.csv say, design for design.
TEST_F(StudyPage, LayersAreThoseOfTheirTable) {
  sweep();
  std::size_t compared = 0;
  std::vector<Row> layers = rows_of(folder / "s/layers.csv");
  std::ranges::copy(rows_of(folder / "s/base_layers.csv"), std::back_inserter(layers));
  Json shown = data["designs"];
  shown.push_back(data["base"]);
  for (const Json& design : shown)
    for (std::size_t w = 0; w < 2; ++w) {
      const Json& shapes = data["workloads"][w]["layers"];
      const Json& figures = design["layers"][w];
      for (std::size_t i = 0; i < shapes.size(); ++i)
        for (const Row& row : layers) {
          if (row.at("design") != design["name"] || row.at("workload") != (w == 0 ? "a" : "b") ||
              row.at("layer") != shapes[i]["layer"] || row.at("phase") != shapes[i]["phase"])
            continue;
          ++compared;
          EXPECT_EQ(shapes[i]["macs"].get<double>(), number(row, "macs"));
          const auto sum = [&](const std::vector<std::string>& columns) {
            double all = 0;
            for (const std::string& column : columns) all += number(row, column);
            return all;
          };
          EXPECT_EQ(figures["moved"][i].get<double>(),
                    sum({"bytes_left", "bytes_right", "bytes_result", "bytes_accumulator"}));
          EXPECT_EQ(figures["compulsory"][i].get<double>(),
                    sum({"compulsory_bytes_left", "compulsory_bytes_right", "compulsory_bytes_result"}));
          EXPECT_EQ(figures["quantizer"][i].get<double>(), sum({"bytes_quantizer"}));
          const double longer = std::max(number(row, "milliseconds"), number(row, "longer_milliseconds"));
          EXPECT_NEAR(figures["milliseconds"][i].get<double>(), longer, 1e-6 * longer);
          // Under the roof.
          const double rate = number(row, "macs") / (1e-3 * longer);
          EXPECT_LE(rate, 1.000001 * design["peak"].get<double>());
          EXPECT_LE(rate, 1.000001 * design["bytes_per_s"].get<double>() * number(row, "macs") /
                              sum({"bytes_left", "bytes_right", "bytes_result", "bytes_accumulator",
                                   "bytes_quantizer"}));
        }
      EXPECT_EQ(design["peak"].get<double>(),
                std::stod(design["values"][0].get<std::string>()) * 32 * 1000 * 1e6);
      EXPECT_EQ(design["bytes_per_s"].get<double>(),
                std::stod(design["values"][3].get<std::string>()) * 1024 * 1024 * 1024);
    }
  EXPECT_EQ(compared, 19U * (6 + 1)) << "18 designs and the base";
}

/// The page's one config with what differs is what `sim` says of the design. Keys come, go and change.
TEST_F(StudyPage, ConfigsAreWhole) {
  write_study({{"vary",
                {{"array.rows", nullptr},
                 {"clock_mhz", nullptr},
                 {"array.dataflow", {"output_stationary", "weight_stationary"}},
                 {"array.drain", {"serial", nullptr}},
                 {"array.preload", {"hidden", nullptr}},
                 {"mapping", {nullptr, {{"search", "dram_bytes"}}}},
                 {"quantizers", {nullptr, {{"lanes", 3}}}}}}});
  ASSERT_EQ(run("sweep study.json --out s").exit_code, 0);
  const Json whole = page_data(text("s/study.html"));
  std::size_t compared = 0;
  std::set<std::string> different;
  Json shown = whole["designs"];
  shown.push_back(whole["base"]);
  for (const Json& design : shown) {
    Json config = whole["config"];
    for (const Json& difference : design["config"]) {
      Json* place = &config;
      for (std::size_t i = 0; i + 1 < difference[0].size(); ++i)
        place = &(*place)[difference[0][i].get<std::string>()];
      const std::string key = difference[0].back();
      if (difference.size() == 1)
        EXPECT_EQ(place->erase(key), 1U) << key;
      else
        (*place)[key] = difference[1];
    }
    std::filesystem::remove_all(folder / "one");
    const ProgramRun one = run("sim luq_32x32 a.csv --out one" + design["set"].get<std::string>());
    ASSERT_EQ(one.exit_code, 0) << one.err;
    std::string file = one.out.substr(one.out.rfind('\n', one.out.size() - 2) + 1);
    file.pop_back();
    EXPECT_EQ(nlohmann::json::parse(config.dump()), nlohmann::json::parse(text(file))["config"]) << file;
    different.insert(config.dump());
    ++compared;
  }
  EXPECT_EQ(different.size(), compared) << "names differ";
  EXPECT_EQ(compared, 7U) << "with and without lanes: blocks or not, weights held without blocks; the base";
}

/// Each command runs as it stands and gives the figures of its design; the report of the folder is the same
/// page, also from another folder.
TEST_F(StudyPage, ItsCommandsMakeItAgain) {
  sweep();
  const auto pasted = [&](const std::string& command, const std::string& where) {
    const std::string program = "quatrain ";
    EXPECT_TRUE(command.starts_with(program)) << command;
    return run_program("cd " + where + " && " + QUATRAIN_PROGRAM, command.substr(program.size()), folder);
  };
  const std::string here = folder.path().string();
  const Json& chosen = data["designs"][3];
  const std::string set = chosen["set"];
  double milliseconds = 0, weight = 2;
  for (const Json& workload : data["workloads"]) {
    const ProgramRun one = pasted(workload["command"].get<std::string>() + set, here);
    ASSERT_EQ(one.exit_code, 0) << one.err;
    const std::string file = one.out.substr(one.out.rfind('\n', one.out.size() - 2) + 1);
    milliseconds += std::exchange(weight, 1) *
                    Json::parse(text(file.substr(0, file.size() - 1)))["milliseconds"].get<double>();
  }
  EXPECT_NEAR(milliseconds, chosen["time"].get<double>(), 1e-6 * milliseconds);
  ASSERT_EQ(page.commands.size(), 2U);
  std::filesystem::create_directory(folder / "elsewhere");
  const ProgramRun shown =
      run_program("cd " + here + "/elsewhere && " + QUATRAIN_PROGRAM, "report ../s --html page.html", folder);
  ASSERT_EQ(shown.exit_code, 0) << shown.err;
  const std::string other = text("elsewhere/page.html");
  Json again = page_data(other), mine = data;
  for (Json* one : {&again, &mine})
    for (Json& workload : (*one)["workloads"]) workload.erase("command");
  EXPECT_TRUE(again == mine);
  for (const std::string& command : read_page(other).commands)
    EXPECT_EQ(pasted(command, here + "/elsewhere").exit_code, 0) << command;
  const auto but_for_paths = [](std::vector<Row> of) {
    for (Row& row : of) row.erase("file");
    return of;
  };
  EXPECT_TRUE(but_for_paths(rows_of(folder / "s-again/designs.csv")) == but_for_paths(rows));
}

TEST_F(StudyPage, WhatIsMissingIsNamed) {
  sweep();
  std::filesystem::remove(folder / "s/base.csv");
  expect_refused("report s",
                 "s/base.csv: is missing; expected the tables that `quatrain sweep` writes beside "
                 "results.json");
  write("s/base.csv", "nothing\n");
  expect_refused("report s", "s/base.csv: no column 'values'; expected a table of this version");
}

}  // namespace
}  // namespace quatrain::tests
