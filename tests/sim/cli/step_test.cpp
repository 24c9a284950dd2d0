/// `quatrain step`, read back through its files and its table. What each operation does is typed here for a
/// small network, counted by hand from docs/training-step.md; times and energies are recounted from it.
#include "tests/sim/report/step_picture.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/program.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <map>
#include <sstream>

namespace quatrain::tests {
namespace {

using base::read_whole_file;
using base::write_whole_file;
using nlohmann::json;
using testing::HasSubstr;

/// Batch 2 of images of 1 x 4 x 4: every kind of operation but dropout and the other pools.
constexpr const char* network_text = R"({
  "name": "small",
  "data": {"kind": "idx", "size": [1, 4, 4], "classes": 2, "mean": 0.5, "std": 0.5},
  "seed": 1, "epochs": 1, "batch": 2, "evaluation_batch": 2,
  "optimizer": {"kind": "sgd", "momentum": 0.9, "weight_decay": 0.001},
  "learning_rate": {"schedule": "linear", "from": 0.1, "to": 0.0},
  "quantize": {"forward": "sawb", "gradient": "luq", "random_bits": 16, "alpha": "exact", "samples": 1},
  "layers": [
    {"kind": "conv2d", "name": "conv1", "out_channels": 2, "kernel": 3, "padding": 1, "precision": "fp32"},
    {"kind": "relu", "name": "a"},
    {"kind": "conv2d", "name": "conv2", "out_channels": 2, "kernel": 1, "bias": false, "precision": "quantized"},
    {"kind": "batch_norm", "name": "bn2"},
    {"kind": "add", "name": "sum", "inputs": ["bn2", "a"]},
    {"kind": "max_pool", "name": "pool", "kernel": 2},
    {"kind": "linear", "name": "fc", "out_features": 2, "precision": "fp32"}
  ]
})";

constexpr const char* design_text = R"({
  "name": "small4",
  "array": {"rows": 4, "columns": 4, "dataflow": "output_stationary", "drain": "serial"},
  "pe": "dual_int4_fp4",
  "accumulator": {"int": 32},
  "lowering": "as_recorded",
  "random_source": "philox",
  "clock_mhz": 1000,
  "buffers": {"operand_kib": 64, "accumulator_kib": 64},
  "dram": {"kind": "hbm2", "gib_per_s": 100},
  "quantizers": {"lanes": 2},
  "vector_unit": {"lanes": 4},
  "technology": ["7nm", "45nm"]
})";

/// What an operation does. A request to the DRAM for each of `reads_and_writes`.
struct Expected {
  std::string layer, part, name;
  std::vector<std::uint64_t> requests;
  std::uint64_t additions = 0, multiplications = 0, selections = 0, functions = 0;
  std::uint64_t macs = 0, array = 0, quantizers = 0;

  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t request : requests) sum += request;
    return sum;
  }
  std::uint64_t dram() const {
    std::uint64_t cycles = 0;  // 100 GiB/s at 1000 MHz: 107.37 bytes in a cycle
    for (const std::uint64_t request : requests)
      cycles += static_cast<std::uint64_t>(std::ceil(static_cast<double>(request) / 107.3741824));
    return cycles;
  }
  /// Four lanes. An fp32 product multiplies and adds in one.
  std::uint64_t vector_unit() const {
    const std::uint64_t starts = additions + multiplications + selections + functions;
    return ((array == 0 ? starts - macs : starts) + 3) / 4;
  }
};

