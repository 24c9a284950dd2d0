/// Every figure of a report against a recount. Real commands make a demo's directory; the expected values are
/// summed here from the files that they left; the report is read as its reader sees it: report.json, the
/// tables, cards and charts of report.html, the tables of the terminal.
#include "tests/sim/report/gradient_recount.hpp"
#include "tests/sim/report/page_reader.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/program.hpp"
#include "tests/support/synthetic_images.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace quatrain::sim {
namespace {

using base::read_whole_file;
using base::write_whole_file;
using nlohmann::json;
using nlohmann::ordered_json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using tests::ShownTable;
using tests::shows;

/// No axis, channel count or sum of it is like its neighbour.
constexpr const char* network = R"({
  "name": "uneven", "data": {"set": "fashion_mnist", "mean": 0.286, "std": 0.353, "train_images": 40, "test_images": 16},
  "seed": 5, "epochs": 3, "batch": 8, "evaluation_batch": 8,
  "optimizer": {"kind": "sgd", "momentum": 0.9, "weight_decay": 0.0005},
  "learning_rate": {"schedule": "linear", "from": 0.05, "to": 0.01},
  "quantize": {"forward": "sawb", "gradient": "luq", "random_bits": 8, "alpha": "pow2", "samples": 2},
  "layers": [
    {"kind": "conv2d", "name": "first", "out_channels": 4, "kernel": 3, "stride": 4, "padding": 1, "groups": 1, "precision": "fp32"},
    {"kind": "relu"},
    {"kind": "conv2d", "name": "rows", "out_channels": 6, "kernel": [1, 7], "stride": [3, 1], "padding": [0, 3], "groups": 2, "precision": "quantized"},
    {"kind": "conv2d", "name": "both", "out_channels": 8, "kernel": [2, 4], "stride": [2, 3], "padding": [1, 2], "groups": 1, "precision": "quantized"},
    {"kind": "relu"},
    {"kind": "linear", "name": "last", "out_features": 10, "precision": "fp32"}]})";

constexpr const char* small_design = R"({
  "name": "small", "array": {"rows": 8, "columns": 4, "dataflow": "output_stationary", "drain": "serial"},
  "pe": "dual_int4_fp4", "accumulator": {"int": 32}, "lowering": "as_recorded", "random_source": "lfsr", "clock_mhz": 250,
  "buffers": {"operand_kib": 32, "accumulator_kib": 16}, "dram": {"kind": "lpddr4", "gib_per_s": 0.75},
  "technology": ["45nm", "7nm"]})";

constexpr const char* large_design = R"({
  "name": "large", "array": {"rows": 16, "columns": 24, "dataflow": "output_stationary", "drain": "serial"},
  "pe": "dual_int4_fp4", "accumulator": {"int": 32}, "lowering": "as_recorded", "random_source": "philox", "clock_mhz": 500,
  "buffers": {"operand_kib": 64, "accumulator_kib": 32}, "dram": {"kind": "hbm2", "gib_per_s": 60},
  "technology": ["45nm", "7nm"]})";

json read_json(const std::filesystem::path& file) { return json::parse(read_whole_file(file)); }

/// Rows of a CSV file by column.
std::vector<std::map<std::string, std::string>> read_csv(const std::filesystem::path& file) {
  std::istringstream lines(read_whole_file(file));
  std::vector<std::map<std::string, std::string>> rows;
  std::vector<std::string> columns;
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> cells;
    std::istringstream parts(line);
    for (std::string cell; std::getline(parts, cell, ',');) cells.push_back(cell);
    if (columns.empty()) {
      columns = cells;
      continue;
    }
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < cells.size(); ++i) row[columns.at(i)] = cells[i];
  }
  return rows;
}

struct Bounds {
  double low = 0, nominal = 0, high = 0;
  void add(const json& energy) {
    low += energy.at("low").get<double>();
    nominal += energy.at("nominal").get<double>();
    high += energy.at("high").get<double>();
  }
};

/// A layer and phase of a design, or all of it, summed from the records of its file.
struct Sums {
  std::uint64_t records = 0, cycles = 0, macs = 0, in_range = 0, tiles = 0, outputs = 0, streamed = 0,
                memory_bound = 0;
  std::uint64_t left = 0, right = 0, result = 0, quantizer = 0;
  double milliseconds = 0, dram_milliseconds = 0, longer = 0;
  std::map<std::string, Bounds> energy_pj;

  void add(const json& record, const json& config) {
    ++records;
    cycles += record.at("cycles").get<std::uint64_t>();
    macs += record.at("macs").get<std::uint64_t>();
    in_range += record.at("in_range_macs").get<std::uint64_t>();
    tiles += record.at("tiles").get<std::uint64_t>();
    outputs += record.at("outputs").get<std::uint64_t>();
    streamed += record.at("streamed_cycles").get<std::uint64_t>();
    const json& bytes = record.at("bytes");
    left += bytes.at("left").get<std::uint64_t>();
    right += bytes.at("right").get<std::uint64_t>();
    result += bytes.at("result").get<std::uint64_t>();
    quantizer += bytes.at("quantizer").get<std::uint64_t>();
    const double all = bytes.at("left").get<double>() + bytes.at("right").get<double>() +
                       bytes.at("result").get<double>() + bytes.at("quantizer").get<double>();
    const double compute = record.at("cycles").get<double>() / (config.at("clock_mhz").get<double>() * 1000);
    const double dram = 1000 * all / (config.at("dram").at("gib_per_s").get<double>() * 1024 * 1024 * 1024);
    milliseconds += compute;
    dram_milliseconds += dram;
    longer += std::max(compute, dram);
    memory_bound += dram > compute;
    for (const auto& [node, energy] : record.at("energy_pj").items()) energy_pj[node].add(energy);
  }
};

