/// quatrain verify, typed as a user types it.
#include "sim/records/provenance.hpp"
#include "sim/verify/cross_check_json.hpp"
#include "tests/sim/verify/case_trace.hpp"
#include "tests/support/edited_trace.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/program.hpp"
#include "tests/support/sharp_gemms.hpp"
#include "tests/support/signalled_program.hpp"
#include "traces/base/strict_json.hpp"
#include "traces/format/check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace quatrain::tests {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

const std::string outside_trace = QUATRAIN_SOURCE_DIR "/tests/data/outside_trace";

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

class VerifyCommand : public testing::Test {
 protected:
  ProgramRun verify(const std::string& arguments) const {
    return run_program(QUATRAIN_PROGRAM, "verify " + arguments, folder);
  }
  std::string trace() const { return (folder / "trace").string(); }

  /// What `quatrain trace check` says.
  std::string checked() const {
    return message_of([&] {
      base::SilentProgress progress;
      traces::check_trace(trace(), progress);
    });
  }

  /// The line of a machine that begins like this.
  static std::string line(const ProgramRun& run, const std::string& begin) {
    for (const std::string& text : lines_of(run.out))
      if (text.starts_with(begin)) return text;
    return "no line begins with " + begin;
  }

  Folder folder;
};

/// Every machine that can run here, all layers, train and evaluation.
TEST_F(VerifyCommand, EveryMachineAgreesWithTheTraceFromOutside) {
  const ProgramRun run = verify(outside_trace + " --json " + (folder / "crosscheck.json").string());
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.err, "");
  const auto lines = lines_of(run.out);
  ASSERT_GE(lines.size(), 17U);
  const std::vector<std::string> last(lines.end() - 17, lines.end());
  const std::string all = " gemms 47/47 quantizers 53/53 elements 82590 equal";
  const std::string none = " gemms 0/0 quantizers 0/0 elements 0 skipped: ";
  EXPECT_EQ(last[0], "emu.naive" + all);
  EXPECT_EQ(last[1], "emu.blocked" + all);
  EXPECT_EQ(last[2], QUATRAIN_HAS_SYSTEMC
                         ? "systemc.pe" + all
                         : "systemc.pe" + none + "built without SystemC (Debian package libsystemc-dev)");
  EXPECT_EQ(last[3], QUATRAIN_HAS_SYSTEMC
                         ? "systemc.array" + all
                         : "systemc.array" + none + "built without SystemC (Debian package libsystemc-dev)");
  EXPECT_EQ(last[4], QUATRAIN_HAS_SYSTEMC
                         ? "systemc.tile" + all
                         : "systemc.tile" + none + "built without SystemC (Debian package libsystemc-dev)");
  EXPECT_EQ(last[5], "simt.literal" + none + "not asked for");
  EXPECT_EQ(last[6], "simt.naive" + all);
  EXPECT_EQ(last[7], "simt.tiled" + all);
  EXPECT_EQ(last[8], "simt.octets" + all);
  EXPECT_EQ(last[9], "simt.mma" + all);
  EXPECT_EQ(last[10], "simt.async" + all);
  for (std::size_t cuda = 11; cuda < 17; ++cuda)
    EXPECT_TRUE(last[cuda].ends_with(all) || last[cuda].find(none) != std::string::npos) << last[cuda];
  EXPECT_THAT(run.out,
              HasSubstr("47 gemms with 26503 accumulators, 53 quantizers with 29584 codes\n1254438 MACs, "));

  const std::string json = base::read_whole_file(folder / "crosscheck.json");
  EXPECT_EQ(JsonSchema("crosscheck").complaint(json), "");
  const auto root = base::JsonNode::parse(json, "crosscheck.json");
  EXPECT_TRUE(root.at("equal").boolean());
  EXPECT_EQ(root.at("records").at("macs").integer(0, INT64_MAX), 1254438);
  EXPECT_EQ(root.at("machines").members().size(), 17U);
  const auto naive = root.at("machines").at("emu.naive");
  EXPECT_EQ(naive.at("verdict").string(), "equal");
  EXPECT_EQ(naive.at("gemms_equal").integer(0, 100), 47);
  EXPECT_TRUE(naive.at("first_difference").is_null());
}

