#include "sim/report/html.hpp"
#include "sim/report/json.hpp"
#include "sim/report/sections.hpp"
#include "sim/report/terminal.hpp"
#include "tests/sim/report/page_reader.hpp"
#include "tests/sim/report/synthetic_run.hpp"
#include "tests/support/folder.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace quatrain::sim::report {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

struct Rendered {
  std::string terminal, html;
  json figures;
  explicit Rendered(const std::filesystem::path& directory) {
    const Report report = read_report(directory);
    const Page page = make_page(report);
    terminal = tests::on_one_line(render_terminal(page));
    html = render_html(page, "");
    figures = json::parse(render_json(report));
  }
  json at(const std::string& pointer) const { return figures.at(json::json_pointer(pointer)); }
};

TEST(ReportRenderings, ALongLossCurveIsTheMeansOfStretchesTheLastOneShorter) {
  Report report;
  TrainingRun& run = report.training.emplace_back();
  for (int step = 0; step < 244; ++step) run.step_losses.push_back(static_cast<float>(step % 2));
  run.step_losses.push_back(7);  // 245 steps: 81 stretches of 3 and one of 2
  const Chart chart = training_section(report).value().charts.at(0);
  EXPECT_EQ(chart.title, "Training loss, mean of 3 steps");
  const std::vector<double>&x = chart.series.at(0).x, &y = chart.series.at(0).y;
  ASSERT_EQ(y.size(), 82U);
  EXPECT_EQ(std::vector<double>(x.begin(), x.begin() + 2), (std::vector<double>{1, 4}));
  EXPECT_EQ(std::vector<double>(y.begin(), y.begin() + 2), (std::vector<double>{1.0 / 3, 2.0 / 3}));
  EXPECT_EQ(x.back(), 243.5);
  EXPECT_EQ(y.back(), 4);  // (1 + 7) / 2
}

TEST(ReportRenderings, JsonHasTheFiguresThatOtherProgramsReadFromTheirInputs) {
  const tests::Folder folder;
  tests::write_demo(folder.path());
  const Rendered rendered(folder.path());
  const auto expect = [&](const std::string& pointer, const json& value) {
    EXPECT_EQ(rendered.at(pointer), value) << pointer;
  };
  expect("/training/fp32/test_accuracy_percent", 91.25);
  expect("/training/luq/test_accuracy_percent", 90.75);
  expect("/training/nearest/test_accuracy_percent", 89.5);
  expect("/training/luq/state_hash", std::string(64, 'c'));
  expect("/training/nearest/epochs", 2);
  expect("/training/luq/metrics/0/test_accuracy_percent", 70.5);
  expect("/training/luq/metrics/1/learning_rate", 0.025);
  expect("/records/gemms", 31);
  expect("/records/macs", 33000);
  expect("/records/equal", true);
  expect("/records/kernels", "No GPU took part. On the CPU runtime, from the same source: simt.naive.");
  expect("/crosscheck/emu.naive/gemms", 41);
  expect("/crosscheck/emu.naive/gemms_equal", 41);
  expect("/crosscheck/emu.naive/quantizers", 42);
  expect("/crosscheck/emu.naive/quantizers_equal", 42);
  expect("/crosscheck/emu.naive/elements", 43000);
  expect("/crosscheck/emu.naive/macs", 44000);
  expect("/crosscheck/systemc.array/ran_on", "SystemC 2.3.4");
  expect("/crosscheck/systemc.array/unsupported/0/record", "0/train/conv_groups/forward");
  expect("/crosscheck/cuda.naive/verdict", "skipped");
  expect("/crosscheck/cuda.naive/reason", "no GPU here");
  expect("/simulation/luq_32x32/cycles", 8016);
  expect("/simulation/bf16_32x32/cycles", 8048);
  expect("/simulation/luq_32x32/technologies/7nm/energy_pj_low", 16e6);
  expect("/simulation/luq_32x32/technologies/7nm/energy_pj_nominal", 17e6);
  expect("/simulation/luq_32x32/technologies/7nm/energy_pj_high", 18e6);
  expect("/simulation/bf16_32x32/technologies/45nm/energy_pj_high", 60e6);
  expect("/simulation/luq_32x32/replay/pe_tiles_checked", 28);
  expect("/simulation/bf16_32x32/replay", nullptr);
  expect("/simulation/luq_32x32/activity/left_toggles", 73);
  expect("/simulation/luq_32x32/parts/0/energy_pj/7nm/nominal", 32e6);
  expect("/seconds/train_fp32", 11.5);
  expect("/seconds/verify", 12.25);
  expect("/missing", json::array());
  EXPECT_FALSE(rendered.at("/gradients/fidelity").empty());
}