struct DesignSums {
  json file;
  Sums all;
  std::vector<std::pair<std::string, std::string>> places;  ///< layer and phase, layers as they first occur
  std::map<std::pair<std::string, std::string>, Sums> parts;

  explicit DesignSums(const std::filesystem::path& path) : file(read_json(path)) {
    std::vector<std::string> layers;
    for (const json& record : file.at("records")) {
      const std::string layer = record.at("layer");
      all.add(record, file.at("config"));
      parts[{layer, record.at("phase")}].add(record, file.at("config"));
      if (std::ranges::find(layers, layer) == layers.end()) layers.push_back(layer);
    }
    for (const std::string& layer : layers)
      for (const char* phase : {"forward", "backward_data", "backward_weight"})
        if (parts.contains({layer, phase})) places.emplace_back(layer, phase);
  }
  double pes() const {
    const json& array = file.at("config").at("array");
    return array.at("rows").get<double>() * array.at("columns").get<double>();
  }
};

/// The demo's directory, made by the program, and the report of it.
class Shown {
 public:
  Shown() {
    tests::write_synthetic_images(folder / "data", 40, 16);
    write_whole_file(folder / "net.json", network);
    write_whole_file(folder / "small.json", small_design);
    write_whole_file(folder / "large.json", large_design);
    for (const char* recipe : {"fp32", "luq", "nearest"})
      run(fmt::format("train {0}/net.json --quantize {1} --data {0}/data --out {0}/demo/{1}{2}", at(), recipe,
                      recipe == std::string("luq") ? " --trace-steps 10,2" : ""));
    const std::string replay = QUATRAIN_HAS_SYSTEMC ? "" : " --cycles-only";
    run(fmt::format("sim {0}/small.json --trace {0}/demo/luq/trace{1}", at(), replay));
    run(fmt::format("sim {0}/large.json --trace {0}/demo/luq/trace{1}", at(), replay));
    run(fmt::format("sim bf16_32x32 --trace {0}/demo/luq/trace --cycles-only", at()));
    run(fmt::format("verify {0}/demo/luq/trace --json {0}/demo/luq/crosscheck.json", at()));
    spread_cross_check();
    write_whole_file(
        folder / "demo/stages.json",
        R"({"format": "quatrain-stages", "version": 1, "seconds": {"z_first": 11.5, "second": 12.25},
                         "commands": {"z_first": "quatrain one", "second": "quatrain two"}})");
    const tests::ProgramRun shown = run(fmt::format("report {}/demo", at()));
    terminal = shown.out;
    terminal_tables = tests::read_terminal_tables(terminal);
    page = tests::read_page(read_whole_file(folder / "demo/report.html"));
    figures = read_json(folder / "demo/report.json");
    for (const char* name : {"small", "large", "bf16_32x32"})
      designs.emplace(name, folder / "demo/luq/simulation" / (std::string(name) + ".json"));
  }

  std::string at() const { return folder.path().string(); }
  const json& json_at(const std::string& pointer) const { return figures.at(json::json_pointer(pointer)); }

  tests::Folder folder;
  std::string terminal;
  std::map<std::string, ShownTable> terminal_tables;
  tests::ShownPage page;
  json figures;
  std::map<std::string, DesignSums> designs;

 private:
  tests::ProgramRun run(const std::string& arguments) const {
    tests::ProgramRun made = tests::run_program(QUATRAIN_PROGRAM, arguments, folder);
    EXPECT_EQ(made.exit_code, 0) << arguments << ": " << made.err;
    return made;
  }

  /// A cross-check that finds everything equal has many equal figures; here each is another number.
  void spread_cross_check() const {
    const auto file = folder / "demo/luq/crosscheck.json";
    auto check = ordered_json::parse(read_whole_file(file));
    check["records"] = {{"gemms", 31},
                        {"quantizers", 32},
                        {"macs", 35000},
                        {"in_range_macs", 34000},
                        {"non_zero_macs", 33000},
                        {"accumulators", 36000},
                        {"codes", 37000}};
    auto& machine = check["machines"]["emu.blocked"];
    machine["gemms"] = machine["gemms_equal"] = 41;
    machine["quantizers"] = machine["quantizers_equal"] = 42;
    machine["elements"] = 43000;
    machine["macs"] = 44000;
    machine["seconds"] = 4.5;
    write_whole_file(file, check.dump(1));
  }
};