TEST_F(VerifyCommand, OnlyNamedMachinesRun) {
  const ProgramRun run = verify(outside_trace + " --machines simt.t,emu.naive");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(line(run, "emu.naive gemms"), "emu.naive gemms 47/47 quantizers 53/53 elements 82590 equal");
  EXPECT_EQ(line(run, "emu.blocked gemms"),
            "emu.blocked gemms 0/0 quantizers 0/0 elements 0 skipped: not asked for");
  EXPECT_EQ(line(run, "simt.tiled gemms"), "simt.tiled gemms 47/47 quantizers 53/53 elements 82590 equal");
}

TEST_F(VerifyCommand, SimtKernelsRunWithChecks) {
  const ProgramRun none = verify(outside_trace + " --machines emu --simt-checks");
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_EQ(none.err, "error: --simt-checks: no simt machine runs; expected one among --machines\n");
  const ProgramRun run = verify(outside_trace + " --machines simt.t --simt-checks");
  if (run.err.find("built without checks") != std::string::npos) GTEST_SKIP() << run.err;
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, testing::ContainsRegex("\nsimt.tiled .* CPU fibers, checked\n"));
  EXPECT_EQ(line(run, "simt.tiled gemms"), "simt.tiled gemms 47/47 quantizers 53/53 elements 82590 equal");
  EXPECT_THAT(verify(outside_trace + " --machines simt.t").out, testing::Not(HasSubstr("checked\n")));
}

TEST_F(VerifyCommand, AnAlteredAccumulatorIsFoundWhereItIs) {
  EditedTrace edited(outside_trace);
  const std::string name = "1/train/conv_groups/backward_data";
  edited.int32.at(*edited.gemm(name).accumulators)[777] += 2;  // dX [2, 6, 9, 10]: b 1, c 2, h 5, w 7
  edited.write(trace());
  const ProgramRun run = verify(trace() + " --machines emu --json " + (folder / "crosscheck.json").string());
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err, "");
  EXPECT_THAT(
      line(run, "emu.blocked first"),
      MatchesRegex(
          "emu.blocked first difference: layer conv_groups, step 1, train, backward_data, group 0, row "
          "147, column 2 \\(element 777\\): accumulator: expected (-?[0-9]+), got (-?[0-9]+); no k: no "
          "machine that ran agrees with the trace on this GEMM"));
  EXPECT_EQ(line(run, "emu.naive differs"), "emu.naive differs in 1 of 100 records, in 1 of 82590 elements");
  EXPECT_EQ(
      line(run, "the trace stands"),
      "the trace stands alone in 1 of 100 records: all machines that support them agree with each other "
      "and not with the trace; the first is " +
          name);
  EXPECT_EQ(line(run, "emu.naive gemms"), "emu.naive gemms 46/47 quantizers 53/53 elements 82590 DIFFERENT");
  EXPECT_EQ(line(run, "emu.blocked gemms"),
            "emu.blocked gemms 46/47 quantizers 53/53 elements 82590 DIFFERENT");
  const std::string json = base::read_whole_file(folder / "crosscheck.json");
  EXPECT_EQ(JsonSchema("crosscheck").complaint(json), "");
  const auto root = base::JsonNode::parse(json, "crosscheck.json");
  EXPECT_FALSE(root.at("equal").boolean());
  const auto difference = root.at("machines").at("emu.naive").at("first_difference");
  EXPECT_EQ(difference.at("record").string(), name);
  EXPECT_EQ(difference.at("row").integer(0, 1000), 147);
  EXPECT_EQ(difference.at("element").integer(0, 1000), 777);
  EXPECT_TRUE(difference.at("k").is_null());
  EXPECT_EQ(line(run, "emu.naive first"), "emu.naive first difference: " + difference.at("text").string());
}

