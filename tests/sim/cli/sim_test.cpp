/// quatrain sim, typed as a user types it.
#include "tests/sim/verify/case_trace.hpp"
#include "tests/support/edited_trace.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/program.hpp"
#include "tests/support/sharp_gemms.hpp"
#include "traces/format/checksum.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <optional>

namespace quatrain::tests {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;

const std::string outside_trace = QUATRAIN_SOURCE_DIR "/tests/data/outside_trace";

class SimCommand : public testing::Test {
 protected:
  ProgramRun sim(const std::string& arguments) const {
    return run_program(QUATRAIN_PROGRAM, "sim " + arguments, folder);
  }
  std::string with_out(const std::string& arguments) const {
    return arguments + " --trace " + outside_trace + " --out " + out.string();
  }
  nlohmann::json result(const std::string& name) const {
    return nlohmann::json::parse(base::read_whole_file(out / (name + ".json")));
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder / name) << text; }

  /// Bad input: one line, exit 2, no result.
  void expect_refused(const ProgramRun& run, const std::string& message) const {
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(run.err, "error: " + message + "\n");
    EXPECT_FALSE(std::filesystem::exists(out));
  }

  Folder folder;
  std::filesystem::path out = folder / "results";
};

/// Each side has half of the operand buffer: 8 KiB of 16 hold 8 columns of up to 2048 INT4 codes.
TEST_F(SimCommand, APanelOfMoreThanHalfTheBufferIsFetchedAgain) {
  auto config = nlohmann::json::parse(
      base::read_whole_file(QUATRAIN_SOURCE_DIR "/configs/accelerators/luq_32x32.json"));
  config["array"]["rows"] = config["array"]["columns"] = 8;
  config["buffers"]["operand_kib"] = 16;
  write("small.json", config.dump());
  for (const std::int64_t k : {2048, 2050}) {
    const GemmCase c = random_case({traces::Phase::forward, linear_geometry(traces::Phase::forward, 9, 8, k)},
                                   traces::Encoding::int4, traces::Encoding::int4, 1, 7);
    const std::string trace = (folder / fmt::format("trace_{}", k)).string();
    write_gemm_trace(trace, std::vector{c});
    const std::filesystem::path results = folder / fmt::format("results_{}", k);
    const ProgramRun run = sim(fmt::format("{} --cycles-only --trace {} --out {}",
                                           (folder / "small.json").string(), trace, results.string()));
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const auto json = nlohmann::json::parse(base::read_whole_file(results / "luq_32x32.json"));
    EXPECT_EQ(json["bytes"]["right"], k == 2048 ? 8 * 2048 / 2 : 2 * 8 * 2050 / 2)
        << "9 rows are two rows of tiles";
  }
}

TEST_F(SimCommand, ReplaysTheTraceFromOutside) {
  const ProgramRun run = sim(with_out("luq_32x32"));
  if (!QUATRAIN_HAS_SYSTEMC) {
    expect_refused(
        run,
        "no replay: built without SystemC (Debian package libsystemc-dev); expected --fidelity analytic");
    return;
  }
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err, "");
  EXPECT_THAT(run.out, HasSubstr("\nreplay: fidelity array on SystemC "));
  EXPECT_THAT(run.out, HasSubstr(": the accumulators of 45 of 45 GEMMs equal the trace; cycles equal the "
                                 "closed form; 90 tiles checked at pe\n"));
  EXPECT_THAT(run.out, EndsWith((out / "luq_32x32.json").string() + "\n"));
  EXPECT_THAT(run.out,
              MatchesRegex(".*\nconv_stride2     backward_data   390 x 7 x 90 +1 +13 +2015 +245700 +55860 "
                           "+11.9 +2.7\n.*"))
      << "MACs, those in range, and the utilization by both: 245700 and 55860 of 1024 x 2015";
  EXPECT_THAT(run.out, MatchesRegex(".*\n  overall utilization +5.8 % .*\n  in-range utilization +4.3 % .*"));
  EXPECT_THAT(run.out, MatchesRegex(".*\n  operand_sram [ .0-9]+  assumed\n.*"));
  EXPECT_THAT(run.out, MatchesRegex(".*\n  quantizer [ .0-9]+  published.derived\n.*"))
      << "low, nominal, high, kinds";
  const auto json = result("luq_32x32");
  EXPECT_EQ(JsonSchema("simulation").complaint(json.dump()), "");
  EXPECT_EQ(json["replay"]["gemms_equal"], 45);
  EXPECT_EQ(json["activity"]["macs"], json["macs"]);
  EXPECT_THAT(run.out, HasSubstr(fmt::format("\nactivity: {:.1f} % of the MACs have a zero operand\n",
                                             100 * json["activity"]["zero_operand_macs"].get<double>() /
                                                 json["activity"]["macs"].get<double>())));
  EXPECT_EQ(contents(out), (std::set<std::string>{"luq_32x32.csv", "luq_32x32.json"}));
}

