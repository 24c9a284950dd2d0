/// quatrain verify --kernel, as a user types it: a right kernel is equal, and each way to misbehave is a
/// finding of the record, after which the rest is checked and nothing is left behind.
#include "tests/support/program.hpp"
#include "traces/base/strict_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace quatrain::tests {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

const std::string outside_trace = QUATRAIN_SOURCE_DIR "/tests/data/outside_trace";
/// Of its 47 GEMMs. The first is the first record that misbehaves.
constexpr int backward_data_gemms = 15;
const std::string first_record = "0/train/conv_a/backward_data";

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// Ids of the processes whose command line holds this text.
std::vector<std::string> processes_with(const std::string& text) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline");
    const std::string line{std::istreambuf_iterator<char>(file), {}};
    if (line.find(text) != std::string::npos) found.push_back(entry.path().filename());
  }
  return found;
}

class KernelCommand : public testing::Test {
 protected:
  /// A kernel that only this test has: its processes are those that name it.
  std::string kernel(const std::string& library = MISBEHAVING_KERNEL) const {
    const auto own = folder / "mine.so";
    if (!std::filesystem::exists(own)) std::filesystem::copy_file(library, own);
    return own.string();
  }

  /// `misbehaviour`: empty for none.
  ProgramRun verify(const std::string& misbehaviour, const std::string& arguments = "") const {
    return run_program(
        "cd " + work() + " && QUATRAIN_TEST_MISBEHAVIOUR=" + misbehaviour + " " QUATRAIN_PROGRAM,
        "verify " + outside_trace + " --kernel " + kernel() + " " + arguments, folder);
  }

  /// An empty folder, in which the command runs.
  std::string work() const {
    std::filesystem::create_directories(folder / "work");
    return (folder / "work").string();
  }

  /// What was killed may take a moment to go.
  void expect_nothing_left() const {
    for (int tries = 100; tries > 0 && !processes_with(kernel()).empty(); --tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_THAT(processes_with(kernel()), IsEmpty());
    EXPECT_THAT(contents(work()), IsEmpty());
  }

  /// The line that a machine's misbehaviour in its first record is told on.
  static std::string first_finding(const ProgramRun& run, const std::string& kind) {
    const std::string begin = "kernel.mine: " + kind + " in ";
    for (const std::string& line : lines_of(run.out))
      if (line.starts_with(begin)) return line.substr(begin.size());
    return "no line begins with " + begin + "; " + run.out + run.err;
  }

  /// Every record that misbehaves is a difference and all others are equal.
  void expect_finding(
      const std::string& misbehaviour, const std::string& kind, const std::string& text,
      const std::string& arguments = "",
      const std::string& rest = "kernel.mine gemms 32/47 quantizers 1/1 elements 30301 DIFFERENT") const {
    const ProgramRun run = verify(misbehaviour, arguments);
    EXPECT_EQ(run.exit_code, 1) << misbehaviour << run.err;
    EXPECT_THAT(first_finding(run, kind), MatchesRegex(first_record + ": " + text)) << misbehaviour;
    EXPECT_EQ(lines_of(run.out).back(), rest) << misbehaviour;
    expect_nothing_left();
  }

  Folder folder;
};

TEST_F(KernelCommand, TheTemplateIsEqualAndIsOneMoreMachine) {
  const ProgramRun run =
      run_program(QUATRAIN_PROGRAM, "verify " + outside_trace + " --kernel " + EXAMPLE_KERNEL, folder);
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.err, "");
  const auto lines = lines_of(run.out);
  EXPECT_EQ(lines.back(), "kernel.example_kernel gemms 47/47 quantizers 1/1 elements 53141 equal");
  EXPECT_EQ(lines[lines.size() - 17], "emu.blocked gemms 47/47 quantizers 53/53 elements 82590 equal");
  EXPECT_THAT(run.out,
              AllOf(HasSubstr("simt.naive gemms 0/0 quantizers 0/0 elements 0 skipped: not asked for"),
                    HasSubstr("  template in C (example_kernel.so)\n"),
                    HasSubstr(": only nearest_fp4 with an exact alpha\n")));
}

struct Case {
  const char *misbehaviour, *kind, *text;  ///< text: a regular expression
};

class KernelMisbehaves : public KernelCommand, public testing::WithParamInterface<Case> {};

TEST_P(KernelMisbehaves, IsAFindingThatNamesTheRecordAndTheRestIsChecked) {
  expect_finding(GetParam().misbehaviour, GetParam().kind, GetParam().text);
}

std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.misbehaviour; }