/// What is read back is what was written: differences of GEMMs and quantizers, skipped machines, all of it.
TEST_F(VerifyCommand, FindingsAreReadBackAsTheyWereWritten) {
  EditedTrace edited(outside_trace);
  edited.int32.at(*edited.gemm("1/train/conv_groups/backward_data").accumulators)[777] += 2;
  edited.codes.at(edited.quantizer("0/train/linear_smp/gradient/2").codes)[3] ^= 0x10;
  edited.write(trace());
  const std::filesystem::path file = folder / "crosscheck.json";
  for (const char* machines : {"emu", "simt.naive"}) {
    EXPECT_EQ(verify(trace() + " --machines " + machines + " --json " + file.string()).exit_code, 1);
    const std::string arguments =
        "verify " + trace() + " --machines " + machines + " --json " + file.string();
    EXPECT_EQ(sim::with_provenance(
                  sim::cross_check_json(sim::read_cross_check(file, ""), file),
                  {.command = "quatrain " + arguments, .program = "quatrain " QUATRAIN_VERSION}, 2),
              base::read_whole_file(file));
  }
  std::string text = base::read_whole_file(file);
  const std::string key = "\"text\": \"layer";
  text.replace(text.find(key), key.size(), "\"text\": \"Layer");
  base::write_whole_file(file, text);
  EXPECT_THAT(message_of([&] { sim::read_cross_check(file, ""); }),
              HasSubstr("/machines/simt.naive/first_difference/text: found 'Layer "));
}

TEST_F(VerifyCommand, AnAlteredChecksumIsFoundWithoutAnElement) {
  EditedTrace edited(outside_trace);
  edited.gemm("0/evaluation/linear_smp/forward").output_crc32c ^= 1;
  edited.write(trace());
  const ProgramRun run = verify(trace() + " --machines emu.blocked");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(
      line(run, "emu.blocked first"),
      "emu.blocked first difference: layer linear_smp, step 0, evaluation, forward: output: expected CRC32C "
      "dda9a613, got CRC32C dda9a612; no k: every accumulator is equal");
}

TEST_F(VerifyCommand, AnAlteredCodeOfAGradientIsFound) {
  EditedTrace edited(outside_trace);
  edited.codes.at(edited.quantizer("0/train/linear_smp/gradient/2").codes)[3] ^= 0x10;
  edited.write(trace());
  const ProgramRun run = verify(trace() + " --machines simt.naive");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(
      line(run, "simt.naive first"),
      MatchesRegex("simt.naive first difference: layer linear_smp, step 0, train, gradient \\(element 7\\), "
                   "sample 2: code: expected 0x. \\(value -?[0-9]+\\), got 0x. \\(value -?[0-9]+\\)"));
  EXPECT_THAT(line(run, "simt.naive gemms"), HasSubstr(" quantizers 52/53 "))
      << "the other records are still checked";
}

TEST_F(VerifyCommand, AZeroRecordWithCodesIsFound) {
  EditedTrace edited(outside_trace);
  const auto& record = edited.quantizer("0/train/linear_zero/gradient/0");
  ASSERT_EQ(record.max, 0.0F);
  edited.codes.at(record.codes)[0] = 0x20;
  edited.write(trace());
  EXPECT_EQ(checked(), "nothing was thrown");
  const ProgramRun run = verify(trace() + " --machines emu.naive");
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(line(run, "the trace:"),
            "the trace: quantizer 0/train/linear_zero/gradient/0: its maximum is below 2^-100, but element 1 "
            "has a code "
            "that is not zero");
  EXPECT_EQ(
      line(run, "emu.naive first"),
      "emu.naive first difference: layer linear_zero, step 0, train, gradient (element 1), sample 0: code: "
      "expected 0x2 (value 2), got 0x0 (value 0)");
}