void expect_training(const Shown& shown) {
  const ShownTable &last = shown.page.table("After the last epoch that ended"),
                   &all = shown.page.table("Every epoch");
  const json& loss_chart = shown.page.chart("Training loss by step");
  const json& accuracy_chart = shown.page.chart("Test accuracy by epoch");
  ASSERT_EQ(all.rows.size(), 9U);
  const std::vector<std::string> recipes = {"fp32", "luq", "nearest"};
  for (std::size_t i = 0; i < recipes.size(); ++i) {
    const std::string& recipe = recipes[i];
    SCOPED_TRACE(recipe);
    const auto rows = read_csv(shown.folder / "demo" / recipe / "metrics.csv");
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_NE(rows[0].at("test_loss"), rows[2].at("test_loss")) << "or the first could be shown as the last";
    const json& training = shown.json_at("/training/" + recipe);
    const auto expect_entry = [](const json& entry, const std::map<std::string, std::string>& row) {
      for (const char* key :
           {"epoch", "step", "train_loss", "test_loss", "test_accuracy_percent", "learning_rate", "seconds"})
        EXPECT_EQ(entry.at(key).get<double>(), std::stod(row.at(key))) << key;
      EXPECT_EQ(entry.at("state_hash"), row.at("state_hash"));
    };
    ASSERT_EQ(training.at("metrics").size(), 3U);
    for (std::size_t epoch = 0; epoch < 3; ++epoch) {
      expect_entry(training.at("metrics").at(epoch), rows[epoch]);
      const std::vector<std::string>& cells = all.rows.at(3 * i + epoch);
      EXPECT_EQ(cells.at(0), recipe);
      EXPECT_EQ(cells.at(1), rows[epoch].at("epoch"));
      EXPECT_EQ(cells.at(2), fmt::format("{:.2f} %", std::stod(rows[epoch].at("test_accuracy_percent"))));
      EXPECT_EQ(cells.at(3), fmt::format("{:.4f}", std::stof(rows[epoch].at("test_loss"))));
      EXPECT_EQ(cells.at(4), fmt::format("{:.4f}", std::stof(rows[epoch].at("train_loss"))));
      EXPECT_EQ(cells.at(5), rows[epoch].at("state_hash"));
      EXPECT_EQ(accuracy_chart.at("series").at(i).at("x").at(epoch).get<double>(),
                std::stod(rows[epoch].at("epoch")));
      EXPECT_EQ(accuracy_chart.at("series").at(i).at("y").at(epoch).get<double>(),
                std::stod(rows[epoch].at("test_accuracy_percent")));
    }
    EXPECT_EQ(training.at("epochs"), 3);
    EXPECT_EQ(training.at("planned_epochs"), 3);
    EXPECT_EQ(training.at("stopped"), nullptr);
    EXPECT_EQ(training.at("steps"), 15);
    EXPECT_EQ(training.at("seed"), 5);
    EXPECT_EQ(training.at("model"), "uneven");
    for (const char* key : {"test_accuracy_percent", "test_loss", "train_loss"})
      EXPECT_EQ(training.at(key).get<double>(), std::stod(rows[2].at(key))) << key;
    EXPECT_EQ(training.at("state_hash"), rows[2].at("state_hash"));
    EXPECT_EQ(last.at({recipe}, "epoch"), "3");
    EXPECT_EQ(last.at({recipe}, "test accuracy"),
              fmt::format("{:.2f} %", std::stod(rows[2].at("test_accuracy_percent"))));
    EXPECT_TRUE(shows(last.at({recipe}, "test loss"), std::stod(rows[2].at("test_loss"))));
    EXPECT_TRUE(shows(last.at({recipe}, "train loss"), std::stod(rows[2].at("train_loss"))));
    EXPECT_EQ(last.at({recipe}, "state hash"), rows[2].at("state_hash").substr(0, 12));

    const auto steps = read_csv(shown.folder / "demo" / recipe / "steps.csv");
    ASSERT_EQ(steps.size(), 15U);
    const json& series = loss_chart.at("series").at(i);
    EXPECT_EQ(series.at("name"), recipe);
    for (std::size_t step = 0; step < 15; ++step) {
      EXPECT_EQ(series.at("x").at(step).get<double>(), std::stod(steps[step].at("step")));
      EXPECT_NEAR(series.at("y").at(step).get<double>(), std::stod(steps[step].at("loss")), 1e-6);
    }
    EXPECT_EQ(accuracy_chart.at("series").at(i).at("name"), recipe);
  }
  EXPECT_EQ(loss_chart.at("yLabel"), "loss");
  EXPECT_EQ(accuracy_chart.at("yLabel"), "%");
  EXPECT_EQ(last.at({"fp32"}, "quantized"), "inputs and weights fp32, gradients fp32");
  EXPECT_EQ(last.at({"luq"}, "quantized"),
            "inputs and weights SAWB INT4/UINT4, gradients LUQ FP4 (8 random bits, 2 samples)");
  EXPECT_EQ(last.at({"nearest"}, "quantized"),
            "inputs and weights SAWB INT4/UINT4, gradients FP4 to nearest");
  EXPECT_THAT(shown.page.paragraphs, Contains(HasSubstr("Network uneven, batch 8, epochs 3, seed 5.")));

  const auto accuracy_of = [&](const char* recipe) {
    return fmt::format(
        "{:.2f} %",
        std::stod(
            read_csv(shown.folder / "demo" / recipe / "metrics.csv").back().at("test_accuracy_percent")));
  };
  EXPECT_EQ(shown.page.cards.at(0).label, "Test accuracy, luq");
  EXPECT_EQ(shown.page.cards.at(0).value, accuracy_of("luq"));
  EXPECT_EQ(shown.page.cards.at(0).detail,
            fmt::format("beside it: fp32 {}, nearest {}", accuracy_of("fp32"), accuracy_of("nearest")));
}