/// The baseline: cycles of the same array, no replay, no quantizer.
TEST_F(SimCommand, Bf16IsCyclesAndEnergyOnly) {
  const ProgramRun run = sim(with_out("bf16_32x32 --cycles-only"));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("\nreplay: none (analytic); bits and cycles are not checked\n"));
  EXPECT_THAT(
      run.out,
      HasSubstr("\n  multiplier and adder are published macros; the 4-bit PE is priced from gate counts\n"));
  EXPECT_EQ(sim(with_out("luq_32x32 --cycles-only")).exit_code, 0);
  const auto bf16 = result("bf16_32x32"), luq = result("luq_32x32");
  EXPECT_EQ(JsonSchema("simulation").complaint(bf16.dump()), "");
  EXPECT_EQ(bf16["cycles"], luq["cycles"]);
  EXPECT_EQ(bf16["replayed"], false);
  for (const auto& component : bf16["technologies"]["7nm"]["components"]) {
    EXPECT_NE(component["component"], "quantizer");
    EXPECT_NE(component["component"], "quantizer_dram");
    EXPECT_NE(component["component"], "random_source");
  }
  EXPECT_EQ(2 * bf16["bytes"]["result"].get<std::int64_t>(), luq["bytes"]["result"]);
  EXPECT_EQ(bf16["bytes"]["quantizer"], 0);
  EXPECT_GE(bf16["bytes"]["left"], 4 * luq["bytes"]["left"].get<std::int64_t>() - 4 * 45)
      << "bytes are rounded up";
}

TEST_F(SimCommand, OwnConfigWithOwnTable) {
  write("mine.json", R"({"name": "mine", "array": {"rows": 8, "columns": 16, "dataflow": "output_stationary",
    "drain": "serial"}, "pe": "dual_int4_fp4", "accumulator": {"int": 32}, "lowering": "as_recorded",
    "random_source": "lfsr", "clock_mhz": 500, "buffers": {"operand_kib": 16, "accumulator_kib": 8},
    "dram": {"kind": "lpddr4", "gib_per_s": 17.1}, "technology": ["tables/own.json", "28nm"]})");
  std::filesystem::create_directories(folder / "tables");
  auto table =
      nlohmann::json::parse(base::read_whole_file(QUATRAIN_SOURCE_DIR "/configs/technology/7nm.json"));
  table["name"] = "own";
  write("tables/own.json", table.dump());
  const ProgramRun run = sim(with_out((folder / "mine.json").string() + " --cycles-only"));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto json = result("mine");
  EXPECT_TRUE(json["technologies"].contains("own"));
  EXPECT_TRUE(json["technologies"].contains("28nm"));
  EXPECT_DOUBLE_EQ(json["milliseconds"], json["cycles"].get<double>() / 500e3);
}

/// A design of 16 x 12 PEs with these keys in its array.
std::string array_design(const std::string& name, const std::string& keys) {
  return fmt::format(R"({{"name": "{}", "array": {{"rows": 16, "columns": 12, {}}}, "pe": "dual_int4_fp4",
    "accumulator": {{"int": 32}}, "lowering": "as_recorded", "random_source": "lfsr", "clock_mhz": 500,
    "buffers": {{"operand_kib": 16, "accumulator_kib": 8}}, "dram": {{"gib_per_s": 17.1}}, "technology": ["7nm"]}})",
                     name, keys);
}