TEST_F(VerifyCommand, ADamagedTraceIsBadInput) {
  std::filesystem::copy(outside_trace, trace());
  std::fstream file(folder / "trace/step_00000001.safetensors",
                    std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-100, std::ios::end);
  file.put('\x5A');
  file.close();
  const ProgramRun run = verify(trace());
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "error: " + checked() + "\n");
  EXPECT_THAT(run.err, MatchesRegex("error: .*step_00000001.safetensors.*\n"));
}

TEST_F(VerifyCommand, AMissingTraceIsBadInput) {
  const ProgramRun run = verify(trace());
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, testing::StartsWith("error: " + trace()));
  EXPECT_EQ(lines_of(run.err).size(), 1U);
}

TEST_F(VerifyCommand, AnUnknownMachineIsBadInput) {
  const ProgramRun run = verify(outside_trace + " --machines emu,verilog");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err,
            "error: --machines: no machine 'verilog'; expected names or their beginnings of emu.naive, "
            "emu.blocked, "
            "systemc.pe, systemc.array, systemc.tile, simt.literal, simt.naive, simt.tiled, simt.octets, "
            "simt.mma, simt.async, "
            "cuda.literal, cuda.naive, cuda.tiled, cuda.octets, cuda.mma, cuda.async\n");
}

/// Where all machines run, naming them all is fine.
TEST_F(VerifyCommand, ANamedMachineThatCannotRunHereIsBadInput) {
  const ProgramRun machines = run_program(QUATRAIN_PROGRAM, "machines", folder);
  std::string name, reason;
  for (const std::string& text : lines_of(machines.out))
    if (text.find("  no  ") != std::string::npos && name.empty())
      name = text.substr(0, text.find(' ')), reason = text.substr(26);
  const ProgramRun run =
      verify(outside_trace + " --machines emu.naive,cuda." + (name.empty() ? "" : "," + name));
  EXPECT_EQ(run.exit_code, name.empty() ? 0 : 2);
  EXPECT_EQ(run.err, name.empty() ? "" : "error: --machines: " + name + " cannot run here: " + reason + "\n");
}

TEST_F(VerifyCommand, TheSlowMachineIsLeftOutOfLargeTracesUnlessNamed) {
  const ProgramRun run = verify(outside_trace + " --pe-macs 1254437");
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(
      line(run, "systemc.pe gemms"),
      "systemc.pe gemms 0/0 quantizers 0/0 elements 0 skipped: slow, and the trace has 1254438 MACs, above "
      "--pe-macs 1254437; name it to run it");
  if (QUATRAIN_HAS_SYSTEMC) {
    const ProgramRun named = verify(outside_trace + " --pe-macs 1 --machines systemc.pe");
    EXPECT_EQ(named.exit_code, 0);
    EXPECT_THAT(line(named, "systemc.pe gemms"), HasSubstr("systemc.pe gemms 47/47"));
  }
}

TEST_F(VerifyCommand, NothingCheckedIsNotEqual) {
  EditedTrace edited(outside_trace);
  edited.manifest.quantizers.clear();
  edited.manifest.gemms.clear();
  edited.manifest.tensors.clear();
  edited.write(trace());
  const ProgramRun run = verify(trace() + " --machines emu");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(line(run, "emu.naive gemms"),
            "emu.naive gemms 0/0 quantizers 0/0 elements 0 skipped: it supports no record of this trace");
  EXPECT_EQ(run.err, "error: " + trace() +
                         ": nothing was checked; expected a record that one of the machines supports\n");
}

TEST_F(VerifyCommand, FindingsThatCannotBeWrittenAreAnError) {
  const std::string file = (folder / "none/crosscheck.json").string();
  const ProgramRun run = verify(outside_trace + " --machines emu.blocked --json " + file);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, MatchesRegex("error: .*none/crosscheck.json.*: No such file or directory\n"));
}

