/// quatrain sim on workloads without values, typed as a user types it.
#include "sim/workload/seeded_values.hpp"
#include "tests/emu/nn/tiny_config.hpp"
#if QUATRAIN_HAS_ONNX
#include "tests/sim/workload/onnx_models.hpp"
#endif
#include "tests/support/json_schema.hpp"
#include "tests/support/program.hpp"
#include "tests/support/synthetic_images.hpp"
#include "traces/encoding/nibbles.hpp"
#include "traces/format/checksum.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>

namespace quatrain::tests {
namespace {

using Json = nlohmann::json;

class SimWorkload : public testing::Test {
 protected:
  ProgramRun run(const std::string& arguments) const {
    return run_program("cd " + folder.path().string() + " && " QUATRAIN_PROGRAM, arguments, folder);
  }
  /// Of `quatrain sim ARGUMENTS`, which leaves RESULTS/NAME.json.
  Json result(const std::string& arguments, const std::string& name) const {
    const ProgramRun done = run("sim " + arguments);
    EXPECT_EQ(done.exit_code, 0) << done.err;
    EXPECT_EQ(done.err, "");
    const Json json = Json::parse(base::read_whole_file(folder / name));
    EXPECT_EQ(JsonSchema("simulation").complaint(json.dump()), "") << arguments;
    return json;
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder / name) << text; }
  void expect_refused(const std::string& arguments, const std::string& message) const {
    const ProgramRun done = run("sim " + arguments);
    EXPECT_EQ(done.exit_code, 2) << arguments;
    EXPECT_EQ(done.out, "");
    EXPECT_EQ(done.err, "error: " + message + "\n");
  }

