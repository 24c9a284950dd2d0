/// quatrain trace as typed: what it prints and its exit code, on the trace from outside.
#include "tests/support/program.hpp"
#include "traces/format/writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quatrain::tests {
namespace {

namespace fs = std::filesystem;

const std::string outside = std::string(QUATRAIN_SOURCE_DIR) + "/tests/data/outside_trace";

class TraceCommand : public testing::Test {
 protected:
  ProgramRun run(const std::string& arguments) {
    return run_program(QUATRAIN_PROGRAM, "trace " + arguments, folder_);
  }
  Folder folder_;
};

TEST_F(TraceCommand, Info) {
  const ProgramRun info = run("info " + outside);
  EXPECT_EQ(info.exit_code, 0);
  EXPECT_EQ(info.err, "");
  EXPECT_THAT(info.out, testing::StartsWith(outside + ": trace format 1, numerics strict4/1\n"
                                                      "model     outside-sample, seed 20240607\n"
                                                      "producer  python-oracle 1\n"
                                                      "config    none\n"));
  EXPECT_THAT(info.out,
              testing::HasSubstr("tensors   159, 259917 bytes; data files 3\n\n"
                                 "                           quantizers   GEMMs             MACs\n"
                                 "all                                53      47          1254438\n"
                                 "step 0 train                       18      15           903876\n"
                                 "step 0 evaluation                   4       2            44415\n"
                                 "step 1 train                       31      30           306147\n"));
  EXPECT_THAT(info.out, testing::HasSubstr("layer 6 conv_gaps                   3       3             8880  "
                                           "conv2d 3 -> 5, kernel 2x1, stride 3x2, padding 0x0, groups 1\n"));
}

TEST_F(TraceCommand, InfoListsTensors) {
  const ProgramRun info = run("info --tensors " + outside);
  EXPECT_EQ(info.exit_code, 0);
  EXPECT_THAT(info.out, testing::StartsWith("0/evaluation/conv_a/forward/output  fp32 ["));
  EXPECT_EQ(std::count(info.out.begin(), info.out.end(), '\n'), 159);
}

/// As people count: step 9 stands before step 10.
TEST_F(TraceCommand, InfoListsTensorsByNumber) {
  traces::TraceWriter writer(folder_ / "t", {"tests", "1"},
                             {.model = "steps", .seed = 1, .config_sha256 = {}, .note = ""});
  writer.add_layer({.id = 1,
                    .name = "fc",
                    .kind = traces::LayerKind::linear,
                    .geometry = open_geometry(traces::LayerKind::linear, {.in_channels = 2})});
  writer.begin_file("steps.safetensors");
  for (const std::uint32_t step : {10U, 9U, 100U}) {
    traces::QuantizerRecord record;
    record.layer = 1;
    record.step = step;
    record.role = traces::Role::weight;
    record.id = std::to_string(step) + "/weight";
    record.codes = record.id + "/codes";
    record.max = record.scale = 1;
    const std::vector<std::uint8_t> codes = {0x21};
    writer.add_codes(record.codes, traces::Encoding::int4, {1, 2}, codes);
    writer.add_quantizer(record);
  }
  writer.end_file();
  writer.finish();
  EXPECT_EQ(run("info --tensors " + (folder_ / "t").string()).out,
            "9/weight/codes  int4 [1, 2]\n10/weight/codes  int4 [1, 2]\n100/weight/codes  int4 [1, 2]\n");
}

TEST_F(TraceCommand, Check) {
  const ProgramRun check = run("check " + outside);
  EXPECT_EQ(check.exit_code, 0);
  EXPECT_EQ(check.out, outside + ": ok, 159 tensors, 53 quantizers, 47 GEMMs\n");
  EXPECT_EQ(check.err, "");
}

TEST_F(TraceCommand, CheckOfABadTraceIsOneLineAndExitCode2) {
  const fs::path bad = folder_ / "bad";
  fs::copy(outside, bad);
  fs::remove(bad / "SHA256SUMS");
  for (const std::string part : {"check ", "info "}) {
    const ProgramRun check = run(part + bad.string());
    EXPECT_EQ(check.exit_code, 2);
    EXPECT_EQ(check.out, "");
    EXPECT_EQ(check.err, "error: " + bad.string() + ": SHA256SUMS is missing\n");
  }
}

TEST_F(TraceCommand, ShowOfEachKindOfTensor) {
  EXPECT_EQ(run("show " + outside + " 0/train/conv_a/input/source --limit 2").out,
            "0/train/conv_a/input/source: fp32 [3, 5, 11, 13], 2145 elements, 8580 bytes in "
            "step_00000000.safetensors, "
            "CRC32C b02a6622\n"
            "source of quantizer '0/train/conv_a/input': layer conv_a, step 0, train, input, sawb_int4, "
            "scale 0.34505162 "
            "(3eb0aa9b)\n"
            "[0, 0, 0, 0]  -0.08552002    bits bdaf251f\n"
            "[0, 0, 0, 1]  -0.42878574    bits bedb89ce\n"
            "... 2143 more (--all)\n");
  const ProgramRun codes = run("show " + outside + " 0/train/conv_a/input/codes --limit 2");
  EXPECT_THAT(codes.out, testing::HasSubstr("codes of quantizer '0/train/conv_a/input': "));
  EXPECT_THAT(codes.out,
              testing::EndsWith("[0, 0, 0, 0]  code 0    0 * scale = 0\n"  // rint(-0.0855 * 7 / 2.4154) = 0
                                "[0, 0, 0, 1]  code f   -1 * scale = -0.34505162\n"  // rint(-1.24) = -1
                                "... 2143 more (--all)\n"));
  const ProgramRun accumulators = run("show " + outside + " 0/train/conv_a/forward/accumulators --all");
  EXPECT_THAT(
      accumulators.out,
      testing::HasSubstr("accumulators of forward: layer conv_a, step 0, train, m 429 n 7 k 45 "
                         "groups 1, kernel 3x3, stride 1x1, padding 1x1, scale 0.027222509 (3cdf01bd)\n"));
  EXPECT_EQ(std::count(accumulators.out.begin(), accumulators.out.end(), '\n'), 2 + 3 * 7 * 11 * 13);
  const ProgramRun asym = run("show " + outside + " 1/train/conv_asym/forward/accumulators --limit 1");
  EXPECT_THAT(asym.out, testing::HasSubstr(" groups 1, kernel 1x3, stride 1x2, padding 0x1, scale "));
  const ProgramRun groups = run("show " + outside + " 1/train/conv_groups/forward/accumulators --limit 1");
  EXPECT_THAT(groups.out, testing::HasSubstr(" groups 2, kernel 3x3, stride 1x1, padding 1x1, scale "));
  const ProgramRun linear = run("show " + outside + " 0/train/linear_smp/forward/accumulators --limit 1");
  EXPECT_THAT(linear.out, testing::HasSubstr(" groups 1, scale "));
}

TEST_F(TraceCommand, UnknownTensorAndMissingArguments) {
  const ProgramRun unknown = run("show " + outside + " nothing");
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_EQ(unknown.err, "error: " + outside +
                             ": no tensor has the id 'nothing'; `quatrain trace info --tensors " + outside +
                             "` lists them\n");
  EXPECT_EQ(run("").exit_code, 2);
  EXPECT_EQ(run("show " + outside).exit_code, 2);
}

}  // namespace
}  // namespace quatrain::tests
