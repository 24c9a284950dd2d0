/// Kinds of PE and narrow accumulators, through quatrain sim and quatrain verify.
#include "tests/sim/verify/case_trace.hpp"
#include "tests/support/edited_trace.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/program.hpp"
#include "tests/support/sharp_gemms.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

namespace quatrain::tests {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

const std::string outside_trace = QUATRAIN_SOURCE_DIR "/tests/data/outside_trace";

class SimPe : public testing::Test {
 protected:
  ProgramRun program(const std::string& arguments) const {
    return run_program(QUATRAIN_PROGRAM, arguments, folder);
  }
  /// An array of 8 x 6; `changes` over what it has anyway.
  ProgramRun sim(const std::string& name, const Json& changes, const std::string& rest) const {
    Json config = {
        {"name", name},
        {"array", {{"rows", 8}, {"columns", 6}, {"dataflow", "output_stationary"}, {"drain", "serial"}}},
        {"pe", "dual_int4_fp4"},
        {"accumulator", {{"int", 32}}},
        {"lowering", "as_recorded"},
        {"random_source", "philox"},
        {"clock_mhz", 500},
        {"buffers", {{"operand_kib", 16}, {"accumulator_kib", 8}}},
        {"dram", {{"kind", "hbm2"}, {"gib_per_s", 10}}},
        {"technology", {"7nm"}}};
    config.merge_patch(changes);
    std::ofstream(folder / (name + ".json")) << config;
    return program(
        fmt::format("sim {} {} --out {}", (folder / (name + ".json")).string(), rest, out.string()));
  }
  Json result(const std::string& name) const {
    return Json::parse(base::read_whole_file(out / (name + ".json")));
  }
  static void expect_refused(const ProgramRun& run, const std::string& message) {
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.err, "error: " + message + "\n");
  }

  Folder folder;
  std::filesystem::path out = folder / "results";
};

/// All three products of the sample trace, in two dataflows. What operands toggle is the same for codes of 4
/// bits, and the products of all kinds are those of the values.
TEST_F(SimPe, KindsReplayTheTraceFromOutside) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  for (const Json& array :
       {Json{{"drain", "shadow"}},
        Json{{"dataflow", "weight_stationary"}, {"drain", nullptr}, {"preload", "hidden"}}}) {
    std::map<std::string, Json> of;
    for (const char* pe : {"dual_int4_fp4", "fp7", "int8"}) {
      const ProgramRun run = sim(pe, {{"pe", pe}, {"array", array}}, "--trace " + outside_trace);
      ASSERT_EQ(run.exit_code, 0) << run.err << run.out;
      EXPECT_THAT(run.out, HasSubstr(" of 45 of 45 GEMMs equal the trace; cycles equal the closed form; "));
      of[pe] = result(pe);
      EXPECT_GT(of[pe]["replay"]["pe_tiles_checked"], 0);
      std::filesystem::remove_all(out);
    }
    EXPECT_EQ(of["fp7"]["activity"], of["dual_int4_fp4"]["activity"]);
    EXPECT_EQ(of["fp7"]["bytes"], of["dual_int4_fp4"]["bytes"]);
    for (const char* same : {"macs", "zero_operand_macs", "accumulator_toggles"})
      EXPECT_EQ(of["int8"]["activity"][same], of["dual_int4_fp4"]["activity"][same]) << same;
    EXPECT_GT(of["int8"]["activity"]["left_toggles"], of["dual_int4_fp4"]["activity"]["left_toggles"]);
    EXPECT_EQ(of["int8"]["cycles"], of["dual_int4_fp4"]["cycles"]);
  }
}

/// The sample trace cast to three formats; some of its gradients have four samples.
TEST_F(SimPe, FloatKindsAreHeldAgainstTheEmulator) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  const std::string trace = " --trace " + outside_trace;
  constexpr int gemms = 45;
  const Json of_floats = {{"accumulator", {{"int", nullptr}, {"float", 32}}}, {"random_source", "none"}};
  Json of_bf16;
  for (const auto& [pe, fidelity] : std::vector<std::pair<std::string, std::string>>{
           {"bf16", "array"}, {"bf16", "tile"}, {"fp8_e4m3", "array"}, {"fp8_e5m2", "tile"}}) {
    Json changes = of_floats;
    changes["pe"] = pe;
    const ProgramRun run = sim(pe, changes, (fidelity == "tile" ? "--fidelity tile" : "") + trace);
    ASSERT_EQ(run.exit_code, 0) << run.err << run.out;
    EXPECT_THAT(run.out, HasSubstr(fmt::format(
                             " of {} of {} GEMMs equal those of the emulator; cycles equal the closed form; ",
                             gemms, gemms)));
    const Json json = result(pe);
    EXPECT_EQ(JsonSchema("simulation").complaint(json.dump()), "");
    EXPECT_EQ(json["replay"]["against"], "emulator");
    EXPECT_EQ(json["replay"]["fidelity"], fidelity);
    EXPECT_EQ(json["replay"]["pe_tiles_checked"], 2 * gemms);
    EXPECT_EQ(json["activity"]["macs"], json["macs"]);
    EXPECT_GT(json["activity"]["left_toggles"], 0);
    if (pe == "bf16") {
      if (!of_bf16.is_null()) {
        EXPECT_EQ(json["activity"], of_bf16);
      }
      of_bf16 = json["activity"];
      std::filesystem::remove_all(out);
    }
  }
}