  Folder folder;
};

/// What differs by where a workload comes from.
Json figures_alone(Json json) {
  for (const char* key : {"trace", "workload", "provenance", "scope", "limits"}) json.erase(key);
  for (Json& record : json["records"]) record.erase("step");
  return json;
}

/// The shapes of a training config are the records that its training leaves: samples, the layer without an
/// input gradient, and what each tensor's quantizers cost.
TEST_F(SimWorkload, AConfigIsOneStepOfItsTrace) {
  write_synthetic_images(folder / "data", 64, 10);
  for (const char* quantize : {R"("samples": 2)", R"("samples": 1, "maximum": "hindsight")"}) {
    std::string config = tiny_config_text;
    const std::string samples = R"("samples": 2)";
    config.replace(config.find(samples), samples.size(), quantize);
    write("tiny.json", config);
    const std::string out = folder / "run";
    std::filesystem::remove_all(out);
    const ProgramRun training = run("train tiny.json --data data --trace-steps 2 --out run");
    ASSERT_EQ(training.exit_code, 0) << training.err;
    for (const std::string design : {"luq_32x32", "bf16_32x32"}) {
      const Json trace =
          result(design + " --trace run/trace --fidelity analytic --out trace", "trace/" + design + ".json");
      const Json shapes = result(design + " tiny.json --out shapes", "shapes/" + design + ".tiny.json");
      EXPECT_EQ(shapes["workload"]["batch"], 16);
      EXPECT_EQ(shapes["workload"]["phases"], "training");
      EXPECT_EQ(figures_alone(shapes), figures_alone(trace)) << quantize;
    }
    std::filesystem::remove_all(folder / "shapes");
  }
}

/// A layer that occurs three times is three layers: every figure of the total and of the energies.
TEST_F(SimWorkload, CountsAreSums) {
  write("once.csv", "layer,m,n,k,groups,count\na,100,70,50,1,1\nb,9,8,7,3,3\n");
  write("thrice.csv", "layer,m,n,k,groups\nb,9,8,7,3\na,100,70,50,1\nb,9,8,7,3\nb,9,8,7,3\n");
  for (const std::string phases : {"forward", "training"}) {
    const Json once = result("luq_32x32 once.csv --phases " + phases, "simulation/luq_32x32.once.json");
    const Json thrice = result("luq_32x32 thrice.csv --phases " + phases, "simulation/luq_32x32.thrice.json");
    std::filesystem::remove_all(folder / "simulation");
    ASSERT_EQ(once["records"].size(), phases == "forward" ? 2U : 6U);
    EXPECT_EQ(once["records"][0].count("count"), 0U);
    EXPECT_EQ(once["records"][1]["count"], 3);
    EXPECT_EQ(once["records"][1]["cycles"], 3 * thrice["records"][0]["cycles"].get<std::int64_t>());
    for (const char* key : {"tiles", "cycles", "macs", "in_range_macs", "outputs", "streamed_cycles", "bytes",
                            "compulsory_bytes", "utilization", "milliseconds", "dram_milliseconds",
                            "memory_bound", "technologies"})
      EXPECT_EQ(once[key], thrice[key]) << key;
    EXPECT_DOUBLE_EQ(once["longer_milliseconds"], thrice["longer_milliseconds"]);
  }
}

/// A topology under SCALE-Sim's convention has that tool's cycles: its formula typed here.
TEST_F(SimWorkload, AScaleSimTopologyHasItsCycles) {
  write("net.csv",
        "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
        "Conv1, 224, 224, 7, 7, 3, 64, 2,\nConv2, 56, 56, 3, 3, 64, 100, 1,\n");
  auto design =
      Json::parse(base::read_whole_file(QUATRAIN_SOURCE_DIR "/configs/accelerators/luq_32x32.json"));
  design["array"] = {
      {"rows", 32}, {"columns", 32}, {"dataflow", "output_stationary"}, {"convention", "scalesim"}};
  write("scale.json", design.dump());
  const Json json = result("scale.json net.csv", "simulation/luq_32x32.net.json");
  const auto up = [](std::int64_t a) { return (a + 31) / 32; };
  EXPECT_EQ(json["records"][0]["cycles"], up(110 * 110) * up(64) * (32 + 32 + 147 - 2) - 1);
  EXPECT_EQ(json["records"][1]["cycles"], up(54 * 54) * up(100) * (32 + 32 + 576 - 2) - 1);
  EXPECT_EQ(json["workload"]["kind"], "scalesim_topology");
}

/// One row per GEMM, with how often it occurs; the table names the workload.
TEST_F(SimWorkload, TableAndCsvSayTheSame) {
  write("list.csv", "layer,m,n,k,groups,count\nfirst,100,70,50,1,4\nsecond,9,8,7,3\n");
  const ProgramRun done = run("sim luq_32x32 list.csv --batch 3");
  ASSERT_EQ(done.exit_code, 0) << done.err;
  EXPECT_THAT(done.out, testing::HasSubstr("\ngemm_list list.csv (list): forward pass, batch 3\n"));
  EXPECT_THAT(done.out, testing::ContainsRegex("\nfirst +forward +300 x 70 x 50 +4 "));
  EXPECT_THAT(done.out, testing::ContainsRegex("\nsecond +forward +27 x 8 x 7 g3 +1 "));
  EXPECT_THAT(done.out, testing::HasSubstr("\ntotal of 5 records\n"));
  EXPECT_THAT(done.out, testing::HasSubstr("\n  what is no matrix product is not in it\n"));
  const std::string csv = base::read_whole_file(folder / "simulation/luq_32x32.list.csv");
  EXPECT_THAT(csv, testing::StartsWith("step,layer,phase,m,n,k,groups,samples,count,tiles,"));
  EXPECT_THAT(csv, testing::HasSubstr("\n0,first,forward,300,70,50,1,1,4,"));
  EXPECT_THAT(csv, testing::HasSubstr("\n0,second,forward,27,8,7,3,1,1,"));
}

/// Neither another batch nor another list of the same name takes the place of a result; the same does.
TEST_F(SimWorkload, ResultsOfDifferentWorkloadsStandSideBySide) {
  write("list.csv", "layer,m,n,k\na,4,5,6\n");
  for (const char* arguments : {"list.csv", "list.csv --batch 2", "./list.csv", "list.csv --phases training"})
    EXPECT_EQ(run(std::string("sim luq_32x32 ") + arguments).exit_code, 0);
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "simulation"))
    found.insert(entry.path().filename());
  EXPECT_EQ(found, (std::set<std::string>{"luq_32x32.list.csv", "luq_32x32.list.json", "luq_32x32.list-2.csv",
                                          "luq_32x32.list-2.json", "luq_32x32.list-3.csv",
                                          "luq_32x32.list-3.json"}));
}