INSTANTIATE_TEST_SUITE_P(
    Crashes, KernelMisbehaves,
    testing::Values(
        Case{"null", "crash", "signal 11 \\(Segmentation fault\\); it .* address 0x10.* \\(first run\\)"},
        Case{"read_behind", "crash",
             "signal 11 .*; it (read|reached) behind the end of the left operand: byte 1566 of 1502 .*"},
        Case{"write_operand", "crash",
             "signal 11 .*; it (wrote|reached) byte 3 of the right operand, which is read-only .*"},
        Case{"write_far", "crash",
             "signal 11 .*; it (wrote|reached) behind the end of the accumulators: byte 270724 of 8580 .*"},
        Case{"recursion", "crash", "signal 11 .*; it .* address 0x[0-9a-f]+ .*"},
        Case{"abort", "crash", "signal 6 \\(Aborted\\) \\(first run\\)"},
        Case{"print_and_crash", "crash", "signal 11 \\(Segmentation fault\\) \\(first run\\)"}),
    name_of);
INSTANTIATE_TEST_SUITE_P(
    Ends, KernelMisbehaves,
    testing::Values(
        Case{"exit", "exit", "its process ended with exit code 3 \\(first run\\)"},
        Case{"exit_0", "exit", "its process ended with exit code 0 \\(first run\\)"},
        Case{"close_all", "exit", "the file descriptors of its process were closed \\(first run\\)"},
        Case{"exception", "exception", "a C\\+\\+ exception left it: tile 3 is missing \\(first run\\)"},
        Case{"other_exception", "exception",
             "a C\\+\\+ exception left it: no std::exception \\(first run\\)"}),
    name_of);
INSTANTIATE_TEST_SUITE_P(
    WrongResults, KernelMisbehaves,
    testing::Values(
        Case{"write_behind", "out_of_bounds",
             "wrote behind the end of the accumulators: bytes 8580 to 8583 of 8580 \\(first run\\)"},
        Case{"write_before", "out_of_bounds",
             "wrote before the beginning of the accumulators: 5 to 8 bytes before it \\(first run\\)"},
        Case{"unwritten", "unwritten", "1 of 2145 accumulators were not written, first element 2144"},
        Case{"adds", "unwritten",
             "2059 of 2145 accumulators keep a part of what stood there before, first element 0; expected "
             "each "
             "to be written, not added to"},
        Case{"order", "unsteady",
             "two runs differ in 1 of 2145 accumulators, first in element 1 \\(group 0, row 1, column 0\\): "
             "-9 "
             "in the first run, -8 in the second one"},
        Case{"calls", "unsteady",
             "two runs differ in 1 of 2145 accumulators, first in element 0 \\(group 0, row 0, column 0\\): "
             "12 in the first run, 13 in the second one"},
        Case{"reads_beside", "unsteady", "two runs differ in 1 of 2145 accumulators, first in element 0 .*"},
        Case{"fail", "failure", "no device for tile 3 \\(first run\\)"},
        Case{"fail_silently", "failure", "it gave no reason \\(first run\\)"},
        Case{"status", "failure",
             "it returned 7; expected QT_DONE, QT_REFUSED or QT_FAILED \\(first run\\)"}),
    name_of);

TEST_F(KernelCommand, AHangIsEndedWithItsChildren) {
  expect_finding("hang_with_children", "hang", "no answer within 1 s \\(first run\\)", "--kernel-time 1",
                 "kernel.mine gemms 46/47 quantizers 1/1 elements 48851 DIFFERENT");
}

TEST_F(KernelCommand, ChildrenOfARightKernelEndWithIt) {
  EXPECT_EQ(verify("children").exit_code, 0);
  expect_nothing_left();
}

TEST_F(KernelCommand, AWrongSumIsADifferenceWithItsElementAsOfAnyMachine) {
  const ProgramRun run = verify("wrong");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, HasSubstr("kernel.mine differs in 15 of 48 records, in 15 of 53141 elements\n"));
  EXPECT_THAT(
      run.out,
      HasSubstr("kernel.mine first difference: layer conv_a, step 0, train, backward_data, group 0, row "
                "428, column 4 (element 2144): accumulator: expected 4, got 5; no k: the machines "
                "differ even when every right code is zero\n"));
}

TEST_F(KernelCommand, AWrongProductIsFoundDownToK) {
  const ProgramRun run = verify("weight_5");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out, HasSubstr("kernel.mine first difference: layer conv_a, step 0, train, backward_data"));
  EXPECT_THAT(run.out, HasSubstr(", k "));
}

TEST_F(KernelCommand, AWrongScaleIsADifference) {
  const ProgramRun run = verify("scale");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out,
              HasSubstr("backward_data: scale: expected 3.552921e-05 (bits 38150533), got 7.105842e-05 "
                        "(bits 38950533); no k: every accumulator is equal"));
}