/// Findings inside the trace would make it another trace, or none.
TEST_F(VerifyCommand, FindingsDoNotGoIntoTheTrace) {
  std::filesystem::copy(outside_trace, folder / "trace");
  const auto before = base::read_whole_file(folder / "trace/manifest.json");
  for (const char* file : {"manifest.json", "new.json"}) {
    const std::string json = trace() + "/../trace/" + file;
    const ProgramRun run = verify(trace() + " --machines emu.blocked --json " + json);
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(run.err,
              "error: " + json + ": lies in the trace " + trace() + "; expected a place outside of it\n");
  }
  EXPECT_EQ(base::read_whole_file(folder / "trace/manifest.json"), before);
  EXPECT_EQ(checked(), "nothing was thrown");
}

TEST_F(VerifyCommand, ANameInTheTraceMayNotMakeLines) {
  EditedTrace edited(outside_trace);
  edited.manifest.run.model = "a\nemu.naive gemms 47/47\x1b[31m";
  edited.write(folder / "trace");
  const ProgramRun run = verify(trace() + " --machines emu.blocked");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr(": model a\\x0aemu.naive gemms 47/47\\x1b[31m, steps "));
}

/// A folder may have a name that is no UTF-8; JSON may not.
TEST_F(VerifyCommand, FindingsOfATraceWithAnOddNameAreJson) {
  std::filesystem::copy(outside_trace, folder / "a\xff");
  const ProgramRun run = verify((folder / "a\xff").string() + " --machines emu.blocked --json " +
                                (folder / "found.json").string());
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(JsonSchema("crosscheck").complaint(base::read_whole_file(folder / "found.json")), "");
}

/// The findings stand on stdout all the same.
TEST_F(VerifyCommand, ADiskThatTakesNoMoreIsNamed) {
  const std::string file = (folder / "crosscheck.json").string();
  const ProgramRun run = run_program_on_full_disk(
      2, QUATRAIN_PROGRAM, "verify " + outside_trace + " --machines emu --json " + file, folder);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(line(run, "emu.blocked gemms"), testing::EndsWith(" equal"));
  EXPECT_EQ(run.err, "error: " + file + ": cannot be written: File too large\n");
  EXPECT_EQ(contents(folder.path()), (std::set<std::string>{"stderr", "stdout"}));
}

/// Inside a GEMM of many seconds nobody polls.
TEST_F(VerifyCommand, OneInterruptEndsALongGemm) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "built without SystemC: no machine is slow enough";
  const traces::Gemm gemm{traces::Phase::forward, linear_geometry(traces::Phase::forward, 32, 32, 1 << 17)};
  const GemmCase c = random_case(gemm, traces::Encoding::uint4, traces::Encoding::int4, 1, 1);
  write_gemm_trace(trace(), std::vector{c}, Stored::checksums);
  const std::string json = (folder / "crosscheck.json").string();
  SignalledProgram verify(QUATRAIN_PROGRAM, "verify " + trace() + " --machines systemc.pe --json " + json,
                          folder);
  verify.wait_until_at_work(0.3);
  const ProgramRun run = verify.end(SIGINT, 8);
  EXPECT_EQ(run.exit_code, 130) << "137: killed before the GEMM ended";
  EXPECT_EQ(run.err, "interrupted\n");
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(contents(folder.path()).count("crosscheck.json"), 0U);
}

TEST_F(VerifyCommand, AResultAboveTheLimitIsRefused) {
  GemmCase c;
  c.gemm.geometry.batch = 1024, c.gemm.geometry.out_channels = 256;  // Z of 2 MiB with its accumulators
  c.left_encoding = traces::Encoding::uint4;
  c.left.assign(512, 0x11);
  c.right = {std::vector<std::uint8_t>(128, 0x11)};
  write_gemm_trace(trace(), std::vector{c}, Stored::checksums);
  const ProgramRun run = verify(trace() + " --machines emu --result-limit 1");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "error: " + trace() +
                         ": gemm 0/train/layer/forward: a result of 262144 elements takes 2 MiB; expected at "
                         "most 1 MiB (--result-limit)\n");
}

}  // namespace
}  // namespace quatrain::tests