#if QUATRAIN_HAS_ONNX
/// A model and a list of the same layers have the same figures, in `sim` and in a study; `explain` takes it
/// too.
TEST_F(SimWorkload, AnOnnxModelIsItsLayers) {
  OnnxModel model;
  model.input("x", "N,8,?,30").weight("w", {16, 2, 3, 5}).weight("v", {16, 1, 3, 3}).weight("m", {30, 12});
  model.node("Conv", "conv", {"x", "w"}, {"a"},
             {{"strides", {2, 1}}, {"pads", {1, 2, 1, 2}}, {"group", {4}}});
  model.node("Relu", "relu", {"a"}, {"b"});
  model.node("Conv", "depthwise", {"b", "v"}, {"c"}, {{"group", {16}}}, {{"auto_pad", "SAME_UPPER"}});
  model.node("MatMul", "fc", {"c", "m"}, {"d"});
  model.save(folder / "net.onnx");
  write("list.csv",
        "layer,channels,height,width,filters,kernel,stride,padding,groups\n"
        "conv,8,28,30,16,3x5,2x1,1x2,4\ndepthwise,16,14,30,16,3,1,1,16\n");
  write("fc.csv", "layer,m,n,k\nfc,224,12,30\n");
  const std::string typed = "net.onnx --shape x=3x8x28x30";
  const Json onnx = result("luq_32x32 " + typed, "simulation/luq_32x32.net.json"),
             list = result("luq_32x32 list.csv --batch 3", "simulation/luq_32x32.list.json"),
             linear = result("luq_32x32 fc.csv --batch 3", "simulation/luq_32x32.fc.json");
  ASSERT_EQ(onnx["records"].size(), 3U);
  EXPECT_EQ(onnx["records"][0], list["records"][0]);
  EXPECT_EQ(onnx["records"][1], list["records"][1]);
  EXPECT_EQ(onnx["records"][2], linear["records"][0]);
  for (const char* key : {"cycles", "macs"})
    EXPECT_EQ(onnx[key], list[key].get<std::int64_t>() + linear[key].get<std::int64_t>());
  EXPECT_EQ(onnx["workload"]["kind"], "onnx");
  EXPECT_EQ(onnx["workload"]["batch"], 3);
  EXPECT_EQ(onnx["workload"]["sha256"], traces::sha256_of_file(folder / "net.onnx"));
  EXPECT_EQ(onnx["workload"]["notes"], Json({"input 'x' is 3 x 8 x 28 x 30",
                                             "operators without matrix products are not in it: Relu 1"}));
  const ProgramRun explained = run("explain luq_32x32 " + typed);
  EXPECT_EQ(explained.exit_code, 0) << explained.err;
  EXPECT_THAT(explained.out,
              testing::HasSubstr("quatrain sim luq_32x32 net.onnx --shape x=3x8x28x30 --set "));
  const std::string study = R"({"name": "s", "design": "luq_32x32", "workloads": [{"workload": "net.onnx",
    "shapes": {"x": [3, 8, 28, 30]}}], "vary": {"array.rows": [32, 64]}})";
  EXPECT_EQ(JsonSchema("study").complaint(study), "");
  write("study.json", study);
  const ProgramRun swept = run("sweep study.json --out s");
  EXPECT_EQ(swept.exit_code, 0) << swept.err;
  const std::string rows = base::read_whole_file(folder / "s/layers.csv");
  for (const Json& record : onnx["records"])
    EXPECT_THAT(rows, testing::HasSubstr(fmt::format(",{},forward,{},", record["layer"].get<std::string>(),
                                                     record["m"].get<std::int64_t>())));
  expect_refused("luq_32x32 net.onnx",
                 "net.onnx: input 'x': its size 3 ('') is open; expected --shape x=1x8x?x30");
  expect_refused("luq_32x32 net.onnx --shape x=3x8x28x0",
                 "--shape: found 'x=3x8x28x0'; expected INPUT=SIZExSIZE..., as in input=1x3x224x224");
  expect_refused("luq_32x32 none.onnx", "none.onnx: cannot be read: No such file or directory");
}
#else
TEST_F(SimWorkload, AnOnnxModelNeedsLibonnx) {
  write("net.onnx", "anything");
  expect_refused(
      "luq_32x32 net.onnx",
      "net.onnx: no ONNX model can be read: this program was built without libonnx (Debian package "
      "libonnx-dev)");
}
#endif