TEST_F(SimPe, Int4ComputesForwardAlone) {
  const bool replays = QUATRAIN_HAS_SYSTEMC;
  const ProgramRun run =
      sim("four", {{"pe", "int4"}}, (replays ? "--trace " : "--cycles-only --trace ") + outside_trace);
  ASSERT_EQ(run.exit_code, 0) << run.err << run.out;
  EXPECT_THAT(run.out,
              HasSubstr("\n  the sum over the training records that the pe 'int4' can multiply: 30 others "
                        "are left out; layers that stay fp32 are not in it\n"));
  const Json json = result("four");
  EXPECT_EQ(JsonSchema("simulation").complaint(json.dump()), "");
  EXPECT_EQ(json["records"].size(), 15U);
  for (const Json& record : json["records"]) EXPECT_EQ(record["phase"], "forward");
  EXPECT_EQ(json["scope"],
            "sum over 15 of 45 training records of the trace, those that the pe 'int4' can multiply; "
            "4-bit layers only");
  if (!replays) return;
  EXPECT_EQ(json["replay"]["gemms_equal"], 15);

  GemmCase backward = random_case({fp4_int4.phase, linear_geometry(fp4_int4.phase, 3, 4, 5)}, fp4_int4.left,
                                  fp4_int4.right, 1, 7);
  write_gemm_trace(folder / "backward", std::vector{backward});
  expect_refused(sim("none", {{"pe", "int4"}}, "--trace " + (folder / "backward").string()),
                 (folder / "backward").string() +
                     ": found no training GEMM that the pe 'int4' can multiply; expected at least one");
}

class NarrowTrace : public SimPe {
 protected:
  void SetUp() override {
    for (unsigned seed = 1; seed < 4; ++seed)
      cases.push_back(random_case({uint4_fp4.phase, linear_geometry(uint4_fp4.phase, 9, 7, 40), accumulator},
                                  uint4_fp4.left, uint4_fp4.right, 2, seed));
    write_gemm_trace(folder / "trace", cases);
  }
  traces::Accumulator accumulator{11, traces::Overflow::saturate};
  std::vector<GemmCase> cases;
  std::string trace = " --trace " + (folder / "trace").string();
};

/// Registers and buffer have its bits: 8 operand, 4 control and 11 of the sum; 6 columns of 11 bits in words
/// of 66.
TEST_F(NarrowTrace, IsReplayedByADesignWithItsAccumulator) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  const ProgramRun run = sim("narrow", {{"accumulator", {{"int", 11}, {"overflow", "saturate"}}}}, trace);
  ASSERT_EQ(run.exit_code, 0) << run.err << run.out;
  EXPECT_THAT(run.out, HasSubstr(" of 3 of 3 GEMMs equal the trace; cycles equal the closed form; "));
  EXPECT_THAT(run.out,
              HasSubstr("\n  the adder of the accumulator is priced as one of 32 bits; registers and buffer "
                        "have its bits\n"));
  const Json json = result("narrow");
  EXPECT_EQ(json["config"]["accumulator"], (Json{{"int", 11}, {"overflow", "saturate"}}));
  EXPECT_GT(json["replay"]["pe_tiles_checked"], 0);
  for (const Json& line : json["technologies"]["7nm"]["components"]) {
    if (line["component"] == "pe_flip_flops") {
      EXPECT_EQ(line["events"], json["cycles"].get<std::int64_t>() * 8 * 6 * (8 + 4 + 11));
    }
    if (line["component"] == "accumulator_sram") {
      EXPECT_EQ(line["constant"].get<std::string>().substr(0, 16), "sram_8kib_66bit_");
    }
  }
}

