/// Sections of a page from findings that a healthy demo does not have: machines that differ, records that
/// are not supported, only some images of a batch, names with numbers in them.
#include "sim/report/sections.hpp"

#include "sim/report/json.hpp"
#include "tests/sim/report/synthetic_run.hpp"
#include "tests/support/folder.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace quatrain::sim::report {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;

std::vector<std::string> texts(const std::vector<Cell>& row) {
  std::vector<std::string> cells;
  for (const Cell& cell : row) cells.push_back(cell.text);
  return cells;
}

const Table& table_of(const Section& section, const std::string& title) {
  const auto found = std::ranges::find(section.tables, title, &Table::title);
  if (found == section.tables.end()) throw std::runtime_error("no table " + title);
  return *found;
}

Difference difference(const char* layer) {
  Difference difference;
  difference.what = "result";
  difference.layer = layer;
  difference.part = traces::Phase::forward;
  difference.expected = "17";
  difference.got = "18";
  return difference;
}

MachineFindings machine(const char* name, const char* ran_on, std::uint64_t gemms,
                        std::uint64_t gemms_equal) {
  MachineFindings found;
  found.name = name;
  found.ran_on = ran_on;
  found.gemms = gemms;
  found.gemms_equal = gemms_equal;
  return found;
}

/// "known" and "unknown" differ, in other numbers of records and elements; "picky" refuses records.
Report with_differences() {
  Report report;
  CrossCheck& check = report.crosscheck.emplace();
  check.records = {
      .gemms = 20, .quantizers = 30, .accumulators = 4000, .codes = 5000, .macs = {6000, 700, 80}};
  MachineFindings known = machine("known", "A", 20, 18);
  known.quantizers = 30;
  known.quantizers_equal = 25;
  known.different_elements = 1234;
  known.first_difference = difference("first");
  MachineFindings unknown = machine("unknown", "B", 20, 9);
  unknown.different_elements = 2345;
  unknown.uncounted_records = 3;
  unknown.first_difference = difference("second");
  MachineFindings picky = machine("picky", "C", 1, 1);
  picky.unsupported = {{"a", "no groups"}, {"b", "no lanes"}, {"c", "no groups"}, {"d", "no groups"},
                       {"e", "no lanes"},  {"f", "no lanes"}, {"g", "no lanes"}};
  check.machines = {known, unknown, picky};
  return report;
}

TEST(ReportSections, DifferencesAreCountedInRecordsAndInElements) {
  const Section section = crosscheck_section(with_differences()).value();
  const Table& table = table_of(section, "First difference of each machine");
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_THAT(
      texts(table.rows[0]),
      ElementsAre("known", "7", "1,234", "layer first, step 0, train, forward: result: expected 17, got 18"));
  EXPECT_THAT(texts(table.rows[1]),
              ElementsAre("unknown", "11", "at least 2,345",
                          "layer second, step 0, train, forward: result: expected 17, got 18"));
}

TEST(ReportSections, UnsupportedRecordsAreCountedByReasonAndThreeAreNamed) {
  const Section section = crosscheck_section(with_differences()).value();
  const Table& table = table_of(section, "Records that a machine does not support");
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_THAT(texts(table.rows[0]), ElementsAre("picky", "3", "no groups", "a, c, d"));
  EXPECT_THAT(texts(table.rows[1]), ElementsAre("picky", "4", "no lanes", "b, e, f, ..."));
}

TEST(ReportSections, AKernelThatGaveNoResultIsCountedByWhatItDid) {
  Report report = with_differences();
  report.crosscheck->machines[1].misbehaved = {{"a", Misbehaviour::hang, "no answer"},
                                               {"b", Misbehaviour::crash, "signal 11"},
                                               {"c", Misbehaviour::hang, "no answer either"}};
  const Section section = crosscheck_section(report).value();
  const Table& table = table_of(section, "Kernels that did not give a result");
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_THAT(texts(table.rows[0]), ElementsAre("unknown", "crash", "1", "b", "signal 11"));
  EXPECT_THAT(texts(table.rows[1]), ElementsAre("unknown", "hang", "2", "a", "no answer"));
}

TEST(ReportSections, ATraceAloneAndAContradictionAreDifferentThings) {
  Report report = with_differences();
  report.crosscheck->trace_alone = {"alone 1", "alone 2"};
  report.crosscheck->contradictions = {"contradicts itself"};
  const Section section = crosscheck_section(report).value();
  const Table& alone =
      table_of(section, "Records in which all machines agree with each other and not with the trace");
  ASSERT_EQ(alone.rows.size(), 2U);
  EXPECT_EQ(alone.rows[1][0].text, "alone 2");
  const Table& contradictions = table_of(section, "Records that contradict themselves");
  ASSERT_EQ(contradictions.rows.size(), 1U);
  EXPECT_EQ(contradictions.rows[0][0].text, "contradicts itself");
  const json figures = json::parse(render_json(report));
  EXPECT_EQ(figures.at("records").at("trace_alone"), json({"alone 1", "alone 2"}));
  EXPECT_EQ(figures.at("records").at("contradictions"), json({"contradicts itself"}));
}

