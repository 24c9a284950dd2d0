#include "tests/sim/report/synthetic_run.hpp"
#include "tests/support/program.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <sys/stat.h>

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

/// The figures fit, the page does not: what was complete stays, nothing half-written.
TEST(ReportCommand, ADiskThatTakesNoMoreIsNamed) {
  const tests::Folder folder;
  tests::write_training_run(folder / "run", "luq", "90.75", 'c');
  const ProgramRun run = tests::run_program_on_full_disk(
      4, QUATRAIN_PROGRAM,
      fmt::format("report {0}/run --json {0}/out.json --html {0}/out.html", folder.path().string()), folder);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err,
            fmt::format("error: {}/out.html: cannot be written: File too large\n", folder.path().string()));
  EXPECT_FALSE(std::filesystem::exists(folder / "out.json")) << "both or none";
  EXPECT_FALSE(std::filesystem::exists(folder / "out.html.partial"));
}

TEST(ReportCommand, OutputsDoNotGoOverInputsOrEachOther) {
  const tests::Folder folder;
  tests::write_demo(folder / "demo");
  const std::string demo = (folder / "demo").string();
  const auto before = tests::contents(folder / "demo");
  for (const char* file : {"stages.json", "luq/config.json", "luq/trace/manifest.json", "luq/new.json"}) {
    const std::string json = demo + "/fp32/../" + file;
    const ProgramRun run = report(demo + " --json " + json, folder);
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(
        run.err,
        fmt::format("error: {}: is or may be a file of the run; expected another name, or a place outside "
                    "of {}\n",
                    json, demo));
  }
  const std::string one = (folder / "one").string();
  const ProgramRun run = report(fmt::format("{} --json {} --html {}", demo, one, one), folder);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err, fmt::format("error: {}: two results would go into this file; expected two names\n", one));
  EXPECT_EQ(tests::contents(folder / "demo"), before);
}

TEST(ReportCommand, APipeTakesThePageAndStaysOne) {
  const tests::Folder folder;
  tests::write_training_run(folder / "run", "luq", "90.75", 'c');
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const std::string at = folder.path().string();
  const ProgramRun run =
      tests::run_program(fmt::format("timeout 20 cat {0}/pipe >{0}/page & {1}", at, QUATRAIN_PROGRAM),
                         fmt::format("report {0}/run --html {0}/pipe", at), folder);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(std::filesystem::is_fifo(folder / "pipe"));
  EXPECT_THAT(run.out, EndsWith("/pipe\n"));
}

}  // namespace
}  // namespace quatrain::sim