#if QUATRAIN_HAS_SYSTEMC
/// MACs with a zero operand of a product of m x k and k x n in groups, counted one by one. The natural
/// tensors are X [m, groups k], W [groups n, k], dZ [m, groups n].
std::uint64_t zero_macs(std::uint32_t seed, const Json& record) {
  const auto size = [&](const char* key) { return record[key].get<std::uint64_t>(); };
  const std::string phase = record["phase"], layer = record["layer"];
  const std::uint64_t groups = size("groups"), m = size("m"), n = size("n"), k = size("k");
  const bool is_forward = phase == "forward", is_data = phase == "backward_data";
  const std::uint64_t rows = phase == "backward_weight" ? k : m, out = is_data ? k : n,
                      in = is_forward ? k
                           : is_data  ? n
                                      : m;  // of a group
  const auto is_zero = [&](traces::Role role, std::uint64_t elements) {
    const auto codes = sim::drawn_codes(
        {seed, layer, role, 0},
        role == traces::Role::gradient ? traces::Encoding::fp4_e3m0 : traces::Encoding::int4, elements);
    return [codes](std::uint64_t element) { return traces::nibble_at(codes, element) == 0; };
  };
  const auto x = is_zero(traces::Role::input, rows * groups * in);
  const auto w = is_zero(traces::Role::weight, groups * out * in);
  const auto dz = is_zero(traces::Role::gradient, rows * groups * out);
  std::uint64_t zeros = 0;
  for (std::uint64_t g = 0; g < groups; ++g)
    for (std::uint64_t row = 0; row < rows; ++row)
      for (std::uint64_t o = 0; o < out; ++o)
        for (std::uint64_t i = 0; i < in; ++i) {
          const bool x_zero = x((row * groups + g) * in + i), w_zero = w((g * out + o) * in + i),
                     dz_zero = dz((row * groups + g) * out + o);
          zeros += is_forward ? x_zero || w_zero : is_data ? dz_zero || w_zero : x_zero || dz_zero;
        }
  return zeros;
}

/// All that the closed form says stays; activity is that of the drawn codes, a layer's times its count.
TEST_F(SimWorkload, DrawnValuesAddActivityAndChangeNothingElse) {
  write("list.csv", "layer,m,n,k,groups,count\na,20,40,30,1,3\nb,13,7,35,2,1\n");
  const std::string options = "luq_32x32 list.csv --phases training ";
  Json shapes = result(options + "--out shapes", "shapes/luq_32x32.list.json");
  Json drawn = result(options + "--values seed=7 --out drawn", "drawn/luq_32x32.list.json");
  EXPECT_EQ(drawn["workload"]["values"],
            Json({{"seed", 7}, {"what", "seeded generator, seed 7, not from a training run"}}));
  EXPECT_EQ(drawn["scope"],
            "sum over one training step with a batch of 1; values: seeded generator, seed 7, not from a "
            "training run");
  EXPECT_THAT(drawn["limits"].back(),
              testing::StartsWith("values: seeded generator, seed 7, not from a training run; "));
  EXPECT_EQ(drawn["replay"]["gemms_equal"], 6);
  EXPECT_EQ(drawn["replay"]["cycles_equal"], true);
  std::uint64_t zeros = 0, macs = 0;
  for (const Json& record : drawn["records"]) {
    const std::uint64_t count = record.value("count", 1);
    const std::uint64_t mine = count * zero_macs(7, record);
    EXPECT_EQ(record["activity"]["zero_operand_macs"], mine) << record["layer"] << record["phase"];
    EXPECT_EQ(record["activity"]["macs"], record["macs"]);
    zeros += mine, macs += record["macs"].get<std::uint64_t>();
  }
  EXPECT_EQ(drawn["activity"]["zero_operand_macs"], zeros);
  EXPECT_EQ(drawn["activity"]["macs"], macs);
  const auto but_for_values = [](Json json) {
    json = figures_alone(std::move(json));
    for (const char* key : {"replay", "replayed", "activity"}) json.erase(key);
    for (Json& record : json["records"]) record.erase("activity");
    return json;
  };
  EXPECT_EQ(but_for_values(drawn), but_for_values(shapes));
  // The table and the CSV say where the values come from.
  const std::string table = run("sim " + options + "--values seed=7 --fidelity tile --out drawn").out;
  EXPECT_THAT(table, testing::HasSubstr("\nvalues: seeded generator, seed 7, not from a training run\n"));
  EXPECT_THAT(table, testing::HasSubstr("the accumulators of 6 of 6 GEMMs equal those of the emulator; cycles equal"));
  const std::string csv = base::read_whole_file(folder / "drawn/luq_32x32.list.csv");
  EXPECT_EQ(std::ranges::count(csv, '\n'), 7);
  for (const char* field : {",values\n", ",seed=7\n"}) EXPECT_THAT(csv, testing::HasSubstr(field));
  EXPECT_THAT(base::read_whole_file(folder / "shapes/luq_32x32.list.csv"), testing::EndsWith(",none\n"));
  const Json tile = Json::parse(base::read_whole_file(folder / "drawn/luq_32x32.list.json"));
  EXPECT_EQ(tile["activity"], drawn["activity"]);
  const Json other = result(options + "--values seed=8 --out drawn", "drawn/luq_32x32.list-2.json");
  EXPECT_NE(other["activity"], drawn["activity"]);
}