/// By hand. Of a product: left and right operand and result in one request on the array; apart on the vector
/// unit.
std::vector<Expected> expected() {
  const auto fp32_product = [](const char* layer, const char* part, const char* name, std::uint64_t read,
                               std::uint64_t written, std::uint64_t macs) {
    return Expected{layer, part, name, {read, written}, macs, macs, 0, 0, macs};
  };
  const auto product = [](const char* part, const char* name, std::uint64_t bytes, std::uint64_t macs,
                          std::uint64_t cycles) {
    return Expected{"conv2", part, name, {bytes}, 0, 0, 0, 0, macs, cycles};
  };
  const auto quantize = [](const char* part, const char* name, std::uint64_t bytes, std::uint64_t cycles) {
    return Expected{"conv2", part, name, {bytes}, 0, 0, 0, 0, 0, 0, cycles};
  };
  return {
      // 3 x 3 with padding on 4 x 4: 10 x 10 pairs of pixel and tap, 2 filters, 2 images
      fp32_product("conv1", "forward", "forward", 4 * (32 + 18), 4 * 64, 400),
      {"conv1", "forward", "bias", {256, 256}, 64},
      {"a", "forward", "relu", {256, 256 + 8}, 0, 0, 64},
      // 64 inputs and 4 weights, each read twice as fp32 and written as 4 bits; three passes of two lanes
      quantize("forward", "quantize for forward", 2 * 4 * (64 + 4) + 32 + 2, 3 * 32 + 395 + 3 * 2 + 395),
      // 32 x 2 x 2: 8 tiles of k + 2 rows + columns - 2 cycles
      product("forward", "forward", 32 + 2 + 256, 128, 8 * (2 + 8 + 2 - 2)),
      {"bn2", "forward", "batch_norm mean", {256, 0}, 64, 0, 0, 2},
      {"bn2", "forward", "batch_norm variance", {256, 0}, 128, 64, 0, 8},
      {"bn2", "forward", "batch_norm", {256, 256}, 128, 128},
      {"sum", "forward", "add", {512, 256}, 64},
      {"pool", "forward", "max_pool", {256, 64 + 4}, 0, 0, 64 - 16},  // 2 bits for each of 16 places
      fp32_product("fc", "forward", "forward", 4 * (16 + 16), 4 * 4, 32),
      {"fc", "forward", "bias", {16, 16}, 4},
      // 4 logits, 2 samples
      {"", "loss", "softmax cross-entropy", {16, 16}, 3 * 4 + 2 * 2, 0, 4, 3 * 4 + 2},
      {"fc", "backward", "bias gradient", {16, 0}, 4},
      fp32_product("fc", "backward", "backward_data", 4 * (4 + 16), 4 * 16, 32),
      fp32_product("fc", "backward", "backward_weight", 4 * (16 + 4), 4 * 16, 32),
      {"pool", "backward", "max_pool backward", {64 + 4, 256}, 16},
      {"bn2", "backward", "batch_norm gradients", {512, 0}, 192, 128, 0, 4},
      {"bn2", "backward", "batch_norm backward", {512, 256}, 192, 192},
      quantize("backward", "quantize for backward_data", 2 * 4 * 64 + 32, 2 * 32 + 31),
      product("backward", "backward_data", 32 + 2 + 256, 128, 8 * (2 + 8 + 2 - 2)),
      product("backward", "backward_weight", 32 + 32 + 16, 128, 32 + 4 + 2 - 2),
      {"a", "backward", "gradients of readers", {512, 256}, 64},
      {"a", "backward", "relu backward", {256 + 8, 256}, 0, 0, 64},
      {"conv1", "backward", "bias gradient", {256, 0}, 64},
      fp32_product("conv1", "backward", "backward_weight", 4 * (32 + 64), 4 * 18, 400),
      // gradient, value and momentum are read, value and momentum written
      {"conv1", "update", "sgd", {12 * 20, 8 * 20}, 60, 60},
      {"conv2", "update", "sgd", {12 * 4, 8 * 4}, 12, 12},
      {"bn2", "update", "sgd", {12 * 4, 8 * 4}, 12, 12},
      {"fc", "update", "sgd", {12 * 18, 8 * 18}, 54, 54},
  };
}

using Row = std::map<std::string, std::string>;

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream text(line + ",");
  for (std::string cell; std::getline(text, cell, ',');) cells.push_back(cell);
  return cells;
}

std::vector<Row> rows_of(const std::filesystem::path& csv) {
  std::istringstream text(read_whole_file(csv));
  std::string line;
  std::getline(text, line);
  const std::vector<std::string> names = cells_of(line);
  std::vector<Row> rows;
  while (std::getline(text, line)) {
    const std::vector<std::string> cells = cells_of(line);
    EXPECT_EQ(cells.size(), names.size()) << line;
    rows.emplace_back();
    for (std::size_t i = 0; i < std::min(cells.size(), names.size()); ++i) rows.back()[names[i]] = cells[i];
  }
  return rows;
}

class StepCommand : public testing::Test {
 protected:
  void SetUp() override {
    write_whole_file(folder_ / "network.json", network_text);
    write_whole_file(folder_ / "design.json", design_text);
  }

  std::string in(const std::string& name) const { return (folder_ / name).string(); }

