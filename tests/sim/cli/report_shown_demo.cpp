#include "tests/sim/cli/report_shown_demo.hpp"

#include "tests/support/synthetic_images.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace quatrain::tests {
namespace {

using base::read_whole_file;
using base::write_whole_file;
using nlohmann::json;
using nlohmann::ordered_json;

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
  "quantizers": {"lanes": 3}, "technology": ["45nm", "7nm"]})";

constexpr const char* large_design = R"({
  "name": "large", "array": {"rows": 16, "columns": 24, "dataflow": "output_stationary", "drain": "serial"},
  "pe": "dual_int4_fp4", "accumulator": {"int": 32}, "lowering": "as_recorded", "random_source": "philox", "clock_mhz": 500,
  "buffers": {"operand_kib": 64, "accumulator_kib": 32}, "dram": {"kind": "hbm2", "gib_per_s": 60},
  "technology": ["45nm", "7nm"]})";

}  // namespace

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

void EnergySums::add(const json& energy) {
  low += energy.at("low").get<double>();
  nominal += energy.at("nominal").get<double>();
  high += energy.at("high").get<double>();
}

void Sums::add(const json& record, const json& config) {
  ++records;
  cycles += record.at("cycles").get<std::uint64_t>();
  macs += record.at("macs").get<std::uint64_t>();
  in_range += record.at("in_range_macs").get<std::uint64_t>();
  tiles += record.at("tiles").get<std::uint64_t>();
  outputs += record.at("outputs").get<std::uint64_t>();
  streamed += record.at("streamed_cycles").get<std::uint64_t>();
  lane_cycles += record.value("quantizer_cycles", std::uint64_t{0});
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

DesignSums::DesignSums(const std::filesystem::path& path) : file(read_json(path)) {
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

double DesignSums::pes() const {
  const json& array = file.at("config").at("array");
  return array.at("rows").get<double>() * array.at("columns").get<double>();
}

ShownDemo::ShownDemo() {
  write_synthetic_images(folder / "data", 40, 16);
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
  run(fmt::format("study {0}/demo/luq/trace --samples 1,2,5 --trials 3", at()));
  run(fmt::format("verify {0}/demo/luq/trace --json {0}/demo/luq/crosscheck.json", at()));
  spread_cross_check();
  write_whole_file(
      folder / "demo/stages.json",
      R"({"format": "quatrain-stages", "version": 1, "seconds": {"z_first": 11.5, "second": 12.25},
                       "commands": {"z_first": "quatrain one", "second": "quatrain two"}})");
  const ProgramRun shown = run(fmt::format("report {}/demo", at()));
  terminal = shown.out;
  terminal_tables = read_terminal_tables(terminal);
  page = read_page(read_whole_file(folder / "demo/report.html"));
  figures = read_json(folder / "demo/report.json");
  for (const char* name : {"small", "large", "bf16_32x32"})
    designs.emplace(name, folder / "demo/luq/simulation" / (std::string(name) + ".json"));
}

ProgramRun ShownDemo::run(const std::string& arguments) const {
  ProgramRun made = run_program(QUATRAIN_PROGRAM, arguments, folder);
  EXPECT_EQ(made.exit_code, 0) << arguments << ": " << made.err;
  return made;
}

void ShownDemo::spread_cross_check() const {
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

}  // namespace quatrain::tests