TEST_F(KernelCommand, ARefusedTaskIsSkippedWithItsReason) {
  const ProgramRun run = verify("refuse");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out,
              HasSubstr("\nkernel.mine does not support 15 records (0/train/conv_a/backward_data, "));
  EXPECT_THAT(run.out, HasSubstr(": no backward_data yet\n"));
  EXPECT_EQ(lines_of(run.out).back(), "kernel.mine gemms 32/32 quantizers 1/1 elements 30301 equal");
}

TEST_F(KernelCommand, AccumulatorsAloneAreComparedAndCountedAlone) {
  const ProgramRun run = verify("accumulators_alone");
  EXPECT_EQ(run.exit_code, 0);
  // 26503 accumulators and the 135 codes of the quantizer
  EXPECT_EQ(lines_of(run.out).back(), "kernel.mine gemms 47/47 quantizers 1/1 elements 26638 equal");
}

TEST_F(KernelCommand, AMissingFunctionIsSaidOnce) {
  const ProgramRun quantize = verify("only_quantize"), multiply = verify("only_multiply");
  EXPECT_THAT(quantize.out,
              HasSubstr("kernel.mine does not support any of 47 gemms: the kernel has no multiply\n"));
  EXPECT_EQ(lines_of(quantize.out).back(), "kernel.mine gemms 0/0 quantizers 1/1 elements 135 equal");
  EXPECT_THAT(multiply.out,
              HasSubstr("kernel.mine does not support any of 53 quantizers: the kernel has no quantize\n"));
  EXPECT_EQ(lines_of(multiply.out).back(), "kernel.mine gemms 47/47 quantizers 0/0 elements 53006 equal");
}

TEST_F(KernelCommand, QuantizersAreWatchedToo) {
  const auto line_of = [&](const std::string& misbehaviour, const std::string& kind) {
    const ProgramRun run = verify(misbehaviour);
    EXPECT_EQ(run.exit_code, 1);
    const std::string begin = "kernel.mine: " + kind + " in 1/train/linear_nearest/gradient/0: ";
    for (const std::string& line : lines_of(run.out))
      if (line.starts_with(begin)) return line.substr(begin.size());
    return run.out;
  };
  EXPECT_EQ(line_of("codes_unwritten", "unwritten"), "2 of 136 codes were not written, first element 0");
  EXPECT_EQ(
      line_of("codes_merged", "unwritten"),
      "53 of 136 codes keep a part of what stood there before, first element 6; expected each to be written, "
      "not added to");
  EXPECT_EQ(line_of("scale_unwritten", "unwritten"), "scale was not written");
  expect_nothing_left();
}

/// Also of quantizers that it refuses: what it did before does not count less.
TEST_F(KernelCommand, AWriteBehindTheCodesIsFound) {
  const ProgramRun run = verify("codes_behind");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.out,
              HasSubstr("kernel.mine: out_of_bounds in 0/train/conv_a/input: wrote behind the end of the "
                        "codes: bytes 1073 to 1073 of 1073 (first run)\n"));
  EXPECT_THAT(run.out, HasSubstr("kernel.mine misbehaved in 43 more records\n"));
}

/// Nothing of it reaches stdout, where the JSON goes.
TEST_F(KernelCommand, WhatAKernelPrintsGoesToStderrWithItsName) {
  const ProgramRun run = verify("print", "--json /dev/stdout");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, Not(HasSubstr("a line")));
  const auto lines = lines_of(run.err);
  ASSERT_EQ(lines.size(), 6U * backward_data_gemms < 101 ? 6U * backward_data_gemms : 101U);
  std::vector<std::string> first(lines.begin(), lines.begin() + 3);
  EXPECT_THAT(first,
              testing::UnorderedElementsAre("kernel.mine: a line", "kernel.mine: and one without an end",
                                            "kernel.mine: to stderr"));
}

TEST_F(KernelCommand, MuchPrintedIsCut) {
  const ProgramRun run = verify("print_much");
  EXPECT_EQ(run.exit_code, 0);
  const auto lines = lines_of(run.err);
  ASSERT_EQ(lines.size(), 101U);
  EXPECT_EQ(lines[99], "kernel.mine: line 99");
  EXPECT_EQ(lines[100], "kernel.mine: (what it prints from here on is not shown)");
}

TEST_F(KernelCommand, TwoKernelsOfOneNameAreTwoMachines) {
  const ProgramRun run = verify("", "--kernel " + kernel() + " --machines emu.naive");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, HasSubstr("\nkernel.mine gemms 47/47 quantizers 1/1 elements 53141 equal\n"
                                 "kernel.mine-2 gemms 47/47 quantizers 1/1 elements 53141 equal\n"));
  EXPECT_THAT(run.out, HasSubstr("emu.blocked gemms 0/0 quantizers 0/0 elements 0 skipped: not asked for"));
}