/// By hand from the network above.
void expect_layers(const Shown& shown) {
  const ShownTable& table = shown.page.table("Network");
  EXPECT_THAT(table.columns, ElementsAre("layer", "kind", "input", "output", "kernel", "stride", "padding",
                                         "groups", "forward MACs per image", "precision"));
  ASSERT_EQ(table.rows.size(), 4U);
  EXPECT_THAT(table.rows[0], ElementsAre("first", "conv2d", "1 x 28 x 28", "4 x 7 x 7", "3 x 3", "4 x 4",
                                         "1 x 1", "1", "1,764", "fp32"));
  EXPECT_THAT(table.rows[1], ElementsAre("rows", "conv2d", "4 x 7 x 7", "6 x 3 x 7", "1 x 7", "3 x 1",
                                         "0 x 3", "2", "1,764", "quantized, input UINT4"));
  EXPECT_THAT(table.rows[2], ElementsAre("both", "conv2d", "6 x 3 x 7", "8 x 2 x 3", "2 x 4", "2 x 3",
                                         "1 x 2", "1", "2,304", "quantized, input INT4"));
  EXPECT_EQ(table.at({"last", "linear"}, "forward MACs per image"), "480");
  EXPECT_EQ(table.at({"last", "linear"}, "precision"), "fp32");
}

void expect_gradients(const Shown& shown) {
  const auto trace = shown.folder / "demo/luq/trace";
  const auto records = tests::recount_gradients(trace);
  ASSERT_EQ(records.size(), 4U);
  const std::vector<std::string> columns = {"LUQ, 1 sample", "LUQ, 4 samples", "LUQ, 16 samples", "nearest"};
  const json& chart = shown.page.chart(
      "Gain of the weight gradient by layer and step (1 = unbiased; bars: spread of single trials)");
  EXPECT_EQ(chart.at("reference"), 1);
  std::size_t row = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const tests::RecountedRecord& record = records[i];
    SCOPED_TRACE(fmt::format("{}, step {}", record.layer, record.step));
    EXPECT_EQ(record.layer, i < 2 ? "rows" : "both");
    EXPECT_EQ(record.step, i % 2 == 0 ? 2 : 10) << "by number";
    EXPECT_EQ(chart.at("labels").at(i), fmt::format("{}, {}", record.layer, record.step));
    const std::vector<std::string> key = {record.layer, std::to_string(record.step)};
    ASSERT_EQ(record.effects.size(), 4U);
    for (std::size_t rule = 0; rule < 4; ++rule) {
      const tests::RecountedEffect& effect = record.effects[rule];
      SCOPED_TRACE(columns[rule]);
      EXPECT_TRUE(shows(shown.page.table("Gain, mean of the trials").at(key, columns[rule]), effect.gain));
      EXPECT_TRUE(shows(shown.page.table("Error").at(key, columns[rule]), effect.relative_error));
      EXPECT_TRUE(shows(shown.page.table("Dead").at(key, columns[rule]), effect.dead_share));
      const std::string spread =
          shown.page.table("Spread of the gain: standard deviation of a single trial").at(key, columns[rule]);
      if (effect.gain_deviation)
        EXPECT_TRUE(shows(spread, *effect.gain_deviation)) << spread;
      else
        EXPECT_EQ(spread, "one trial");
      const json& series = chart.at("series").at(rule);
      EXPECT_EQ(series.at("name"), columns[rule]);
      EXPECT_NEAR(series.at("y").at(i).get<double>(), effect.gain, 1e-11);
      const double deviation = effect.gain_deviation.value_or(0);
      EXPECT_NEAR(series.at("bounds").at(i).at(0).get<double>(), effect.gain - deviation, 1e-11);
      EXPECT_NEAR(series.at("bounds").at(i).at(1).get<double>(), effect.gain + deviation, 1e-11);

      const json& entry = shown.json_at("/gradients/fidelity").at(row++);
      EXPECT_EQ(entry.at("layer"), record.layer);
      EXPECT_EQ(entry.at("step"), record.step);
      EXPECT_EQ(entry.at("images"), 8);
      EXPECT_EQ(entry.at("batch"), 8);
      EXPECT_EQ(entry.at("rule"), effect.rule);
      EXPECT_EQ(entry.at("samples"), effect.samples);
      EXPECT_EQ(entry.at("trials"), effect.trials);
      EXPECT_EQ(entry.at("random_bits"), effect.rule == "luq" ? json(8) : json(nullptr));
      EXPECT_EQ(entry.at("alpha"), "pow2");
      EXPECT_EQ(entry.at("maximum"), "measured");
      EXPECT_NEAR(entry.at("gain").get<double>(), effect.gain, 1e-11);
      EXPECT_NEAR(entry.at("relative_error").get<double>(), effect.relative_error, 1e-11);
      EXPECT_NEAR(entry.at("dead_share").get<double>(), effect.dead_share, 1e-14);
      if (effect.gain_deviation)
        EXPECT_NEAR(entry.at("gain_deviation").get<double>(), *effect.gain_deviation, 1e-11);
      else
        EXPECT_EQ(entry.at("gain_deviation"), nullptr);
    }
  }
  EXPECT_EQ(shown.json_at("/gradients/fidelity").size(), row);
  EXPECT_THAT(shown.page.paragraphs,
              Contains("LUQ draws 8 random bits for each element; alpha pow2 and the maximum "
                       "measured, for both rules."));
}