/// Every dataflow computes the records of the trace; its file is read back to the same figures.
TEST_F(SimCommand, EveryDataflowEqualsTheTrace) {
  const std::vector<std::array<std::string, 2>> designs = {
      {R"("dataflow": "output_stationary", "drain": "skewed")", "output stationary, skewed drain"},
      {R"("dataflow": "output_stationary", "drain": "shadow")", "output stationary, shadow drain"},
      {R"("dataflow": "weight_stationary", "preload": "hidden")", "weight stationary, hidden preload"},
      {R"("dataflow": "weight_stationary", "preload": "exposed")", "weight stationary, exposed preload"},
      {R"("dataflow": "input_stationary", "preload": "hidden")", "input stationary, hidden preload"}};
  for (std::size_t i = 0; i < designs.size(); ++i) {
    const std::string name = fmt::format("flow{}", i);
    write(name + ".json", array_design(name, designs[i][0]));
    const ProgramRun run = sim(with_out((folder / (name + ".json")).string()));
    ASSERT_EQ(run.exit_code, 0) << run.err << run.out;
    EXPECT_THAT(run.out, testing::HasSubstr("16 x 12 dual_int4_fp4 PEs, " + designs[i][1] + ", 500 MHz"));
    EXPECT_THAT(run.out,
                testing::HasSubstr("of 45 of 45 GEMMs equal the trace; cycles equal the closed form"));
    const auto json = result(name);
    double used = 0, possible = 0;  // PEs of each tile
    for (const auto& record : json["records"]) {
      const auto size = [&](const char* key) { return record[key].get<double>(); };
      const double held = i < 2   ? size("m") * size("n")
                          : i < 4 ? size("k") * size("n") * size("samples")
                                  : size("k") * size("m");
      used += held * size("groups");
      possible += size("tiles") * 16 * 12;
      EXPECT_DOUBLE_EQ(record["utilization"]["spatial"], held * size("groups") / (size("tiles") * 16 * 12));
    }
    EXPECT_DOUBLE_EQ(json["utilization"]["spatial"], used / possible);
  }
}

TEST_F(SimCommand, ScaleSimsCyclesAreAClosedFormAlone) {
  write("scale.json", array_design("scale", R"("dataflow": "weight_stationary", "convention": "scalesim")"));
  const std::string config = (folder / "scale.json").string();
  expect_refused(
      sim(with_out(config)),
      "scale: no array takes the cycles of the convention 'scalesim'; expected --fidelity analytic");
  const ProgramRun run = sim(with_out(config + " --cycles-only"));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, testing::HasSubstr("weight stationary, cycles as SCALE-Sim counts them"));
  const auto json = result("scale");
  EXPECT_EQ(json["config"]["array"]["convention"], "scalesim");
  for (const auto& record : json["records"]) {
    const auto size = [&](const char* key) { return record[key].get<std::int64_t>(); };
    const std::int64_t folds =
        (size("k") + 15) / 16 * ((size("n") + 11) / 12) * size("groups") * size("samples");
    EXPECT_EQ(size("cycles"), folds * (2 * 16 + 12 + size("m") - 2) - 1);
  }
}

TEST_F(SimCommand, BadConfigsAreNamed) {
  const std::string file = (folder / "bad.json").string();
  const ProgramRun missing = sim(with_out(file));
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.err,
              MatchesRegex("error: " + file +
                           ": no such file; expected a file, one of the accelerator configs inside "
                           "the program: bf16_32x32, luq_32x32, or one of the workloads inside it: "
                           "bert_base, .*resnet50, .*demo_cnn.*\n"));
  write("bad.json", R"({"name": "bad", "arrays": {}})");
  expect_refused(sim(with_out(file)),
                 file + ": /: the key 'array' is missing; the nearest one there is 'arrays'");
  write("bad.json", "{");
  const ProgramRun run = sim(with_out(file));
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, testing::StartsWith("error: " + file));
}

/// The record says one more than what its operands give.
TEST_F(SimCommand, ADifferenceIsExitOneAndNamesRecordAndElement) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  EditedTrace trace(outside_trace);
  std::int32_t& recorded = trace.int32.at("0/train/linear_smp/forward/accumulators").at(26);
  const std::int32_t right = recorded++;
  trace.write(folder / "trace");
  const ProgramRun run = sim("luq_32x32 --trace " + (folder / "trace").string() + " --out " + out.string());
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err, "");
  EXPECT_THAT(
      run.out,
      HasSubstr(": the accumulators of 44 of 45 GEMMs equal the trace; cycles equal the closed form; "));
  EXPECT_THAT(run.out,
              HasSubstr(fmt::format("\nDIFFERENT: layer linear_smp, step 0, forward: accumulator 26 of 399 "
                                    "(index [1, 5]) is {}; the record has {}\n",
                                    right, right + 1)));
  const auto json = result("luq_32x32");
  EXPECT_EQ(json["replay"]["gemms_equal"], 44);
  EXPECT_EQ(json["replay"]["differences"].size(), 1U);
}