/// One sample: parts of k go on from the sums that come back, in blocks and down the columns.
TEST_F(SimPe, SumsThatRoundGoOnInPartsOfK) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  const traces::Accumulator accumulator{16, traces::Overflow::saturate, traces::SumFormat::floating};
  std::vector<GemmCase> cases;
  for (unsigned seed = 1; seed < 4; ++seed)
    cases.push_back(random_case({fp4_int4.phase, linear_geometry(fp4_int4.phase, 9, 7, 40), accumulator},
                                fp4_int4.left, fp4_int4.right, 1, seed));
  write_gemm_trace(folder / "trace", cases);
  const std::string trace = " --trace " + (folder / "trace").string();
  const Json half{{"int", nullptr}, {"float", 16}, {"overflow", "saturate"}},
      blocks{{"order", "k n m"}, {"m", 8}, {"n", 6}, {"k", 16}};
  const std::vector<Json> designs = {
      {{"accumulator", half}, {"mapping", blocks}},
      {{"accumulator", half},
       {"array", {{"dataflow", "weight_stationary"}, {"drain", nullptr}, {"preload", "hidden"}}}},
      {{"accumulator", half},
       {"array", {{"dataflow", "input_stationary"}, {"drain", nullptr}, {"preload", "exposed"}}}}};
  for (std::size_t i = 0; i < designs.size(); ++i)
    for (const std::string fidelity : {"array", "tile"}) {
      const std::string name = fmt::format("{}_{}", fidelity, i);
      const ProgramRun run = sim(name, designs[i], "--fidelity " + fidelity + trace);
      ASSERT_EQ(run.exit_code, 0) << run.err << run.out;
      EXPECT_THAT(run.out, HasSubstr(" of 3 of 3 GEMMs equal the trace; cycles equal the closed form; "));
      EXPECT_GT(result(name)["replay"]["pe_tiles_checked"], 0);
    }
  Json skewed = designs[0];
  skewed["array"]["drain"] = "skewed";
  expect_refused(sim("skewed", skewed, "--fidelity analytic" + trace),
                 "skewed: layer layer, step 0, backward_data: /accumulator: fp16 saturate meets parts of k, "
                 "whose sums have to be back before they go on; expected the drain 'serial', or all of k at "
                 "once");
  EXPECT_FALSE(std::filesystem::exists(out / "skewed.json"));
}

TEST_F(NarrowTrace, IsRefusedByAnotherAccumulatorBeforeAnythingRuns) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  const std::string as_the_trace =
      "; expected int11 saturate, as the trace has it in layer layer, step 0, "
      "backward_weight, or --fidelity analytic";
  expect_refused(sim("exact", Json::object(), trace), "exact: /accumulator: found int32" + as_the_trace);
  expect_refused(sim("wraps", {{"accumulator", {{"int", 11}, {"overflow", "wrap"}}}}, trace),
                 "wraps: /accumulator: found int11 wrap" + as_the_trace);
  EXPECT_FALSE(std::filesystem::exists(out));
  EXPECT_EQ(sim("exact", Json::object(), "--cycles-only" + trace).exit_code, 0);
}

TEST_F(NarrowTrace, VerifySaysWhichMachinesCannot) {
  const ProgramRun run = program("verify " + (folder / "trace").string() +
                                 " --machines emu.naive,emu.blocked,simt.literal,simt.naive --json " +
                                 (folder / "found.json").string());
  ASSERT_EQ(run.exit_code, 0) << run.err << run.out;
  const Json found = Json::parse(base::read_whole_file(folder / "found.json"));
  EXPECT_EQ(JsonSchema("crosscheck").complaint(found.dump()), "");
  const std::set<std::string> asked{"emu.naive", "emu.blocked", "simt.literal", "simt.naive"};
  for (const auto& [name, machine] : found["machines"].items()) {
    if (!asked.contains(name)) continue;
    const bool has_it = name == "emu.naive" || name == "simt.literal";
    EXPECT_EQ(machine["gemms_equal"], has_it ? 3 : 0) << name;
    int cannot = 0;
    for (const Json& entry : machine["unsupported"])
      cannot += entry["reason"] == "it has no int11 saturate accumulators";
    EXPECT_EQ(cannot, has_it ? 0 : 3) << name;
  }
}