void expect_codes(const Shown& shown) {
  const auto counts = tests::recount_gradient_codes(shown.folder / "demo/luq/trace");
  const ShownTable& table = shown.page.table("Gradient codes by value, counted");
  const json& chart = shown.page.chart("Gradient codes by value (in units of alpha)");
  EXPECT_EQ(shown.json_at("/gradients/rule"), "luq_fp4");
  ASSERT_EQ(counts.size(), 2U);
  const std::vector<int> values = {-64, -32, -16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 16, 32, 64};
  EXPECT_EQ(shown.json_at("/gradients/code_values"), json(values));
  const std::vector<std::string> layers = {"rows", "both"};
  for (std::size_t layer = 0; layer < 2; ++layer) {
    std::map<int, std::uint64_t> of_layer = counts.at(layers[layer]);
    double total = 0;
    for (const auto& [value, count] : of_layer) total += static_cast<double>(count);
    EXPECT_NE(of_layer[64], of_layer[-64]) << "or a mirrored histogram could pass";
    EXPECT_EQ(chart.at("series").at(layer).at("name"), layers[layer]);
    for (std::size_t place = 0; place < values.size(); ++place) {
      const int value = values[place];
      SCOPED_TRACE(fmt::format("{} {}", layers[layer], value));
      EXPECT_TRUE(
          shows(table.at({layers[layer]}, std::to_string(value)), static_cast<double>(of_layer[value])));
      EXPECT_EQ(shown.json_at("/gradients/codes/" + layers[layer]).at(place), of_layer[value]);
      EXPECT_EQ(chart.at("labels").at(place), std::to_string(value));
      EXPECT_NEAR(chart.at("series").at(layer).at("y").at(place).get<double>(),
                  100 * static_cast<double>(of_layer[value]) / total, 1e-9);
    }
  }
}

void expect_cross_check(const Shown& shown) {
  const json check = read_json(shown.folder / "demo/luq/crosscheck.json");
  const ShownTable& table = shown.page.table("Machines");
  std::size_t ran = 0;
  ASSERT_EQ(table.rows.size(), check.at("machines").size());
  for (const auto& [name, machine] : check.at("machines").items()) {
    SCOPED_TRACE(name);
    const json& entry = shown.json_at("/crosscheck/" + name);
    for (const char* key :
         {"verdict", "reason", "ran_on", "gemms", "gemms_equal", "quantizers", "quantizers_equal", "elements",
          "macs", "seconds", "unsupported", "first_difference"})
      EXPECT_EQ(entry.at(key), machine.at(key)) << key;
    EXPECT_EQ(table.at({name}, "verdict"), machine.at("verdict"));
    if (machine.at("verdict") == "skipped") {
      EXPECT_EQ(table.at({name}, "ran on"), machine.at("reason"));
      continue;
    }
    ++ran;
    EXPECT_EQ(table.at({name}, "ran on"), machine.at("ran_on"));
    EXPECT_EQ(table.at({name}, "GEMMs equal"),
              fmt::format("{}/{}", machine.at("gemms_equal").dump(), machine.at("gemms").dump()));
    EXPECT_EQ(table.at({name}, "quantizers equal"),
              fmt::format("{}/{}", machine.at("quantizers_equal").dump(), machine.at("quantizers").dump()));
    EXPECT_TRUE(shows(table.at({name}, "elements"), machine.at("elements").get<double>()));
    EXPECT_TRUE(shows(table.at({name}, "MACs"), machine.at("macs").get<double>()));
    EXPECT_EQ(table.at({name}, "seconds"), fmt::format("{:.1f}", machine.at("seconds").get<double>()));
  }
  for (const char* key :
       {"gemms", "quantizers", "macs", "in_range_macs", "non_zero_macs", "accumulators", "codes"})
    EXPECT_EQ(shown.json_at("/records").at(key), check.at("records").at(key)) << key;
  EXPECT_EQ(shown.json_at("/records/steps"), json({2, 5, 10, 15}))
      << "two traced steps; evaluations end the epochs";
  EXPECT_THAT(
      shown.page.paragraphs,
      Contains("Each machine recomputed the records of the trace of uneven (steps 2, 5, 10, 15) from its "
               "operands and "
               "sources: 31 GEMMs and 32 quantizers, 36,000 accumulators and 37,000 codes, compared bit for "
               "bit."));
  EXPECT_THAT(shown.page.paragraphs,
              Contains("35,000 MACs, 34,000 of them in range, 33,000 with two non-zero operands."));
  EXPECT_EQ(shown.page.cards.at(1).value, fmt::format("equal on {} machines", ran));
  EXPECT_EQ(shown.page.cards.at(1).detail, "36,000 accumulators, 37,000 codes; 35,000 MACs");
}

void expect_bounds(const ShownTable& table, const std::vector<std::string>& key, const Bounds& energy_pj,
                   const std::string& before = "") {
  EXPECT_TRUE(shows(table.at(key, before + "low"), energy_pj.low * 1e-6)) << testing::PrintToString(key);
  EXPECT_TRUE(shows(table.at(key, before + "nominal"), energy_pj.nominal * 1e-6))
      << testing::PrintToString(key);
  EXPECT_TRUE(shows(table.at(key, before + "high"), energy_pj.high * 1e-6)) << testing::PrintToString(key);
}