  std::string step(const std::string& arguments) {
    const ProgramRun run = run_program(QUATRAIN_PROGRAM, "step " + arguments, folder_);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return run.out;
  }
  std::string small_step() {
    return step(in("design.json") + " --network " + in("network.json") + " --out " + in("out") +
                " --timeline " + in("timeline.json"));
  }
  json result() const { return json::parse(read_whole_file(folder_ / "out" / "small4-small.step.json")); }

  Folder folder_;
};

TEST_F(StepCommand, EveryOperationIsTheOneCountedByHand) {
  small_step();
  const std::vector<Row> rows = rows_of(folder_ / "out" / "small4-small.step.csv");
  const std::vector<Expected> all = expected();
  ASSERT_EQ(rows.size(), all.size());
  std::uint64_t begin = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Expected& want = all[i];
    const std::map<std::string, std::uint64_t> busy = {{"array", want.array},
                                                       {"quantizers", want.quantizers},
                                                       {"vector_unit", want.vector_unit()},
                                                       {"dram", want.dram()}};
    std::uint64_t cycles = 0;
    for (const auto& [resource, of] : busy) cycles = std::max(cycles, of);
    Row row = {{"begin_cycle", fmt::to_string(begin)},
               {"cycles", fmt::to_string(cycles)},
               {"layer", want.layer},
               {"part", want.part},
               {"operation", want.name},
               {"bytes", fmt::to_string(want.bytes())},
               {"macs", fmt::to_string(want.macs)},
               {"additions", fmt::to_string(want.additions)},
               {"multiplications", fmt::to_string(want.multiplications)},
               {"selections", fmt::to_string(want.selections)},
               {"functions", fmt::to_string(want.functions)},
               {"draws", "0"}};
    for (const auto& [resource, of] : busy) row[resource + "_cycles"] = fmt::to_string(of);
    EXPECT_EQ(busy.at(rows[i].at("bound_by")), cycles) << i;
    row["bound_by"] = rows[i].at("bound_by");
    EXPECT_EQ(rows[i], row) << i;
    begin += cycles;
  }
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// What differs from expected(): bytes and lane cycles of an operation of conv2 or bn2.
struct Change {
  std::string name;
  std::uint64_t bytes, lanes;
};

/// A tensor of 64 elements has 256 bytes as fp32 and 32 as codes, and is 32 words of two lanes; the four
/// weights are two words.
TEST_F(StepCommand, FusedQuantizersLeaveOutWhatTheTextSays) {
  const Change forward{"quantize for forward", 2 * (256 + 16) + 32 + 2, 2 * 32 + 394 + 2 * 2 + 394};
  const Change read_once{"quantize for backward_data", 256 + 32, 32 + 30};
  const Change codes_alone{"quantize for backward_data", 32, 32 + 30},
      unwritten{"batch_norm backward", 512, 0};
  const Change two_samples{"quantize for backward_data", 2 * 32, 2 * 32 + 30};
  const char *hindsight = "\"samples\": 1, \"maximum\": \"hindsight\"",
             *twice = "\"samples\": 2, \"maximum\": \"hindsight\"";
  struct Case {
    std::string what, quantizers, quantize;
    std::vector<Change> changes;
  };
  for (const Case& c :
       std::vector<Case>{{"fused", "\"placement\": \"fused\"", "\"samples\": 1", {forward, read_once}},
                         {"known", "\"placement\": \"dram\"", hindsight, {read_once}},
                         {"both", "\"placement\": \"fused\"", hindsight, {forward, codes_alone, unwritten}},
                         {"again",
                          "\"placement\": \"fused\"",
                          twice,
                          {forward, codes_alone, {"quantize for backward_weight", 256 + 32, 32 + 30}}},
                         {"serial",
                          "\"placement\": \"fused\", \"sample_groups\": 1",
                          twice,
                          {forward, two_samples, unwritten}}}) {
    SCOPED_TRACE(c.what);
    write_whole_file(folder_ / "network.json", replaced(network_text, "\"samples\": 1", c.quantize));
    std::string design = replaced(design_text, "\"lanes\": 2", "\"lanes\": 2, " + c.quantizers);
    design = replaced(design, "\"small4\"", "\"" + c.what + "\"");
    write_whole_file(folder_ / "design.json", design);
    const std::string table = small_step();
    EXPECT_THAT(table,
                HasSubstr(c.what == "known" ? "quantizers.placement dram:" : "quantizers.placement fused:"));
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> want;
    for (const Expected& e : expected()) want[e.layer + e.part + e.name] = {e.bytes(), e.quantizers};
    for (const Change& change : c.changes) {
      const bool is_forward = change.name == "quantize for forward";
      want[(change.name == "batch_norm backward" ? "bn2" : "conv2") +
           std::string(is_forward ? "forward" : "backward") + change.name] = {change.bytes, change.lanes};
    }
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> found;
    for (const Row& row : rows_of(folder_ / "out" / (c.what + "-small.step.csv")))
      found[row.at("layer") + row.at("part") + row.at("operation")] = {
          std::stoull(row.at("bytes")), std::stoull(row.at("quantizers_cycles"))};
    if (c.what == "again" ||
        c.what == "serial") {  // two streams of k: 32 and 32 more bytes and cycles of the array
      want["conv2backwardbackward_weight"].first += 32;
    }
    EXPECT_EQ(found, want);
  }
}