TEST_F(KernelCommand, TheFindingsStandInTheJson) {
  const auto file = folder / "crosscheck.json";
  EXPECT_EQ(verify("exit", "--json " + file.string()).exit_code, 1);
  const auto root = base::JsonNode::read(file);
  const auto machine = root.at("machines").at("kernel.mine");
  EXPECT_EQ(machine.at("verdict").string(), "different");
  const auto items = machine.at("misbehaved").items();
  ASSERT_EQ(items.size(), static_cast<std::size_t>(backward_data_gemms));
  EXPECT_EQ(items[0].at("record").string(), first_record);
  EXPECT_EQ(items[0].at("kind").string(), "exit");
  EXPECT_EQ(items[0].at("text").string(), "its process ended with exit code 3 (first run)");
  EXPECT_EQ(machine.at("first_difference").at("what").string(), "exit");
  const auto inputs = root.at("provenance").at("inputs").items();
  ASSERT_EQ(inputs.size(), 1U);
  EXPECT_EQ(inputs[0].at("file").string(), kernel());
  const ProgramRun sum = run_program("sha256sum", kernel(), folder);
  EXPECT_EQ(inputs[0].at("sha256").string(), sum.out.substr(0, 64));
}

TEST_F(KernelCommand, ALibraryThatDoesNotFitIsOneLine) {
  const auto error_of = [&](const std::string& misbehaviour) {
    const ProgramRun run = verify(misbehaviour, "--kernel-time 1");
    EXPECT_EQ(run.exit_code, 2) << misbehaviour;
    EXPECT_EQ(run.out, "") << misbehaviour;
    const std::string begin = "error: --kernel: " + kernel() + ": ";
    EXPECT_THAT(run.err, StartsWith(begin)) << misbehaviour;
    expect_nothing_left();
    return run.err.substr(std::min(begin.size(), run.err.size()));
  };
  EXPECT_EQ(error_of("version"), "its abi_version is 2; expected 1\n");
  EXPECT_EQ(error_of("size"), "its qt_kernel has struct_size 24; expected 40\n");
  EXPECT_EQ(error_of("size_0"), "its qt_kernel has struct_size 0; expected 40\n");
  EXPECT_EQ(error_of("nothing"), "its qt_kernel has neither multiply nor quantize; expected at least one\n");
  EXPECT_EQ(error_of("entry_null"), "qt_kernel_entry gave NULL; expected a qt_kernel\n");
  EXPECT_EQ(error_of("load_crash"), "it misbehaved while it was loaded: signal 11 (Segmentation fault)\n");
  EXPECT_EQ(error_of("load_hang"), "it misbehaved while it was loaded: no answer within 1 s\n");
}

TEST_F(KernelCommand, WhatIsNoLibraryIsOneLine) {
  const auto error_of = [&](const std::string& file) {
    const ProgramRun run =
        run_program(QUATRAIN_PROGRAM, "verify " + outside_trace + " --kernel " + file, folder);
    EXPECT_EQ(run.exit_code, 2);
    return run.err;
  };
  EXPECT_EQ(error_of("no/such.so"), "error: --kernel: no/such.so: no such file\n");
  EXPECT_EQ(error_of("/usr"), "error: --kernel: /usr: expected a shared library, a file\n");
  const std::string page = QUATRAIN_SOURCE_DIR "/README.md";
  EXPECT_EQ(error_of(page), "error: --kernel: " + page + ": cannot be loaded: invalid ELF header\n");
  EXPECT_EQ(error_of(NO_KERNEL),
            std::string("error: --kernel: ") + NO_KERNEL +
                ": no function qt_kernel_entry; expected one as in quatrain/kernel_abi.h\n");
  EXPECT_EQ(run_program(QUATRAIN_PROGRAM, "verify T --kernel-time 0", folder).err,
            "error: --kernel-time: found '0'; expected a whole number from 1 to 86400 (see --help)\n");
}

/// One Ctrl-C, and a kill that nobody can catch, while the kernel hangs.
TEST_F(KernelCommand, NothingIsLeftWhenTheCommandIsEnded) {
  struct End {
    const char *signal, *code, *misbehaviour;
  };
  for (const auto& [signal, code, misbehaviour] :
       {End{"INT", "130", "hang_with_children"}, End{"KILL", "137", "hang"}}) {
    const auto script = folder / "script";
    std::ofstream(script) << "cd " << work() << "\nexport QUATRAIN_TEST_MISBEHAVIOUR=" << misbehaviour << "\n"
                          << QUATRAIN_PROGRAM " verify " << outside_trace << " --kernel " << kernel()
                          << " >/dev/null 2>&1 &\n"
                          << "sleep 1\nkill -" << signal << " $!\nwait $!\nexit $?\n";
    const auto begin = std::chrono::steady_clock::now();
    const ProgramRun run = run_program("bash", script.string(), folder);
    EXPECT_EQ(std::to_string(run.exit_code), code);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
    expect_nothing_left();
  }
}

}  // namespace
}  // namespace quatrain::tests
