/// The whole line, on a small synthetic data set.
#include "tests/support/json_schema.hpp"
#include "tests/support/program.hpp"
#include "tests/support/synthetic_images.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <utility>

namespace quatrain::sim {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using tests::ProgramRun;

ProgramRun demo(const std::string& arguments, const tests::Folder& folder) {
  return tests::run_program(QUATRAIN_PROGRAM, "demo --quick " + arguments, folder);
}

/// As many images as configs/training/demo_quick.json takes, hard enough that every recipe stays stable.
void write_images(const std::filesystem::path& directory) {
  tests::write_synthetic_images(directory, 6000, 1000, {.noise = 200, .contrast = 24});
}

/// "1.5 s", "12 s", "1 min 02 s" behind `stage` in the table of times: seconds, and how far its rounding may
/// be off.
std::pair<double, double> printed_seconds(const std::string& text, const std::string& stage) {
  std::smatch found;
  const std::regex line("\n  " + stage + " +(?:(\\d+) min )?([\\d.]+) s\n");
  if (!std::regex_search(text, found, line)) return {-1, 0};
  const double minutes = found[1].matched ? std::stod(found[1]) : 0;
  return {60 * minutes + std::stod(found[2]), found[2].str().find('.') == std::string::npos ? 0.51 : 0.051};
}

TEST(DemoCommand, TrainsSimulatesVerifiesAndReports) {
  const tests::Folder folder;
  write_images(folder / "images");
  const std::string out = (folder / "demo").string();
  const ProgramRun run =
      demo(fmt::format("--threads 2 --out {} --data {}", out, (folder / "images").string()), folder);
  ASSERT_EQ(run.exit_code, 0) << run.err << run.out;
  EXPECT_EQ(run.err, "") << "progress goes to terminals only";
  EXPECT_THAT(run.out, EndsWith("\n" + out + "/report.html\n"));
  EXPECT_THAT(run.out,
              HasSubstr(fmt::format("[1/9] quatrain train demo_quick --quantize fp32 --out {}/fp32", out)));
  EXPECT_THAT(run.out, HasSubstr("time by stage"));

  const std::string stages = base::read_whole_file(folder / "demo/stages.json");
  EXPECT_EQ(tests::JsonSchema("stages").complaint(stages), "");
  double all = 0;
  for (const char* stage : {"train_fp32", "train_luq", "train_nearest", "trace_check", "study", "sim_luq_32x32",
                            "sim_bf16_32x32", "verify", "report"}) {
    const double seconds = json::parse(stages).at("seconds").at(stage);
    const auto [printed, off] = printed_seconds(run.out, stage);
    EXPECT_NEAR(printed, seconds, off) << stage;
    all += seconds;
  }
  const auto [printed_sum, off] = printed_seconds(run.out, "all");
  EXPECT_NEAR(printed_sum, all, off + 9 * 0.0005);  // the file has milliseconds

  const std::string text = base::read_whole_file(folder / "demo/report.json");
  EXPECT_EQ(tests::JsonSchema("report").complaint(text), "");
  const json report = json::parse(text);
  EXPECT_EQ(report.at("missing"), json::array());
  for (const char* recipe : {"fp32", "luq", "nearest"})
    EXPECT_GT(report.at("training").at(recipe).at("test_accuracy_percent"), 90.0) << recipe;
  EXPECT_EQ(report.at("records").at("equal"), true);
  EXPECT_GT(report.at("records").at("gemms"), 0);
  const json& machine = report.at("crosscheck").at("emu.naive");
  EXPECT_EQ(machine.at("gemms"), report.at("records").at("gemms"));
  EXPECT_EQ(machine.at("gemms_equal"), machine.at("gemms"));
  EXPECT_GT(report.at("simulation").at("luq_32x32").at("cycles"), 0);
  EXPECT_GT(report.at("simulation").at("bf16_32x32").at("technologies").at("7nm").at("energy_pj_low"), 0);
  EXPECT_FALSE(report.at("gradients").at("fidelity").empty());
}

TEST(DemoCommand, AFailingStageIsNamedAndItsExitCodeKept) {
  const tests::Folder folder;
  const std::string out = (folder / "demo").string();
  const ProgramRun run = demo(fmt::format("--out {} --data {}", out, (folder / "none").string()), folder);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr((folder / "none").string()));
  EXPECT_THAT(
      run.err,
      EndsWith(fmt::format(
          "error: demo: stage train_fp32 ended with exit code 2; what was complete stays in {}\n", out)));
}

TEST(DemoCommand, AFolderInUseIsRefused) {
  const tests::Folder folder;
  std::filesystem::create_directories(folder / "mine");
  base::write_whole_file(folder / "mine/file", "precious");
  const std::string mine = (folder / "mine").string();
  const ProgramRun run = demo("--out " + mine, folder);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err, fmt::format("error: {}: is not empty; expected a new folder\n", mine));
  EXPECT_EQ(tests::contents(folder / "mine"), std::set<std::string>{"file"});
}

/// A signal to the demo alone stops the stage that runs, and nothing comes after it.
TEST(DemoCommand, AnInterruptStopsTheStageAndIsExit130) {
  const tests::Folder folder;
  write_images(folder / "images");
  const std::string out = (folder / "demo").string();
  const std::string script = fmt::format(
      "{} demo --quick --out {} --data {} & demo=$!\n"
      "while [ ! -e {}/fp32/config.json ] && kill -0 $demo; do :; done\n"
      "kill -TERM $demo; wait $demo\n",
      QUATRAIN_PROGRAM, out, (folder / "images").string(), out);
  base::write_whole_file(folder / "script", script);
  const ProgramRun run = tests::run_program("sh", (folder / "script").string(), folder);
  EXPECT_EQ(run.exit_code, 130);
  EXPECT_EQ(run.err, "interrupted\ninterrupted\n") << "the stage, then the demo";
  EXPECT_FALSE(std::filesystem::exists(out + "/luq"));
}

}  // namespace
}  // namespace quatrain::sim
