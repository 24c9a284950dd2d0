/// The program itself: exit codes, one-line errors, where output goes.
#include "tests/support/program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

namespace quatrain::sim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using tests::ProgramRun;

ProgramRun run_program(const std::string& arguments) {
  const tests::Folder folder;
  return tests::run_program(QUATRAIN_PROGRAM, arguments, folder);
}

/// stdout goes to `out`, as a shell takes it.
ProgramRun run_program_to(const std::string& out, const std::string& arguments) {
  const tests::Folder folder;
  return tests::run_program("sh -c 'exec " QUATRAIN_PROGRAM " " + arguments + " >" + out + "'", "", folder);
}

const std::string commands =
    "train, experiment, bisect, trace, sim, price, step, explain, sweep, verify, conformance, study, report, "
    "machines, demo";

void expect_bad_usage(const std::string& arguments, const std::string& message) {
  const ProgramRun run = run_program(arguments);
  EXPECT_EQ(run.exit_code, 2) << arguments;
  EXPECT_EQ(run.err, "error: " + message + "\n");
  EXPECT_EQ(run.out, "");
}

TEST(Program, HelpListsEveryCommandWithExamplesAndExitCodes) {
  const ProgramRun run = run_program("--help");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.err, "");
  for (const char* part : {"train ", "trace ", "sim ", "price ", "sweep ", "verify ", "report ", "machines ",
                           "demo ", "Examples:", "Exit codes:", "  130  interrupted"})
    EXPECT_THAT(run.out, HasSubstr(part));
}

TEST(Program, EveryCommandHasHelpWithAnExample) {
  for (const char* command :
       {"train", "trace", "sim", "price", "sweep", "verify", "report", "machines", "demo"}) {
    const ProgramRun run = run_program(std::string(command) + " --help");
    EXPECT_EQ(run.exit_code, 0) << command;
    EXPECT_THAT(run.out, HasSubstr("Example")) << command;
    EXPECT_THAT(run.out, HasSubstr(std::string("quatrain ") + command)) << command;
  }
}

TEST(Program, VersionNamesProgramNumericsAndFormat) {
  const ProgramRun run = run_program("--version");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.out, "quatrain " QUATRAIN_VERSION " (numerics strict4/1, trace format 1)\n");
}

TEST(Program, UsageErrorsAreOneLineAndExitTwo) {
  expect_bad_usage("", "no command; expected one of " + commands + " (see --help)");
  expect_bad_usage("tran", "unknown command 'tran'; expected one of " + commands + " (see --help)");
  expect_bad_usage("--nope", "unknown option '--nope'; expected one of " + commands + " (see --help)");
  expect_bad_usage("report", "RUN_DIR is required (see --help)");
  expect_bad_usage("report here --nope", "The following argument was not expected: --nope (see --help)");
  expect_bad_usage("demo --threads 0",
                   "--threads: found '0'; expected a whole number from 1 to 1024 (see --help)");
}

/// Names that somebody else chose: still one line, and nothing that a terminal obeys.
TEST(Program, AnErrorIsOneLineWhateverANameHolds) {
  const tests::Folder folder;
  std::filesystem::create_directories(folder / "a\nb\x1b[31m");
  const ProgramRun run = tests::run_program("cd " + folder.path().string() + " && " QUATRAIN_PROGRAM,
                                            "train 'a\nb\x1b[31m/none'", folder);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, StartsWith("error: a b\\x1b[31m/none"));
  EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1);
}

TEST(Program, AFullDiskBehindStdoutIsExitTwoWithTheReason) {
  for (const char* arguments : {"--version", "--help", "machines"}) {
    const ProgramRun run = run_program_to("/dev/full", arguments);
    EXPECT_EQ(run.exit_code, 2) << arguments;
    EXPECT_EQ(run.err, "error: standard output: No space left on device\n") << arguments;
  }
}

TEST(Program, AClosedStderrKeepsTheExitCode) {
  const tests::Folder folder;
  EXPECT_EQ(tests::run_program("sh -c 'exec " QUATRAIN_PROGRAM " nope 2>&-'", "", folder).exit_code, 2);
}

TEST(Program, APathThatCannotBeLookedAtIsBadInput) {
  const tests::Folder folder;
  std::filesystem::create_symlink("loop", folder / "loop");
  const std::string loop = (folder / "loop").string();
  const ProgramRun run = tests::run_program(QUATRAIN_PROGRAM, "train " + loop, folder);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err, "error: " + loop + ": Too many levels of symbolic links\n");
}

TEST(Program, NumbersArePlainDecimals) {
  for (const char* number : {"010", "0x10", "+5", "''", "' 1'", "1.0", "18446744073709551616"}) {
    const ProgramRun run = run_program(std::string("train demo_quick --data none --seed ") + number);
    EXPECT_EQ(run.exit_code, 2) << number;
    EXPECT_THAT(run.err, HasSubstr("; expected a whole number from 0 to 4294967295")) << number;
  }
  expect_bad_usage("demo --out ''", "--out: found ''; expected a value (see --help)");
}

TEST(Program, AClosedStdoutIsExitTwoWithTheReason) {
  const ProgramRun run = run_program_to("&-", "--version");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err, "error: standard output: Bad file descriptor\n");
}

}  // namespace
}  // namespace quatrain::sim