TEST_F(SimCommand, ASumThatCouldLeaveInt32IsRefused) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  const std::int64_t k = 1118482;  // 2 k 15 * 64 = 2^31 + 1792
  const traces::Gemm gemm{traces::Phase::backward_weight,
                          linear_geometry(traces::Phase::backward_weight, 1, 1, k)};
  GemmCase c = random_case(gemm, traces::Encoding::uint4, traces::Encoding::fp4_e3m0, 2, 1);
  c.left.assign(c.left.size(), 0);
  for (auto& sample : c.right) sample.assign(sample.size(), 0);
  write_gemm_trace(folder / "trace", std::vector{c});
  expect_refused(
      sim("luq_32x32 --trace " + (folder / "trace").string() + " --out " + out.string()),
      "layer layer, step 0, backward_weight: k is 1118482 with 2 sample(s) of uint4 x fp4_e3m0; expected "
      "at most 1118481, so that every sum fits int32");
}

void keep_gemms_of(std::optional<traces::Pass> pass, EditedTrace& trace) {
  for (const traces::GemmRecord& gemm : trace.manifest.gemms)
    if (gemm.pass != pass)
      for (const auto& tensor : {gemm.accumulators, gemm.output})
        if (tensor) trace.manifest.tensors.erase(*tensor);
  std::erase_if(trace.manifest.gemms, [&](const traces::GemmRecord& gemm) { return gemm.pass != pass; });
}

/// It is simulated and replayed as training is, and says so.
TEST_F(SimCommand, ATraceOfEvaluationAlone) {
  EditedTrace trace(outside_trace);
  keep_gemms_of(traces::Pass::evaluation, trace);
  const std::size_t gemms = trace.manifest.gemms.size();
  ASSERT_GT(gemms, 1U);
  trace.write(folder / "trace");
  std::uint64_t macs = 0;
  const auto manifest = nlohmann::json::parse(base::read_whole_file(folder / "trace/manifest.json"));
  for (const auto& gemm : manifest["gemms"]) {
    std::uint64_t product = 1;
    for (const char* size : {"m", "n", "k", "groups", "samples"}) product *= gemm[size].get<std::uint64_t>();
    macs += product;
  }
  const std::string arguments = "luq_32x32 --trace " + (folder / "trace").string() + " --out " + out.string();
  const ProgramRun run = sim(arguments + (QUATRAIN_HAS_SYSTEMC ? "" : " --cycles-only"));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto json = result("luq_32x32");
  EXPECT_EQ(json["macs"], macs);
  EXPECT_EQ(json["records"].size(), gemms);
  EXPECT_EQ(json["scope"], "sum over all evaluation records of the trace; 4-bit layers only");
  if (QUATRAIN_HAS_SYSTEMC) {
    EXPECT_EQ(json["replay"]["gemms_equal"], gemms);
  }
}

TEST_F(SimCommand, ATraceWithoutGemmsIsRefused) {
  EditedTrace trace(outside_trace);
  keep_gemms_of(std::nullopt, trace);
  trace.write(folder / "trace");
  expect_refused(
      sim("luq_32x32 --cycles-only --trace " + (folder / "trace").string() + " --out " + out.string()),
      (folder / "trace").string() + ": found no GEMM; expected at least one");
}

TEST_F(SimCommand, MissingTraceIsNamed) {
  const std::string none = (folder / "none").string();
  const ProgramRun run = sim("luq_32x32 --cycles-only --trace " + none + " --out " + out.string());
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, testing::StartsWith("error: " + none));
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(SimCommand, ResultsStandBesideTheTraceByDefault) {
  std::filesystem::create_directories(folder / "run");
  std::filesystem::copy(outside_trace, folder / "run" / "trace");
  EXPECT_EQ(sim("luq_32x32 --cycles-only --trace " + (folder / "run" / "trace").string()).exit_code, 0);
  EXPECT_EQ(contents(folder / "run" / "simulation"),
            (std::set<std::string>{"luq_32x32.csv", "luq_32x32.json"}));
}

