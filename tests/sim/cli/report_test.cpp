#include "tests/sim/report/synthetic_run.hpp"
#include "tests/support/program.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <string>

namespace quatrain::sim {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using tests::ProgramRun;

ProgramRun report(const std::string& arguments, const tests::Folder& folder) {
  return tests::run_program(QUATRAIN_PROGRAM, "report " + arguments, folder);
}

TEST(ReportCommand, WritesBothFilesIntoTheRunAndPrintsTheirPathsLast) {
  const tests::Folder folder;
  tests::write_demo(folder / "demo");
  const std::string demo = (folder / "demo").string();
  const ProgramRun run = report(demo, folder);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err, "");
  EXPECT_THAT(run.out, HasSubstr("90.75 %"));
  EXPECT_THAT(run.out, EndsWith(fmt::format("\n{}/report.json\n{}/report.html\n", demo, demo)));
  const auto figures = nlohmann::json::parse(traces::read_whole_file(folder / "demo/report.json"));
  EXPECT_EQ(figures.at("training").at("luq").at("test_accuracy_percent"), 90.75);
  EXPECT_THAT(traces::read_whole_file(folder / "demo/report.html"), HasSubstr("90.75 %"));
}

TEST(ReportCommand, TakesOtherPlaces) {
  const tests::Folder folder;
  tests::write_training_run(folder / "run", "luq", "90.75", 'c');
  const auto before = tests::contents(folder / "run");
  const ProgramRun run = report(
      fmt::format("{0}/run --html {0}/page.html --json {0}/figures.json", folder.path().string()), folder);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(std::filesystem::exists(folder / "page.html"));
  EXPECT_TRUE(std::filesystem::exists(folder / "figures.json"));
  EXPECT_EQ(tests::contents(folder / "run"), before);
}

TEST(ReportCommand, BadInputIsOneLineExitTwoAndNothingNew) {
  const tests::Folder folder;
  tests::write_demo(folder / "demo");
  tests::replace_in_file(folder / "demo/luq/crosscheck.json", "\"version\": 1", "\"version\": 2");
  const auto before = tests::contents(folder / "demo");
  const ProgramRun run = report((folder / "demo").string(), folder);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(
      run.err,
      fmt::format("error: {}/demo/luq/crosscheck.json: /version: found 2; expected an integer from 1 to 1\n",
                  folder.path().string()));
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(tests::contents(folder / "demo"), before);
}

/// The page's folder refuses the file: nothing half-written stays.
TEST(ReportCommand, AFailingWriteNamesTheFile) {
  const tests::Folder folder;
  tests::write_training_run(folder / "run", "luq", "90.75", 'c');
  const ProgramRun run = report((folder / "run").string() + " --html /dev/full/page.html", folder);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, testing::StartsWith("error: /dev/full/page.html"));
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1);
}

}  // namespace
}  // namespace quatrain::sim