/// The bias reads the gradient as fp32, too.
TEST_F(StepCommand, AGradientThatSomethingElseReadsIsWritten) {
  std::string network =
      replaced(network_text, "\"samples\": 1", "\"samples\": 1, \"maximum\": \"hindsight\"");
  write_whole_file(folder_ / "network.json", replaced(network, "\"bias\": false, ", ""));
  write_whole_file(folder_ / "design.json",
                   replaced(design_text, "\"lanes\": 2", "\"lanes\": 2, \"placement\": \"fused\""));
  small_step();
  for (const json& operation : result()["operations"]) {
    if (operation["operation"] == "batch_norm backward") {
      EXPECT_EQ(operation["bytes"], 512 + 256);
    }
    if (operation["operation"] == "quantize for backward_data") {
      EXPECT_EQ(operation["bytes"], 32);
    }
  }
}

/// conv2's weight is transposed for backward_data, input and gradient for backward_weight.
TEST_F(StepCommand, ATransposerMayBeSlowerThanTheMemory) {
  write_whole_file(folder_ / "design.json",
                   replaced(design_text, "\"clock_mhz\"", "\"transposer\": {\"side\": 2}, \"clock_mhz\""));
  small_step();
  for (const json& operation : result()["operations"]) {
    if (operation["layer"] != "conv2") continue;
    const std::uint64_t dram = operation["busy"]["dram"];
    if (operation["operation"] == "backward_data") {
      EXPECT_EQ(dram, (1 + 1) * 2U);  // 4 codes, one tile; 290 bytes in 3 cycles
    }
    if (operation["operation"] == "backward_weight") {
      EXPECT_EQ(dram, 2 * (16 + 1) * 2U);  // twice 64 codes
      EXPECT_EQ(operation["cycles"], 68);
    }
  }
}

TEST_F(StepCommand, TheFileHasTheRowsTheirSumsAndItsSchema) {
  small_step();
  const json file = result();
  EXPECT_EQ(JsonSchema("step").complaint(file.dump()), "");
  std::map<std::string, std::uint64_t> busy, bound;
  std::uint64_t cycles = 0, bytes = 0, macs = 0;
  for (const json& operation : file["operations"]) {
    cycles += operation["cycles"].get<std::uint64_t>();
    bytes += operation["bytes"].get<std::uint64_t>();
    macs += operation["macs"].get<std::uint64_t>();
    bound[operation["bound_by"]] += operation["cycles"].get<std::uint64_t>();
    for (const auto& [resource, of] : operation["busy"].items()) busy[resource] += of.get<std::uint64_t>();
  }
  EXPECT_EQ(file["operations"].size(), expected().size());
  EXPECT_EQ(file["cycles"], cycles);
  EXPECT_EQ(file["milliseconds"], static_cast<double>(cycles) / 1e6);
  EXPECT_EQ(file["bytes"], bytes);
  EXPECT_EQ(file["macs"], macs);
  for (const auto& [resource, of] : busy) {
    EXPECT_EQ(file["busy"][resource], of) << resource;
    EXPECT_EQ(file["bound"][resource], bound[resource]) << resource;
  }
  // codes of conv2's input, fp32 inputs of conv1, fc and bn2, a bit of each relu, two of each maximum
  EXPECT_EQ(file["kept_bytes"], 32 + 4 * 32 + 4 * 16 + 4 * 64 + 8 + 4);
  EXPECT_EQ(file["parameter_bytes"], 8 * (20 + 4 + 4 + 18));
}