TEST(ReportRenderings, TextAndPageShowTheSameFigures) {
  const tests::Folder folder;
  tests::write_demo(folder.path());
  const Rendered rendered(folder.path());
  for (const std::string& text : {rendered.terminal, rendered.html}) {
    for (const char* figure : {"91.25 %",
                               "90.75 %",
                               "89.50 %",
                               "cccccccccccc",
                               "41/41",
                               "42/42",
                               "43,000",
                               "44,000",
                               "SystemC 2.3.4",
                               "no GPU here",
                               "No GPU took part.",
                               "8,016",
                               "8,048",
                               "overall utilization",
                               "0.2 %",
                               "derived+assumed",
                               "32.00",
                               "limit of luq_32x32",
                               "11.5",
                               "quatrain verify it",
                               "Scope: all of it.",
                               "27 of 27 GEMMs"})
      EXPECT_THAT(text, HasSubstr(figure));
    EXPECT_THAT(text, Not(HasSubstr("DIFFERENT")));
    EXPECT_THAT(text, Not(HasSubstr("Not in this report")));
  }
  EXPECT_THAT(rendered.html, HasSubstr("groups &amp; &lt;such&gt;")) << "details are folded, not left out";
}

/// The figures of the fidelity table are those of the study.
TEST(ReportRenderings, GradientFidelityIsShownByLayerStepAndRule) {
  const tests::Folder folder;
  tests::write_demo(folder.path());
  const Rendered rendered(folder.path());
  for (const json& row : rendered.at("/gradients/fidelity")) {
    const std::string gain = fmt::format("{:.4f}", row.at("gain").get<double>());
    EXPECT_THAT(rendered.terminal, HasSubstr(gain));
    EXPECT_THAT(rendered.html, HasSubstr(gain));
  }
}

TEST(ReportRenderingsPlantedFault, ADifferenceShowsInAllThree) {
  const tests::Folder folder;
  tests::write_demo(folder.path());
  const auto file = folder / "luq/crosscheck.json";
  tests::replace_in_file(file, "\"equal\": true", "\"equal\": false");
  tests::replace_in_file(file, "\"verdict\": \"equal\", \"reason\": null, \"ran_on\": \"SystemC",
                         "\"verdict\": \"different\", \"reason\": null, \"ran_on\": \"SystemC");
  tests::replace_in_file(file, "\"gemms_equal\": 51", "\"gemms_equal\": 50");
  tests::replace_in_file(file, "\"elements\": 53000, \"different_records\": 0",
                         "\"elements\": 53000, \"different_records\": 1");
  tests::replace_in_file(
      file, "\"reason\": \"groups & <such>\"}],\n    \"first_difference\": null",
      "\"reason\": \"groups & <such>\"}],\n    \"first_difference\": {\"what\": "
      "\"accumulator\", \"record\": \"r\", "
      "\"layer\": \"conv2\", \"step\": 7, \"pass\": \"train\", \"phase\": \"forward\", "
      "\"group\": 0, \"row\": 12, "
      "\"column\": 3, \"sample\": null, \"k\": 5, \"why_no_k\": null, \"element\": 99, "
      "\"expected\": \"17\", \"got\": \"18\", \"text\": \"layer conv2, step 7, train, forward, "
      "group 0, row 12, column 3 (element 99), k 5: accumulator: expected 17, got 18\"}");
  const Rendered rendered(folder.path());
  const std::string place =
      "layer conv2, step 7, train, forward, group 0, row 12, column 3 (element 99), k 5: accumulator: "
      "expected "
      "17, got 18";
  for (const std::string& text : {rendered.terminal, rendered.html}) {
    EXPECT_THAT(text, HasSubstr("DIFFERENT on 1 of 3 machines"));
    EXPECT_THAT(text, HasSubstr("50/51"));
    EXPECT_THAT(text, HasSubstr(place));
  }
  EXPECT_THAT(rendered.html, HasSubstr("<td class=\"left bad\">DIFFERENT</td>"));
  EXPECT_EQ(rendered.at("/crosscheck/systemc.array/verdict"), "different");
  EXPECT_EQ(rendered.at("/crosscheck/systemc.array/gemms_equal"), 50);
  EXPECT_EQ(rendered.at("/crosscheck/systemc.array/first_difference"), place);
  EXPECT_EQ(rendered.at("/records/equal"), false);
}