/// Neither file is left, for they belong together.
TEST_F(SimCommand, ADiskThatTakesNoMoreIsNamed) {
  const ProgramRun run =
      run_program_on_full_disk(16, QUATRAIN_PROGRAM, "sim " + with_out("luq_32x32 --cycles-only"), folder);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "error: " + (out / "luq_32x32.json").string() + ": cannot be written: File too large\n");
  EXPECT_EQ(contents(out), std::set<std::string>{});
}

TEST_F(SimCommand, ResultsDoNotGoIntoTheTrace) {
  std::filesystem::copy(outside_trace, folder / "trace");
  const std::string trace = (folder / "trace").string();
  expect_refused(sim("luq_32x32 --cycles-only --trace " + trace + " --out " + trace),
                 trace + ": lies in the trace " + trace + "; expected a place outside of it");
}

/// Results of designs that share a name stand side by side; a design's own older result is replaced.
TEST_F(SimCommand, DesignsOfOneNameKeepTheirResults) {
  const std::string text = base::read_whole_file(QUATRAIN_SOURCE_DIR "/configs/accelerators/luq_32x32.json");
  for (const int rows : {8, 16, 32, 16}) {
    std::string design = text;
    design.replace(design.find("\"rows\": 32"), 10, fmt::format("\"rows\": {}", rows));
    write("design.json", design);
    const ProgramRun run = sim(with_out((folder / "design.json").string() + " --cycles-only"));
    EXPECT_EQ(run.exit_code, 0) << run.err;
  }
  EXPECT_EQ(contents(out), (std::set<std::string>{"luq_32x32.json", "luq_32x32.csv", "luq_32x32-2.json",
                                                  "luq_32x32-2.csv", "luq_32x32-3.json", "luq_32x32-3.csv"}));
  EXPECT_EQ(result("luq_32x32")["config"]["array"]["rows"], 8);
  EXPECT_EQ(result("luq_32x32-2")["config"]["array"]["rows"], 16);
  EXPECT_EQ(result("luq_32x32-3")["config"]["array"]["rows"], 32);
}

TEST_F(SimCommand, AnInputIsNeverReplaced) {
  const std::string text = base::read_whole_file(QUATRAIN_SOURCE_DIR "/configs/accelerators/luq_32x32.json");
  write("luq_32x32.json", text);
  const std::string file = (folder / "luq_32x32.json").string();
  const ProgramRun run =
      sim(file + " --cycles-only --trace " + outside_trace + " --out " + folder.path().string());
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err,
            "error: " + file +
                ": exists and is not an older result of this kind; expected another name, so that it "
                "stays\n");
  EXPECT_EQ(base::read_whole_file(file), text);
}

TEST_F(SimCommand, ResultsSayWhatTheyComeFrom) {
  ASSERT_EQ(sim(with_out("luq_32x32 --cycles-only")).exit_code, 0);
  const auto json = result("luq_32x32");
  EXPECT_THAT(json["provenance"]["command"].get<std::string>(),
              EndsWith(" sim luq_32x32 --cycles-only --trace " + outside_trace + " --out " + out.string()));
  const auto sha256 = [](const std::string& file) {
    return traces::sha256_of_file(QUATRAIN_SOURCE_DIR "/configs/" + file);
  };
  const auto& inputs = json["provenance"]["inputs"];
  ASSERT_EQ(inputs.size(), 3U);
  EXPECT_EQ(inputs[0]["file"], "luq_32x32");
  EXPECT_EQ(inputs[0]["sha256"], sha256("accelerators/luq_32x32.json"));
  EXPECT_EQ(inputs[1]["sha256"], sha256("technology/7nm.json"));
  EXPECT_EQ(inputs[2]["sha256"], sha256("technology/45nm.json"));
  EXPECT_EQ(json["technologies"]["7nm"]["table_sha256"], sha256("technology/7nm.json"));
}