TEST(ReportSections, TheVerdictsCardTellsFourCasesApart) {
  Report report = with_differences();
  const auto card = [&] { return make_page(report).figures.at(0); };
  EXPECT_EQ(card().value, "DIFFERENT on 2 of 3 machines");
  EXPECT_EQ(card().tone, Tone::bad);
  auto& check = *report.crosscheck;
  check.machines.erase(check.machines.begin(), check.machines.begin() + 2);
  EXPECT_EQ(card().value, "equal on 1 machines");
  EXPECT_EQ(card().tone, Tone::good);
  check.contradictions = {"contradicts itself"};
  EXPECT_EQ(card().value, "the trace contradicts itself");
  EXPECT_EQ(card().tone, Tone::bad);
  check.contradictions.clear();
  check.machines[0].gemms = check.machines[0].gemms_equal = 0;
  check.machines[0].why_not = "no lanes";
  EXPECT_EQ(card().value, "nothing was compared");
  EXPECT_EQ(card().tone, Tone::bad);
}

TEST(ReportSections, KernelsOnAGpuAreToldFromThoseOnTheCpu) {
  CrossCheck check;
  for (const auto& [name, ran_on] : {std::pair{"emu.naive", "scalar C++"},
                                     {"cuda.naive", "GPU X, driver 1"},
                                     {"cuda.tiled", "GPU X, driver 1"},
                                     {"simt.naive", "CPU fibers"}})
    check.machines.push_back(machine(name, ran_on, 1, 1));
  EXPECT_EQ(
      where_kernels_ran(check),
      "CUDA kernels on a GPU (GPU X, driver 1): cuda.naive, cuda.tiled. On the CPU runtime, from the same "
      "source: simt.naive.");
}

TEST(ReportSections, ImagesAreToldFromTheBatch) {
  Report report;
  study::RoundingEffect effect;
  effect.gain.mean = 1;
  report.gradients.emplace().gradients = {
      {.layer = "large", .step = 7, .images = 3, .batch = 8, .effects = {effect}}};
  EXPECT_THAT(gradient_section(report).value().limits,
              Contains("large, step 7: over the first 3 of 8 images, to bound the time."));
  const json entry = json::parse(render_json(report)).at("gradients").at("fidelity").at(0);
  EXPECT_EQ(entry.at("images"), 3);
  EXPECT_EQ(entry.at("batch"), 8);
}

TEST(ReportSections, ASubtitleForEachKind) {
  Report report;
  report.subject = "mine";
  const auto subtitle = [&](const char* kind) {
    report.kind = kind;
    const Page page = make_page(report);
    EXPECT_EQ(page.title, "Quatrain report: mine");
    return page.subtitle;
  };
  EXPECT_THAT(subtitle("demo"), testing::HasSubstr("three training runs"));
  EXPECT_EQ(subtitle("run"), "One training run, and what was computed from its trace");
  EXPECT_EQ(subtitle("simulations"), "Accelerators on one trace");
}

/// Copies of a simulation under other names.
TEST(ReportSections, DesignsStandInTheOrderOfTheNumbersInTheirNames) {
  const tests::Folder folder;
  tests::write_demo(folder.path());
  const std::string text = base::read_whole_file(folder / "luq/simulation/luq_32x32.json");
  std::filesystem::create_directory(folder / "study");
  for (const std::string name : {"array_10", "array_9", "array_8x16", "array_8x4", "array_100"}) {
    std::string copy = text;
    for (std::size_t at = 0; (at = copy.find("luq_32x32", at)) != std::string::npos;)
      copy.replace(at, 9, name);
    base::write_whole_file(folder / "study" / (name + ".json"), copy);
  }
  const Report report = read_report(folder / "study");
  std::vector<std::string> labels;
  for (const Design& design : report.designs) labels.push_back(design.label);
  EXPECT_THAT(labels, ElementsAre("array_8x4", "array_8x16", "array_9", "array_10", "array_100"));
}

TEST(ReportSections, AReplayThatDiffersIsRedAndAnEqualOneIsNot) {
  const tests::Folder folder;
  tests::write_demo(folder.path());
  const auto tone = [&] {
    const Section section = simulation_section(read_report(folder.path())).value();
    return table_of(section, "Cycles").rows.at(0).back().tone;
  };
  EXPECT_EQ(tone(), Tone::plain);
  tests::replace_in_file(folder / "luq/simulation/luq_32x32.json", "\"cycles_equal\": true",
                         "\"cycles_equal\": false");
  EXPECT_EQ(tone(), Tone::bad);
}

/// A limit of all designs is said once, another with its design's name.
TEST(ReportSections, SharedLimitsAreSaidOnce) {
  const tests::Folder folder;
  tests::write_demo(folder.path());
  const auto limits = [&] { return simulation_section(read_report(folder.path())).value().limits; };
  EXPECT_THAT(limits(), ElementsAre("luq_32x32: limit of luq_32x32", "bf16_32x32: limit of bf16_32x32"));
  for (const char* name : {"luq_32x32", "bf16_32x32"})
    tests::replace_in_file(folder / "luq/simulation" / (std::string(name) + ".json"),
                           fmt::format("[\"limit of {}\"]", name),
                           fmt::format("[\"of all\", \"limit of {}\"]", name));
  EXPECT_THAT(limits(),
              ElementsAre("of all", "luq_32x32: limit of luq_32x32", "bf16_32x32: limit of bf16_32x32"));
}

/// Without an ended epoch there is no accuracy to draw.
TEST(ReportSections, ARunWithoutAnEndedEpochHasNoEmptyChartsAndTables) {
  Report report;
  report.training.emplace_back().step_losses = {3, 2};
  const Section section = training_section(report).value();
  ASSERT_EQ(section.charts.size(), 1U);
  EXPECT_EQ(section.charts[0].title, "Training loss by step");
  for (const Table& table : section.tables)
    EXPECT_TRUE(!table.rows.empty() || table.title == "Network") << table.title;
}

}  // namespace
}  // namespace quatrain::sim::report