TEST(ReportRenderingsPlantedFault, AReplayThatDiffersShowsInAllThree) {
  const tests::Folder folder;
  tests::write_demo(folder.path());
  const auto file = folder / "luq/simulation/luq_32x32.json";
  tests::replace_in_file(file, "\"gemms_equal\": 27, \"cycles_equal\": true",
                         "\"gemms_equal\": 26, \"cycles_equal\": false");
  tests::replace_in_file(file, "\"differences\": []",
                         "\"differences\": [\"conv2 forward: 9 cycles, expected 8\"]");
  const Rendered rendered(folder.path());
  for (const std::string& text : {rendered.terminal, rendered.html}) {
    EXPECT_THAT(text, HasSubstr("26 of 27 GEMMs"));
    EXPECT_THAT(text, HasSubstr("DIFFERENT, 28 tiles"));
    EXPECT_THAT(text, HasSubstr("conv2 forward: 9 cycles, expected 8"));
  }
  EXPECT_EQ(rendered.at("/simulation/luq_32x32/replay/cycles_equal"), false);
}

TEST(ReportRenderingsPlantedFault, AQuantizerReplayThatDiffersShowsInAllThree) {
  const tests::Folder folder;
  tests::write_demo(folder.path());
  tests::replace_in_file(
      folder / "luq/simulation/luq_32x32.json", "\"replay\": {\"fidelity\"",
      "\"quantizer_replay\": {\"quantizers\": 49, \"quantizers_equal\": 48, \"cycles_equal\": "
      "false, \"differences\": [\"conv2 weight: code 3 is 1\"]}, \"replay\": {\"fidelity\"");
  const Rendered rendered(folder.path());
  EXPECT_THAT(rendered.html,
              HasSubstr("27 of 27 GEMMs equal, cycles equal, 28 tiles at pe; 48 of 49 quantizers "
                        "equal, their cycles DIFFERENT"));
  for (const std::string& text : {rendered.terminal, rendered.html}) {
    EXPECT_THAT(text, HasSubstr("48 of 49 quantizers"));
    EXPECT_THAT(text, HasSubstr("conv2 weight: code 3 is 1"));
  }
  EXPECT_EQ(rendered.at("/simulation/luq_32x32/quantizer_replay/quantizers_equal"), 48);
  EXPECT_EQ(rendered.at("/simulation/luq_32x32/quantizer_replay/cycles_equal"), false);
}

TEST(ReportRenderings, MissingPartsAreNamedWithTheCommandThatMakesThem) {
  const tests::Folder folder;
  tests::write_training_run(folder / "mine", "luq", "90.75", 'c');
  const Rendered rendered(folder / "mine");
  const std::string run = (folder / "mine").string();
  const std::string command = fmt::format("quatrain train {0}/config.json --out {0}-again --trace", run);
  for (const std::string& text : {rendered.terminal, rendered.html}) {
    EXPECT_THAT(text, HasSubstr("Not in this report"));
    EXPECT_THAT(text, HasSubstr(command));
    EXPECT_THAT(text, Not(HasSubstr("Cycles and energy")));
  }
  EXPECT_EQ(rendered.at("/missing/0/how"), command);
  EXPECT_EQ(rendered.at("/missing/2/how"), nullptr) << "there is no trace to simulate";
  EXPECT_EQ(rendered.at("/crosscheck"), json::object());
  EXPECT_EQ(rendered.at("/records"), nullptr);
}

TEST(ReportRenderings, NoFigureClaimsOneDesignToBeSomeTimesBetter) {
  const tests::Folder folder;
  tests::write_demo(folder.path());
  const Rendered rendered(folder.path());
  for (const std::string& text : {rendered.terminal, rendered.html})
    for (const char* claim : {"times better", "times less", "times faster", "x better", "speedup"})
      EXPECT_THAT(text, Not(HasSubstr(claim)));
}

}  // namespace
}  // namespace quatrain::sim::report