void expect_cycles(const Shown& shown) {
  const ShownTable &cycles = shown.page.table("Cycles"),
                   &parts = shown.page.table("Cycles by layer and phase"),
                   &figures = shown.page.table("All figures, with what they mean");
  for (const auto& [name, design] : shown.designs) {
    SCOPED_TRACE(name);
    const Sums& all = design.all;
    const json &config = design.file.at("config"), &entry = shown.json_at("/simulation/" + name);
    EXPECT_EQ(name == "small", all.memory_bound > 0) << all.memory_bound;
    const double possible = design.pes() * static_cast<double>(all.cycles);
    EXPECT_EQ(cycles.at({name}, "PEs"), fmt::format("{} x {}", config.at("array").at("rows").get<int>(),
                                                    config.at("array").at("columns").get<int>()));
    EXPECT_TRUE(shows(cycles.at({name}, "MHz"), config.at("clock_mhz").get<double>()));
    const auto figure = [&](const std::string& heading) {
      for (const std::vector<std::string>& row : figures.rows)
        if (row[0] == heading) {
          const auto column = std::ranges::find(figures.columns, name) - figures.columns.begin();
          return row.at(static_cast<std::size_t>(column));
        }
      ADD_FAILURE() << "no figure " << heading;
      return std::string();
    };
    const auto expect_everywhere = [&](const std::string& heading, const std::string& pointer, double value,
                                       bool is_first) {
      SCOPED_TRACE(heading);
      EXPECT_TRUE(shows(figure(heading), value)) << figure(heading) << " for " << value;
      EXPECT_NEAR(entry.at(json::json_pointer(pointer)).get<double>(), value, 1e-9 * value);
      if (is_first) {
        EXPECT_TRUE(shows(cycles.at({name}, heading), value)) << cycles.at({name}, heading);
      }
    };
    const auto count = [](std::uint64_t number) { return static_cast<double>(number); };
    expect_everywhere("cycles", "/cycles", count(all.cycles), true);
    expect_everywhere("compute time, ms", "/milliseconds", all.milliseconds, true);
    expect_everywhere("DRAM time, ms", "/dram_milliseconds", all.dram_milliseconds, true);
    expect_everywhere("longer time, ms", "/longer_milliseconds", all.longer, true);
    expect_everywhere("memory-bound records", "/memory_bound", count(all.memory_bound), true);
    expect_everywhere("MACs", "/macs", count(all.macs), true);
    expect_everywhere("MACs in range", "/in_range_macs", count(all.in_range), true);
    expect_everywhere("overall utilization", "/utilization/overall", count(all.macs) / possible, true);
    expect_everywhere("in-range utilization", "/utilization/in_range", count(all.in_range) / possible, false);
    expect_everywhere("temporal utilization", "/utilization/temporal",
                      count(all.streamed) / count(all.cycles), false);
    expect_everywhere("spatial utilization", "/utilization/spatial",
                      count(all.outputs) / (design.pes() * count(all.tiles)), false);
    expect_everywhere("tiles", "/tiles", count(all.tiles), false);
    expect_everywhere("outputs", "/outputs", count(all.outputs), false);
    expect_everywhere("streamed cycles", "/streamed_cycles", count(all.streamed), false);
    expect_everywhere("left bytes", "/bytes/left", count(all.left), false);
    expect_everywhere("right bytes", "/bytes/right", count(all.right), false);
    expect_everywhere("result bytes", "/bytes/result", count(all.result), false);
    expect_everywhere("quantizer bytes", "/bytes/quantizer", count(all.quantizer), false);
    if (const json& activity = design.file.at("activity"); !activity.is_null()) {
      EXPECT_NE(activity.at("left_toggles"), activity.at("right_toggles"));
      for (const auto& [heading, key] :
           std::map<std::string, std::string>{{"simulated MACs", "macs"},
                                              {"zero-operand MACs", "zero_operand_macs"},
                                              {"left toggles", "left_toggles"},
                                              {"right toggles", "right_toggles"},
                                              {"accumulator toggles", "accumulator_toggles"}})
        expect_everywhere(heading, "/activity/" + key, activity.at(key).get<double>(), false);
    } else {
      EXPECT_EQ(figure("left toggles"), "not simulated");
      EXPECT_EQ(entry.at("activity"), nullptr);
    }
    const json& replay = design.file.at("replay");
    EXPECT_EQ(entry.at("replay"), replay);
    EXPECT_EQ(cycles.at({name}, "replayed on"),
              replay.is_null()
                  ? "closed form only"
                  : fmt::format("{}: {} of {} GEMMs equal, cycles equal, {} tiles at pe",
                                replay.at("ran_on").get<std::string>(), replay.at("gemms_equal").dump(),
                                replay.at("gemms").dump(), replay.at("pe_tiles_checked").dump()));
    EXPECT_EQ(entry.at("config"), config);
    EXPECT_EQ(entry.at("limits"), design.file.at("limits"));
    ASSERT_EQ(entry.at("parts").size(), design.places.size());
    for (const json& part : entry.at("parts")) {
      const Sums& sums = design.parts.at({part.at("layer"), part.at("phase")});
      EXPECT_EQ(part.at("cycles"), sums.cycles);
      EXPECT_EQ(part.at("macs"), sums.macs);
      EXPECT_EQ(part.at("in_range_macs"), sums.in_range);
      EXPECT_EQ(part.at("bytes"), sums.left + sums.right + sums.result + sums.quantizer);
    }
    for (const auto& [layer, phase] : design.places) {
      const Sums& sums = design.parts.at({layer, phase});
      const std::vector<std::string> key = {layer, phase, name};
      SCOPED_TRACE(layer + " " + phase);
      EXPECT_TRUE(shows(parts.at(key, "cycles"), count(sums.cycles)));
      EXPECT_TRUE(shows(parts.at(key, "compute time, ms"), sums.milliseconds));
      EXPECT_TRUE(shows(parts.at(key, "DRAM time, ms"), sums.dram_milliseconds));
      EXPECT_TRUE(shows(parts.at(key, "MACs"), count(sums.macs)));
      EXPECT_TRUE(shows(parts.at(key, "MACs in range"), count(sums.in_range)));
      EXPECT_EQ(parts.at(key, "memory-bound"), fmt::format("{} of {}", sums.memory_bound, sums.records));
    }
  }
  const ShownTable& keys = shown.page.table("Keys in which the designs differ");
  EXPECT_EQ(keys.at({"clock_mhz"}, "small"), "250.0");
  EXPECT_EQ(keys.at({"clock_mhz"}, "large"), "500.0");
  EXPECT_EQ(keys.at({"dram.kind"}, "small"), "lpddr4");
  EXPECT_EQ(keys.at({"dram.kind"}, "large"), "hbm2");
  EXPECT_EQ(keys.at({"array.rows"}, "large"), "16");
  EXPECT_EQ(keys.at({"array.columns"}, "large"), "24");
  EXPECT_EQ(keys.at({"technology"}, "bf16_32x32"), "7nm, 45nm");
  for (const std::vector<std::string>& row : keys.rows) EXPECT_NE(row[0], "lowering") << "all have the same";
}