TEST_F(StepCommand, TheTableShowsTheFile) {
  const std::string table = small_step();
  const json file = result();
  EXPECT_THAT(table,
              HasSubstr(fmt::format("{:.6f} ms, {} cycles at 1000 MHz; {} MACs, {} bytes\n",
                                    file["milliseconds"].get<double>(), file["cycles"].get<std::uint64_t>(),
                                    file["macs"].get<std::uint64_t>(), file["bytes"].get<std::uint64_t>())));
  std::string bound;
  for (const std::string resource : {"array", "quantizers", "vector_unit", "dram"})
    bound += fmt::format("{} {} {:.1f} %", bound.empty() ? "" : ",", resource,
                         100.0 * file["bound"][resource].get<double>() / file["cycles"].get<double>());
  EXPECT_THAT(table, HasSubstr("bound by" + bound + "\n"));
  EXPECT_THAT(
      table,
      HasSubstr("\npart       operations        cycles    array busy quantizers busy vector_unit busy     "
                "dram busy          bytes\n"));
  for (const std::string part : {"forward", "loss", "backward", "update"}) {
    std::uint64_t count = 0, cycles = 0, bytes = 0;
    std::map<std::string, std::uint64_t> busy;
    for (const json& operation : file["operations"]) {
      if (operation["part"] != part) continue;
      ++count;
      cycles += operation["cycles"].get<std::uint64_t>();
      bytes += operation["bytes"].get<std::uint64_t>();
      for (const auto& [resource, of] : operation["busy"].items()) busy[resource] += of.get<std::uint64_t>();
    }
    EXPECT_THAT(table, HasSubstr(fmt::format("\n{:<10} {:>10} {:>13} {:>13} {:>13} {:>13} {:>13} {:>14}\n",
                                             part, count, cycles, busy["array"], busy["quantizers"],
                                             busy["vector_unit"], busy["dram"], bytes)));
  }
  EXPECT_THAT(table,
              HasSubstr(fmt::format(
                  "from forward to backward: {} bytes; weights, biases and momenta: {} bytes",
                  file["kept_bytes"].get<std::uint64_t>(), file["parameter_bytes"].get<std::uint64_t>())));
  for (const json& energy : file["energy"])
    for (const auto& [resource, pj] : energy["by_resource_pj"].items())
      EXPECT_THAT(table,
                  HasSubstr(fmt::format("  {:<20} {:>13.3f} {:>13.3f} {:>13.3f}\n", resource,
                                        1e-6 * pj["low"].get<double>(), 1e-6 * pj["nominal"].get<double>(),
                                        1e-6 * pj["high"].get<double>())));
}

/// The vector unit from the counts above and the tables' rows, the rest from what `sim` says of the same
/// GEMMs.
TEST_F(StepCommand, EnergyIsCountsTimesTheTable) {
  small_step();
  const ProgramRun sim =
      run_program(QUATRAIN_PROGRAM,
                  "sim " + in("design.json") + " " + in("network.json") + " --out " + in("sim"), folder_);
  ASSERT_EQ(sim.exit_code, 0) << sim.err;
  std::filesystem::path simulated;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "sim"))
    if (entry.path().extension() == ".json") simulated = entry.path();
  const json simulation = json::parse(read_whole_file(simulated));
  std::uint64_t additions = 0, multiplications = 0, bytes = 0;
  for (const Expected& operation : expected()) {
    if (operation.array > 0 || operation.quantizers > 0) continue;
    additions += operation.additions + operation.selections;
    multiplications += operation.multiplications;
    bytes += operation.bytes();
  }
  const json file = result();
  ASSERT_EQ(file["energy"].size(), 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string technology = i == 0 ? "7nm" : "45nm";
    const json rows = json::parse(read_whole_file(std::filesystem::path(QUATRAIN_SOURCE_DIR) /
                                                  "configs/technology" / (technology + ".json")))["rows"];
    const json& energy = file["energy"][i];
    EXPECT_EQ(energy["technology"], technology);
    for (const auto& [bound, key] : {std::pair("low", "low"), {"nominal", "value"}, {"high", "high"}}) {
      const auto row = [&](const char* name) { return rows[name][key].get<double>(); };
      std::map<std::string, double> of = {
          {"vector_unit", static_cast<double>(additions) * row("fp32_add") +
                              static_cast<double>(multiplications) * row("fp32_mul")},
          {"dram", static_cast<double>(8 * bytes) * row("dram_hbm2")}};
      for (const json& line : simulation["technologies"][technology]["components"]) {
        const std::string component = line["component"];
        if (component.ends_with("leakage")) {  // over the whole step, not over the cycles of the array alone
          of["array"] += line["energy_pj"][bound].get<double>() * file["cycles"].get<double>() /
                         simulation["cycles"].get<double>();
          continue;
        }
        const std::string resource = component.ends_with("dram")                                ? "dram"
                                     : component == "quantizer" || component == "random_source" ? "quantizers"
                                                                                                : "array";
        of[resource] += line["energy_pj"][bound].get<double>();
      }
      double total = 0;
      for (const auto& [resource, pj] : of) {
        EXPECT_NEAR(energy["by_resource_pj"][resource][bound].get<double>(), pj, 1e-9 * pj)
            << resource << bound;
        total += pj;
      }
      EXPECT_NEAR(energy["total_pj"][bound].get<double>(), total, 1e-9 * total);
    }
  }
}