/// The record says wrap, its results are saturated.
TEST_F(NarrowTrace, AWrongOverflowIsADifference) {
  EditedTrace edited(folder / "trace");
  for (traces::GemmRecord& gemm : edited.manifest.gemms) gemm.accumulator.overflow = traces::Overflow::wrap;
  edited.write(folder / "wrong");
  const std::string wrong = (folder / "wrong").string();
  const ProgramRun run = program("verify " + wrong + " --machines emu.naive");
  EXPECT_EQ(run.exit_code, 1) << run.err << run.out;
  EXPECT_THAT(run.out, HasSubstr("emu.naive differs in"));
  if (!QUATRAIN_HAS_SYSTEMC) return;
  EXPECT_EQ(
      sim("wraps", {{"accumulator", {{"int", 11}, {"overflow", "wrap"}}}}, "--trace " + wrong).exit_code, 1);
}

class HalfTrace : public NarrowTrace {
 protected:
  HalfTrace() {
    config["accumulator"]["int"] = nullptr;  // the base's
    accumulator = {16, traces::Overflow::infinity, traces::SumFormat::floating, 32};
  }
  const Json half{{"float", 16}, {"overflow", "infinity"}, {"chunk", 32}};
  Json config{{"accumulator", half}};
};

/// Registers: 8 operand bits, 5 control bits, 16 of a chunk's sum and 32 of the wide one. Three products of 9
/// x 7 with k = 40 and two samples, each with an fp16 addition, and an fp32 addition for every 32 of them.
TEST_F(HalfTrace, IsReplayedByADesignWithItsAccumulator) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  const ProgramRun run = sim("half", config, trace);
  ASSERT_EQ(run.exit_code, 0) << run.err << run.out;
  EXPECT_THAT(run.out, HasSubstr(" of 3 of 3 GEMMs equal the trace; cycles equal the closed form; "));
  EXPECT_THAT(run.out,
              HasSubstr("\n  the adder of the accumulator is a published macro; it stands beside the gates "
                        "of the PE, whose integer adder is priced as well\n"));
  const Json json = result("half");
  EXPECT_EQ(json["config"]["accumulator"], half);
  EXPECT_GT(json["replay"]["pe_tiles_checked"], 0);
  std::map<std::string, std::int64_t> additions;
  for (const Json& line : json["technologies"]["7nm"]["components"]) {
    if (line["component"] == "pe_combinational") additions[line["constant"]] = line["events"];
    if (line["component"] == "pe_flip_flops") {
      EXPECT_EQ(line["events"], json["cycles"].get<std::int64_t>() * 8 * 6 * (8 + 5 + 16 + 32));
    }
  }
  constexpr std::int64_t macs = 3 * 9 * 7 * 40 * 2;
  EXPECT_EQ(additions,
            (std::map<std::string, std::int64_t>{
                {"fp16_add", macs}, {"fp32_add", 3 * ((macs / 3 + 31) / 32)}, {"pe_dual_int32", macs}}));
}

/// Where an operand is zero neither the multiplier nor the adder switches; a chunk's sum is added in any
/// case.
TEST_F(HalfTrace, ZeroGatingSparesTheAdder) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  config["zero_gating"] = true;
  const ProgramRun run = sim("gated", config, trace);
  ASSERT_EQ(run.exit_code, 0) << run.err << run.out;
  const Json json = result("gated");
  const auto macs = json["activity"]["macs"].get<std::int64_t>(),
             zeros = json["activity"]["zero_operand_macs"].get<std::int64_t>();
  EXPECT_GT(zeros, 0);
  std::map<std::string, std::int64_t> additions;
  for (const Json& line : json["technologies"]["7nm"]["components"])
    if (line["component"] == "pe_combinational") additions[line["constant"]] = line["events"];
  EXPECT_EQ(additions, (std::map<std::string, std::int64_t>{{"fp16_add", macs - zeros},
                                                            {"fp32_add", 3 * ((macs / 3 + 31) / 32)},
                                                            {"pe_dual_int32", macs - zeros}}));
}

/// A difference is told as a number with its bits.
TEST_F(HalfTrace, AnotherNumberIsADifference) {
  EditedTrace edited(folder / "trace");
  for (traces::GemmRecord& gemm : edited.manifest.gemms) gemm.accumulator.chunk = 40;
  edited.write(folder / "wrong");
  const std::string wrong = (folder / "wrong").string();
  const ProgramRun run = program("verify " + wrong + " --machines emu.naive,simt.literal");
  EXPECT_EQ(run.exit_code, 1) << run.err << run.out;
  EXPECT_THAT(run.out, HasSubstr("emu.naive differs in"));
  EXPECT_THAT(run.out, HasSubstr("simt.literal differs in"));
  EXPECT_THAT(run.out, testing::ContainsRegex("accumulator.* expected -?[0-9.]+ \\(bits [0-9a-f]{8}\\)"));
}

}  // namespace
}  // namespace quatrain::tests