void expect_energies(const Shown& shown) {
  const ShownTable& totals = shown.page.table("Energy in microjoules");
  const std::vector<std::string> names = QUATRAIN_HAS_SYSTEMC
                                             ? std::vector<std::string>{"large", "small", "bf16_32x32"}
                                             : std::vector<std::string>{"bf16_32x32", "large", "small"};
  const std::string first_node = QUATRAIN_HAS_SYSTEMC ? "45nm" : "7nm";
  const json& chart = shown.page.chart(
      fmt::format("Energy by layer and phase at {}: low to high, nominal marked", first_node));
  EXPECT_EQ(chart.at("yLabel"), "microjoules");
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& name = names[i];
    const DesignSums& design = shown.designs.at(name);
    for (const std::string node : {"7nm", "45nm"}) {
      SCOPED_TRACE(name + " at " + node);
      const Bounds all = design.all.energy_pj.at(node);
      EXPECT_LT(all.low, all.nominal);
      EXPECT_LT(all.nominal, all.high);
      expect_bounds(totals, {node, name}, all);
      const json& entry = shown.json_at("/simulation/" + name + "/technologies/" + node);
      EXPECT_NEAR(entry.at("energy_pj_low").get<double>(), all.low, 1e-9 * all.low);
      EXPECT_NEAR(entry.at("energy_pj_nominal").get<double>(), all.nominal, 1e-9 * all.nominal);
      EXPECT_NEAR(entry.at("energy_pj_high").get<double>(), all.high, 1e-9 * all.high);

      const ShownTable& parts =
          shown.page.table(fmt::format("Energy by layer and phase at {}, microjoules", node));
      for (std::size_t place = 0; place < design.places.size(); ++place) {
        const std::string layer = design.places[place].first, phase = design.places[place].second;
        const Bounds part = design.parts.at({layer, phase}).energy_pj.at(node);
        expect_bounds(parts, {layer, phase, name}, part);
        const json& all_parts = shown.json_at("/simulation/" + name + "/parts");
        const json& in_json =
            std::ranges::find_if(
                all_parts,
                [&](const json& other) { return other.at("layer") == layer && other.at("phase") == phase; })
                ->at("energy_pj")
                .at(node);
        EXPECT_NEAR(in_json.at("low").get<double>(), part.low, 1e-9 * part.low);
        EXPECT_NEAR(in_json.at("nominal").get<double>(), part.nominal, 1e-9 * part.nominal);
        EXPECT_NEAR(in_json.at("high").get<double>(), part.high, 1e-9 * part.high);
        if (node != first_node) continue;
        EXPECT_EQ(chart.at("labels").at(place), layer + " " + phase);
        EXPECT_EQ(chart.at("series").at(i).at("name"), name);
        EXPECT_NEAR(chart.at("series").at(i).at("y").at(place).get<double>(), part.nominal * 1e-6, 1e-9);
        EXPECT_NEAR(chart.at("series").at(i).at("bounds").at(place).at(0).get<double>(), part.low * 1e-6,
                    1e-9);
        EXPECT_NEAR(chart.at("series").at(i).at("bounds").at(place).at(1).get<double>(), part.high * 1e-6,
                    1e-9);
      }

      std::map<std::string, Bounds> by_component;
      std::map<std::string, std::string> kinds;
      const json& lines = design.file.at("technologies").at(node).at("components");
      const ShownTable& folded =
          shown.page.table(fmt::format("Where the energy of {} goes at {}", name, node));
      ASSERT_EQ(folded.rows.size(), lines.size());
      for (std::size_t line = 0; line < lines.size(); ++line) {
        const json& component = lines.at(line);
        const std::string word = component.at("component");
        by_component[word].add(component.at("energy_pj"));
        const std::vector<std::string>& cells = folded.rows[line];
        EXPECT_EQ(cells.at(0), word);
        EXPECT_TRUE(shows(cells.at(1), component.at("events").get<double>()));
        EXPECT_EQ(cells.at(2), component.at("unit"));
        const std::vector<std::string> bounds = {"low", "nominal", "high"};
        for (std::size_t bound = 0; bound < 3; ++bound) {
          EXPECT_TRUE(
              shows(cells.at(3 + bound), component.at("pj_per_event").at(bounds[bound]).get<double>()));
          EXPECT_TRUE(
              shows(cells.at(6 + bound), component.at("energy_pj").at(bounds[bound]).get<double>() * 1e-6));
          EXPECT_EQ(folded.columns.at(3 + bound), "pJ each, " + bounds[bound]);
          EXPECT_EQ(folded.columns.at(6 + bound), "uJ, " + bounds[bound]);
        }
        EXPECT_EQ(cells.at(9), component.at("kind"));
        EXPECT_EQ(cells.at(10), component.at("source"));
        for (const char* key : {"component", "events", "unit", "pj_per_event", "energy_pj", "kind", "source"})
          EXPECT_EQ(entry.at("components").at(line).at(key), component.at(key));
      }
      const ShownTable& components = shown.page.table(
          fmt::format("Energy by component at {}, microjoules, with the kind of its constants", node));
      for (const auto& [word, energy] : by_component) expect_bounds(components, {word, name}, energy);
    }
  }
  const bool replays = QUATRAIN_HAS_SYSTEMC;
  const std::string headline = replays ? "large" : shown.page.cards.at(2).label.substr(8);
  const Bounds energy = shown.designs.at(headline).all.energy_pj.at(replays ? "45nm" : "7nm");
  EXPECT_EQ(shown.page.cards.at(2).label, "Cycles, " + headline);
  EXPECT_TRUE(
      shows(shown.page.cards.at(2).value, static_cast<double>(shown.designs.at(headline).all.cycles)));
  const std::string &value = shown.page.cards.at(3).value, &detail = shown.page.cards.at(3).detail;
  EXPECT_TRUE(shows(value.substr(0, value.find(" to ")), energy.low * 1e-6)) << value;
  EXPECT_TRUE(
      shows(value.substr(value.find(" to ") + 4, value.size() - value.find(" to ") - 7), energy.high * 1e-6));
  EXPECT_TRUE(shows(detail.substr(8, detail.find(" uJ") - 8), energy.nominal * 1e-6)) << detail;
  if (!replays) return;
  EXPECT_EQ(shown.page.cards.at(3).label, "Energy, large at 45nm");
  EXPECT_THAT(shown.page.cards.at(2).detail, HasSubstr("; the fastest of 2 replayed designs"));
  EXPECT_THAT(shown.page.cards.at(2).detail, HasSubstr(" ms at 500.0 MHz; replayed on SystemC"));
  EXPECT_TRUE(shows(shown.page.cards.at(2).detail.substr(0, shown.page.cards.at(2).detail.find(" ms")),
                    shown.designs.at("large").all.milliseconds));
}