/// Busy cycles by track, parsed back.
TEST_F(StepCommand, TheTimelineHasEveryBusyCycle) {
  small_step();
  const json file = result(), timeline = json::parse(read_whole_file(folder_ / "timeline.json"));
  std::map<int, std::string> tracks;
  std::map<std::string, double> busy_us;
  for (const json& event : timeline["traceEvents"]) {
    if (event["ph"] == "M") {
      if (event["name"] == "thread_name") tracks[event["tid"]] = event["args"]["name"];
      continue;
    }
    EXPECT_EQ(event["ph"], "X");
    busy_us[tracks.at(event["tid"])] += event["dur"].get<double>();
    EXPECT_LE(event["ts"].get<double>() + event["dur"].get<double>(),
              file["cycles"].get<double>() / 1000 + 1e-9);
  }
  for (const auto& [resource, cycles] : file["busy"].items())
    EXPECT_NEAR(busy_us[resource], cycles.get<double>() / 1000, 1e-9) << resource;
}

/// The operations of the file are those counted by hand.
TEST_F(StepCommand, ThePictureHasEveryOperation) {
  small_step();
  const ShownPage page = read_page(read_whole_file(folder_ / "out" / "small.step.html"));
  const json file = result();
  ASSERT_EQ(page.timelines.size(), 1);
  const ShownTimeline& shown = page.timelines[0];
  EXPECT_THAT(shown.title, testing::StartsWith("small4: "));
  std::size_t joined = 0;
  expect_step_picture(shown, file, joined);
  std::map<std::string, std::uint64_t> parts;
  for (const json& operation : file["operations"])
    parts[operation["part"]] += operation["cycles"].get<std::uint64_t>();
  ASSERT_EQ(shown.bands.size(), 4);
  for (std::size_t i = 0; i < 4; ++i) {
    const auto& [name, length] = shown.bands[i];
    EXPECT_EQ(name, (std::vector<std::string>{"forward", "loss", "backward", "update"})[i]);
    EXPECT_TRUE(shows(length.substr(0, length.find(' ')), static_cast<double>(parts[name]) / 1e6)) << length;
  }
  ASSERT_GT(shown.ticks.size(), 4);
  EXPECT_LE(shown.ticks.back().second, file["milliseconds"].get<double>());
  expect_step_table(page.table("One training step, milliseconds"), "small4", file);
  EXPECT_EQ(page.limits, file["limits"].get<std::vector<std::string>>());
}

/// Far more operations than pixels, and DRAM stalls; two designs on one axis.
TEST_F(StepCommand, ThePictureOfADeepNetworkHasAFewHundredBars) {
  std::string waiting = design_text;
  waiting.replace(waiting.find("\"small4\""), 8, "\"waiting\"");
  waiting.replace(waiting.find("100}"), 4, R"(2, "stalls": true, "latency_ns": 70, "burst_bytes": 32})");
  waiting.replace(waiting.find("\"technology\""), 0, R"("mapping": {"search": "dram_bytes"}, )");
  write_whole_file(folder_ / "waiting.json", waiting);
  step(in("design.json") + " " + in("waiting.json") + " --network resnet20 --batch 2 --out " + in("out"));
  const ShownPage page = read_page(read_whole_file(folder_ / "out" / "resnet20.step.html"));
  ASSERT_EQ(page.timelines.size(), 2);
  std::size_t joined = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string name = i == 0 ? "small4" : "waiting";
    SCOPED_TRACE(name);
    const json file = json::parse(read_whole_file(folder_ / "out" / (name + "-resnet20.step.json")));
    EXPECT_THAT(page.timelines[i].title, testing::StartsWith(name + ": "));
    expect_step_picture(page.timelines[i], file, joined);
  }
  EXPECT_EQ(page.timelines[0].ticks, page.timelines[1].ticks);
  EXPECT_GT(joined, 100) << "otherwise this tests nothing";
}