/// What depends on values is priced by them: the zeros that are gated, and nothing else.
TEST_F(SimWorkload, DrawnZerosSaveEnergy) {
  write("list.csv", "layer,m,n,k,groups,count\na,20,40,30,1,3\n");
  const ProgramRun done =
      run("sim luq_32x32 list.csv --phases training --values seed=7 --set zero_gating=false,true");
  ASSERT_EQ(done.exit_code, 0) << done.err;
  const auto named = [&](const std::string& value) {
    return Json::parse(
        base::read_whole_file(folder / ("simulation/luq_32x32.zero_gating-" + value + ".list.json")));
  };
  const Json plain = named("false"), gated = named("true");
  for (const char* key : {"cycles", "bytes", "macs", "activity", "replay"})
    EXPECT_EQ(plain[key], gated[key]) << key;
  const auto switching = [](const Json& json, std::size_t i) {
    return json["records"][i]["events"]["pe_combinational"]["pe_dual_int32"].get<std::uint64_t>();
  };
  for (std::size_t i = 0; i < plain["records"].size(); ++i)
    EXPECT_EQ(switching(plain, i) - switching(gated, i), 3 * zero_macs(7, plain["records"][i])) << i;
  const std::string csv = base::read_whole_file(folder / "simulation/comparison.csv");
  EXPECT_THAT(csv, testing::StartsWith("design,workload,file,phases,batch,values,"));
  EXPECT_THAT(csv, testing::HasSubstr(",training,1,seed=7,"));
  const ProgramRun report = run("report simulation");
  ASSERT_EQ(report.exit_code, 0) << report.err;
  EXPECT_THAT(base::read_whole_file(folder / "simulation/study.html"),
              testing::HasSubstr("values of a seeded generator (seed=7), not from a training run"));
}
#endif

TEST_F(SimWorkload, DrawnValuesThatAreRefused) {
  write("list.csv", "layer,m,n,k\na,30000,30000,3\n");
  const std::string found = "; expected seed=N with N of 0 to 4294967295";
  for (const std::string typed : {"7", "seed=", "seed=-1", "seed=4294967296", "seed=7x"})
    expect_refused("luq_32x32 list.csv --values " + typed, "--values: found '" + typed + "'" + found);
  expect_refused("luq_32x32 list.csv --values seed=7 --fidelity analytic",
                 "--values: --fidelity analytic needs none; expected array, tile or pe");
  const std::string trace = QUATRAIN_SOURCE_DIR "/tests/data/outside_trace";
  expect_refused("luq_32x32 " + trace + " --values seed=7",
                 "--values: the trace " + trace + " has its own; expected a workload of shapes");
  expect_refused(
      "luq_32x32 llama2_7b_prefill --values seed=7",
      "llama2_7b_prefill: --values: 287893880832 MACs to replay; expected at most 100000000000: a "
      "smaller --batch, fewer layers, a larger --replay-limit, or no --values (cycles and bytes are "
      "the same)");
  expect_refused(
      "luq_32x32 list.csv --values seed=7",
      "list.csv: --values: layer a, step 0, forward: the product needs about 10300 MiB; expected at "
      "most 8192: a smaller --batch, fewer layers, or no --values (cycles and bytes are the same)");
}

TEST_F(SimWorkload, WhatIsRefused) {
  write("list.csv", "layer,m,n,k\na,4,5,6\n");
  const std::string trace = QUATRAIN_SOURCE_DIR "/tests/data/outside_trace";
  expect_refused("luq_32x32 list.csv --fidelity array",
                 "list.csv: has no values to replay; expected --fidelity analytic, or --values seed=N");
  expect_refused("luq_32x32 --trace " + trace + " --batch 2",
                 "--batch: the trace " + trace +
                     " has phases and batches of its own; expected a workload without values");
  expect_refused("luq_32x32 " + trace + " --phases forward --out o",
                 "--phases: the trace " + trace +
                     " has phases and batches of its own; expected a workload without values");
  write("list.csv", "layer,m,n,k\na,4,5,0\n");
  expect_refused("luq_32x32 list.csv",
                 "list.csv: line 2: k: found '0'; expected a whole number from 1 to 2147483647");
  EXPECT_THAT(run("sim list.csv").err, testing::StartsWith("error: list.csv: line 2: "));
  write("list.csv", "layer,m,n,k\na,4,5,6\n");
  EXPECT_THAT(run("sim list.csv").err,
              testing::StartsWith("error: no design among what was typed; expected "));
  EXPECT_THAT(run("sim luq_32x32").err,
              testing::StartsWith("error: no workload among what was typed; expected --trace DIRECTORY, "));
}

}  // namespace
}  // namespace quatrain::tests