/// The array computes each GEMM once: verify takes over a replay without a difference, and no other.
TEST_F(SimCommand, VerifyTakesOverAReplay) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  EditedTrace trace(outside_trace);
  trace.write(folder / "trace");
  const auto verify = [&](const std::string& more) {
    return run_program(QUATRAIN_PROGRAM,
                       "verify " + (folder / "trace").string() + " --machines systemc.array " + more, folder);
  };
  const auto simulate = [&] {
    return sim("luq_32x32 --trace " + (folder / "trace").string() + " --out " + out.string()).exit_code;
  };
  const std::string taken = "; 45 GEMMs replayed by quatrain sim",
                    replayed = "--replayed " + (out / "luq_32x32.json").string();
  EXPECT_EQ(simulate(), 0);
  const ProgramRun alone = verify(""), after = verify(replayed);
  EXPECT_EQ(after.exit_code, 0) << after.err;
  EXPECT_THAT(alone.out, testing::Not(HasSubstr(taken)));
  EXPECT_THAT(after.out, HasSubstr(taken));
  EXPECT_THAT(alone.out, HasSubstr("\nsystemc.array gemms 47/47 "));
  EXPECT_THAT(after.out, HasSubstr("\nsystemc.array gemms 47/47 "));

  trace.int32.at("0/train/linear_smp/forward/accumulators").at(26) += 1;
  std::filesystem::remove_all(folder / "trace");
  trace.write(folder / "trace");
  EXPECT_EQ(verify(replayed).exit_code, 2) << "it is of another trace";
  EXPECT_EQ(simulate(), 1);
  const ProgramRun different = verify(replayed);
  EXPECT_EQ(different.exit_code, 1);
  EXPECT_THAT(different.out, HasSubstr("\nsystemc.array gemms 46/47 "));
  EXPECT_THAT(different.out, testing::Not(HasSubstr(taken)));
}

/// The tensors of all training GEMMs, each once; a source that does not give the recorded codes is a
/// difference.
TEST_F(SimCommand, QuantizersAreReplayedWhereTheConfigHasLanes) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  auto config = nlohmann::json::parse(
      base::read_whole_file(QUATRAIN_SOURCE_DIR "/configs/accelerators/luq_32x32.json"));
  config["quantizers"] = {{"lanes", 5}};
  write("lanes.json", config.dump());
  const ProgramRun run = sim(with_out((folder / "lanes.json").string()));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("\nquantizers: codes, scale and statistics of 49 of 49 equal the trace; "
                                 "cycles equal the closed form\n"));
  const auto json = result("luq_32x32");
  EXPECT_EQ(JsonSchema("simulation").complaint(json.dump()), "");
  EXPECT_EQ(json["quantizer_replay"]["quantizers"], 49);
  EXPECT_EQ(json["quantizer_replay"]["differences"], nlohmann::json::array());

  EditedTrace trace(outside_trace);
  for (float& x : trace.fp32.at(*trace.quantizer("0/train/conv_a/weight").source)) x *= -1;
  trace.write(folder / "trace");
  const ProgramRun different = sim((folder / "lanes.json").string() + " --trace " +
                                   (folder / "trace").string() + " --out " + (folder / "different").string());
  EXPECT_EQ(different.exit_code, 1);
  EXPECT_THAT(different.out, HasSubstr("45 of 45 GEMMs equal the trace"));
  EXPECT_THAT(different.out, HasSubstr("\nDIFFERENT: 0/train/conv_a/weight: code "));
}

/// As many PEs as modules would take minutes: nothing is sampled, and the table says so.
TEST_F(SimCommand, ALargeArrayIsReplayedWithoutSamples) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  std::string text = base::read_whole_file(QUATRAIN_SOURCE_DIR "/configs/accelerators/luq_32x32.json");
  text.replace(text.find("\"rows\": 32"), 10, "\"rows\": 129");
  write("large.json", text);
  const ProgramRun run = sim(with_out((folder / "large.json").string()));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(
      run.out,
      HasSubstr("45 of 45 GEMMs equal the trace; cycles equal the closed form; 0 tiles checked at pe"));
}

TEST_F(SimCommand, AFolderThatCannotBeMadeIsNamed) {
  write("results", "a file");
  const ProgramRun run = sim(with_out("luq_32x32 --cycles-only"));
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err, "error: " + out.string() + ": cannot be made: Not a directory\n");
}

}  // namespace
}  // namespace quatrain::tests