void expect_stages(const Shown& shown) {
  const ShownTable& table = shown.page.table("Stages");
  ASSERT_EQ(table.rows.size(), 3U);
  EXPECT_THAT(table.rows[0], ElementsAre("z_first", "11.5", "quatrain one")) << "in the order of the file";
  EXPECT_THAT(table.rows[1], ElementsAre("second", "12.2", "quatrain two"));
  EXPECT_THAT(table.rows[2], ElementsAre("all", "23.8", ""));
  EXPECT_EQ(shown.json_at("/seconds"), json({{"z_first", 11.5}, {"second", 12.25}}));
  EXPECT_EQ(shown.json_at("/commands"), json(shown.page.commands));
}

/// What is not folded on the page stands on the terminal, cell by cell, in lines that fit.
void expect_terminal(const Shown& shown) {
  std::size_t compared = 0;
  for (const auto& [title, table] : shown.page.tables) {
    EXPECT_EQ(shown.terminal_tables.contains(title), !table.is_folded) << title;
    if (table.is_folded || !shown.terminal_tables.contains(title)) continue;
    EXPECT_EQ(shown.terminal_tables.at(title).columns, table.columns) << title;
    EXPECT_EQ(shown.terminal_tables.at(title).rows, table.rows) << title;
    ++compared;
  }
  EXPECT_GT(compared, 8U);
  const std::string text = tests::on_one_line(shown.terminal);
  for (const tests::ShownCard& card : shown.page.cards)
    EXPECT_THAT(text, HasSubstr(fmt::format("{} {} {}", card.label, card.value, card.detail)));
  for (const std::string& paragraph : shown.page.paragraphs) EXPECT_THAT(text, HasSubstr(paragraph));
  for (const std::string& limit : shown.page.limits) EXPECT_THAT(text, HasSubstr("limit: " + limit));
  for (const std::string& command : shown.page.commands) EXPECT_THAT(text, HasSubstr(command));
  std::istringstream lines(shown.terminal);
  for (std::string line; std::getline(lines, line);)
    if (line.find('/') == std::string::npos) {
      EXPECT_LE(line.size(), 120U) << line;
    }
}

TEST(ReportFigures, AreThoseOfARecount) {
  const Shown shown;
  ASSERT_FALSE(testing::Test::HasFailure());
  EXPECT_EQ(tests::JsonSchema("report").complaint(shown.figures.dump()), "");
  EXPECT_EQ(shown.figures.at("kind"), "demo");
  EXPECT_EQ(shown.figures.at("missing"), json::array());
  expect_training(shown);
  expect_layers(shown);
  expect_gradients(shown);
  expect_codes(shown);
  expect_cross_check(shown);
  expect_cycles(shown);
  expect_energies(shown);
  expect_stages(shown);
  expect_terminal(shown);
}

}  // namespace
}  // namespace quatrain::sim