TEST_F(StepCommand, ASecondDesignIsShownOverTheFirst) {
  std::string slower = design_text;
  slower.replace(slower.find("\"small4\""), 8, "\"slower\"");
  slower.replace(slower.find("\"clock_mhz\": 1000"), 17, "\"clock_mhz\": 500");
  write_whole_file(folder_ / "slower.json", slower);
  const std::string table = step(in("design.json") + " " + in("slower.json") + " --network " +
                                 in("network.json") + " --out " + in("out"));
  const json first = result(),
             second = json::parse(read_whole_file(folder_ / "out" / "slower-small.step.json"));
  std::string line =
      fmt::format("slower                   {:>12.6f} {:>6.3f}", second["milliseconds"].get<double>(),
                  second["milliseconds"].get<double>() / first["milliseconds"].get<double>());
  for (std::size_t i = 0; i < 2; ++i) {
    line += " ";
    for (const char* bound : {"low", "nominal", "high"})
      line += fmt::format(" {:>7.3f}", second["energy"][i]["total_pj"][bound].get<double>() /
                                           first["energy"][i]["total_pj"][bound].get<double>());
  }
  EXPECT_THAT(table, HasSubstr("over small4\n"));
  EXPECT_THAT(table, HasSubstr(line + "\n"));
}

/// A PE that takes tensors as they are multiplies in every layer, and nothing is quantized.
TEST_F(StepCommand, Bf16HasAllProductsOnTheArray) {
  step("bf16_32x32 --network " + in("network.json") + " --out " + in("out"));
  const json file = json::parse(read_whole_file(folder_ / "out" / "bf16_32x32-small.step.json"));
  std::map<std::string, int> products;
  for (const json& operation : file["operations"]) {
    EXPECT_EQ(operation["busy"]["quantizers"], 0);
    if (operation["macs"] == 0) continue;
    EXPECT_GT(operation["busy"]["array"], 0) << operation;
    ++products[operation["operation"]];
  }
  EXPECT_EQ(products,
            (std::map<std::string, int>{{"forward", 3}, {"backward_data", 2}, {"backward_weight", 3}}));
  // inputs of conv1, conv2, fc and bn2 in two bytes, a bit of each relu, two of each maximum
  EXPECT_EQ(file["kept_bytes"], 2 * (32 + 64 + 16 + 64) + 8 + 4);
}

TEST_F(StepCommand, BadInputIsNamed) {
  const auto refused = [&](const std::string& arguments) {
    const ProgramRun run = run_program(QUATRAIN_PROGRAM, "step " + arguments, folder_);
    EXPECT_EQ(run.exit_code, 2);
    return run.err;
  };
  EXPECT_THAT(refused("absent.json --network " + in("network.json")), HasSubstr("absent.json: no such file"));
  EXPECT_THAT(refused(in("design.json") + " --network absent.json"), HasSubstr("absent.json: no such file"));
  EXPECT_THAT(refused(in("design.json") + " --network " + in("network.json") + " --batch 0"),
              HasSubstr("--batch"));
  std::string without = design_text;
  without.replace(without.find("{\"lanes\": 4}"), 12, "{\"lanes\": 0}");
  write_whole_file(folder_ / "without.json", without);
  EXPECT_THAT(refused(in("without.json") + " --network " + in("network.json")),
              HasSubstr("/vector_unit/lanes: found 0; expected an integer from 1 to 65536"));
  EXPECT_THAT(
      refused(in("design.json") + " --network " + in("network.json") + " --timeline " + in("design.json")),
      HasSubstr("design.json"));
  EXPECT_EQ(read_whole_file(folder_ / "design.json"), design_text);
}

}  // namespace
}  // namespace quatrain::tests
