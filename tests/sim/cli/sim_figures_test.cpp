/// Every figure that quatrain sim shows, in table, CSV and JSON, against a recount by other code
/// (tests/sim/accelerator/recount.hpp). Toggles have a recount of their own: activity_test.cpp.
#include "tests/sim/accelerator/recount.hpp"
#include "tests/support/program.hpp"
#include "traces/format/checksum.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

namespace quatrain::tests {
namespace {

using Json = nlohmann::json;
using Row = std::map<std::string, std::string>;

const std::string outside_trace = QUATRAIN_SOURCE_DIR "/tests/data/outside_trace";

/// Designs that agree in nothing that can be exchanged: sides, buffers, PEs, random sources, DRAM kinds.
struct Design {
  const char *name, *pe, *accumulator, *random_source, *dram;
  int rows, columns, clock_mhz, operand_kib, accumulator_kib;
  double gib_per_s;
  int lanes;  ///< of the quantizers; 0: the config does not say
  bool is_gated = false;
  const char* placement = nullptr;
  int sample_groups = 0, transposer_side = -1;  ///< 0 groups and a negative side: the config does not say
};
constexpr Design designs[] = {
    {"small", "dual_int4_fp4", "int", "lfsr", "lpddr4", 8, 16, 500, 17, 24, 0.5, 3, true, "fused"},
    {"wide", "dual_int4_fp4", "int", "philox", "hbm2", 5, 70, 1300, 16, 100, 7, 32, false, "dram", 2, 5},
    {"tall", "bf16", "float", "none", "gddr6", 40, 3, 900, 33, 8, 3, 0},
    {"four", "int4", "int", "lfsr", "ddr3", 12, 9, 700, 20, 16, 5, 4, false, nullptr, 4, 0},
    {"cast", "fp7", "int", "philox", "gddr6", 7, 11, 1100, 40, 12, 9, 0, false, nullptr, 0, 0},
    {"eight", "int8", "int", "philox", "lpddr4", 9, 30, 600, 18, 10, 2, 5, false, "fused", 1, 3},
    {"plain", "dual_int4_fp4", "int", "philox", "ddr3", 32, 33, 1000, 512, 256, 1000, 0},
    {"large", "dual_int4_fp4", "int", "philox", "hbm2", 20, 140, 1000, 3000, 20'000, 1000, 0}};

Json config_of(const Design& d) {
  Json config = {
      {"name", d.name},
      {"array",
       {{"rows", d.rows}, {"columns", d.columns}, {"dataflow", "output_stationary"}, {"drain", "serial"}}},
      {"pe", d.pe},
      {"accumulator", {{d.accumulator, 32}}},
      {"lowering", "as_recorded"},
      {"random_source", d.random_source},
      {"clock_mhz", d.clock_mhz},
      {"buffers", {{"operand_kib", d.operand_kib}, {"accumulator_kib", d.accumulator_kib}}},
      {"dram", {{"kind", d.dram}, {"gib_per_s", d.gib_per_s}}},
      {"technology", {"own.json", "45nm"}}};
  if (d.is_gated) config["clock_gating"] = "idle_pes";
  if (d.lanes > 0) config["quantizers"] = {{"lanes", d.lanes}};
  if (d.placement != nullptr) config["quantizers"]["placement"] = d.placement;
  if (d.sample_groups > 0) config["quantizers"]["sample_groups"] = d.sample_groups;
  if (d.transposer_side >= 0) config["transposer"] = {{"side", d.transposer_side}};
  return config;
}

Json parsed(const std::filesystem::path& file) { return Json::parse(base::read_whole_file(file)); }

/// The 7 nm table with every constant made different from all others.
Json own_table() {
  Json table = parsed(QUATRAIN_SOURCE_DIR "/configs/technology/7nm.json");
  table["name"] = "own";
  double next = 1;
  const auto change = [&](Json& bounds) {
    next += 0.37;
    bounds["low"] = next, bounds["value"] = 1.5 * next, bounds["high"] = 2.25 * next + 1;
  };
  for (auto& [name, row] : table["rows"].items()) change(row);
  for (Json& word : table["sram"]["words"]) change(word["read"]), change(word["write"]);
  for (auto& [name, row] : table["area"].items()) change(row);
  return table;
}

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> cells;
  std::stringstream stream(line);
  for (std::string cell; std::getline(stream, cell, separator);) cells.push_back(cell);
  return cells;
}

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  std::stringstream stream(line);
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::vector<Row> csv_rows(const std::filesystem::path& file) {
  const std::vector<std::string> lines = split(base::read_whole_file(file), '\n');
  const std::vector<std::string> header = split(lines.at(0), ',');
  std::vector<Row> rows;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    std::vector<std::string> cells = split(lines[i], ',');
    cells.resize(header.size());  // empty cells at the end
    Row& row = rows.emplace_back();
    for (std::size_t column = 0; column < header.size(); ++column) row[header[column]] = cells[column];
  }
  return rows;
}

/// "bytes_left" is bytes.left of a JSON object; energy_pj_own_low is energy_pj.own.low.
Json at_column(const Json& object, const std::string& column) {
  if (object.contains(column)) return object[column];
  for (const auto& [key, value] : object.items())
    if (value.is_object() && column.starts_with(key + "_"))
      return at_column(value, column.substr(key.size() + 1));
  return nullptr;
}

void expect_near(double found, double expected, const std::string& what) {
  EXPECT_NEAR(found, expected, 1e-11 * std::abs(expected)) << what;
}

class SimFigures : public testing::TestWithParam<Design> {
 protected:
  void SetUp() override {
    std::ofstream(folder / "own.json") << own_table();
    std::ofstream(folder / "design.json") << config_of(GetParam());
    const ProgramRun run =
        run_program(QUATRAIN_PROGRAM,
                    fmt::format("sim {} --cycles-only --trace {} --out {}", (folder / "design.json").string(),
                                outside_trace, (folder / "out").string()),
                    folder);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    text = run.out;
    expected = recount(parsed(outside_trace + "/manifest.json"), config_of(GetParam()),
                       {own_table(), parsed(QUATRAIN_SOURCE_DIR "/configs/technology/45nm.json")});
  }
  std::filesystem::path result(const char* extension) const {
    return folder / "out" / (std::string(GetParam().name) + extension);
  }
  /// Gates and KiB of docs/energy.md, by part, each with its three areas in mm2.
  std::map<std::string, std::pair<double, std::map<std::string, double>>> areas(
      const std::string& name) const {
    const Design& d = GetParam();
    const Json table =
        name == "own" ? own_table() : parsed(QUATRAIN_SOURCE_DIR "/configs/technology/45nm.json");
    struct Logic {
      double gates;
      int bits;  ///< of an operand
    };
    const Logic pe = std::map<std::string, Logic>{
        {"dual_int4_fp4", {435, 4}},
        {"int4", {338, 4}},
        {"fp7", {453, 4}},
        {"int8", {723, 8}},
        {"bf16",
         {2322, 16}}}.at(d.pe);
    const double pes = d.rows * d.columns;
    std::map<std::string, double> amounts = {
        {"pes", pes * (pe.gates + 4 * (2 * pe.bits + 4 + 32))},
        {"skew_registers",
         4.0 * (d.rows * (d.rows - 1) / 2 * (pe.bits + 3) + d.columns * (d.columns - 1) / 2 * (pe.bits + 1))},
        {"operand_sram", d.operand_kib},
        {"accumulator_sram", d.accumulator_kib}};
    if (d.lanes > 0) {
      const int all_lanes = d.lanes * std::max(d.sample_groups, 1);
      const int maxima = is_fused() ? std::max({d.lanes, d.columns, 32}) : d.lanes;
      amounts["quantizers"] = maxima * (205 + 4 * 31) + all_lanes * 346;
      amounts["random_sources"] = all_lanes * (d.random_source == std::string("lfsr") ? 99 + 4 * 32 : 11015);
    }
    if (d.transposer_side > 0)
      amounts["transposer"] = d.transposer_side * d.transposer_side * pe.bits * (4 + 3);
    std::map<std::string, std::pair<double, std::map<std::string, double>>> found;
    for (const auto& [part, amount] : amounts) {
      const Json& row = table["area"][part.ends_with("sram") ? "sram" : "nand2"];
      found[part] = {amount,
                     {{"low", amount * row["low"].get<double>() / 1e6},
                      {"nominal", amount * row["value"].get<double>() / 1e6},
                      {"high", amount * row["high"].get<double>() / 1e6}}};
    }
    return found;
  }
  void expect_areas(const Json& technology) const {
    const std::string name = technology["table_sha256"] == own_sha256() ? "own" : "45nm";
    const auto expected_areas = areas(name);
    EXPECT_EQ(technology["area"].size(), expected_areas.size());
    std::map<std::string, double> sum;
    for (const Json& line : technology["area"]) {
      const std::string part = line["component"];
      ASSERT_TRUE(expected_areas.contains(part)) << part;
      const auto& [amount, mm2] = expected_areas.at(part);
      EXPECT_EQ(line["amount"], amount) << part;
      for (const auto& [bound, area] : mm2) {
        expect_near(line["area_mm2"][bound], area, part + " " + bound);
        sum[bound] += area;
      }
    }
    for (const auto& [bound, area] : sum) expect_near(technology["area_mm2"][bound], area, "area " + bound);
  }
  static bool is_fused() {
    return GetParam().placement != nullptr && GetParam().placement == std::string("fused");
  }
  std::string own_sha256() const { return traces::sha256_of_file(folder / "own.json"); }

  Folder folder;
  std::string text;
  Recount expected;
};

TEST_P(SimFigures, CsvEqualsARecount) {
  const std::vector<Row> rows = csv_rows(result(".csv"));
  ASSERT_EQ(rows.size(), expected.records.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Recounted& record = expected.records[i];
    EXPECT_EQ(rows[i].at("layer"), record.layer);
    EXPECT_EQ(rows[i].at("phase"), record.phase);
    for (const auto& [column, value] : record.figures)
      expect_near(std::stod(rows[i].at(column)), value, record.layer + " " + record.phase + " " + column);
    EXPECT_EQ(rows[i].at("count"), "1");
    EXPECT_EQ(rows[i].at("values"), "trace");
    std::size_t others = 4;  // layer, phase, count and values
    for (const auto& [column, cell] : rows[i])
      if (column.starts_with("activity_") || column.starts_with("stalls_")) {
        EXPECT_EQ(cell, "") << column << " was not asked for";
        ++others;
      } else if (column == "quantizer_cycles" && GetParam().lanes == 0) {
        EXPECT_EQ(cell, "") << "no lanes";
        ++others;
      } else if (column == "transposer_cycles" && GetParam().transposer_side < 0) {
        EXPECT_EQ(cell, "") << "not counted";
        ++others;
      }
    EXPECT_EQ(rows[i].size(), record.figures.size() + others) << "a column without a recount";
  }
}

TEST_P(SimFigures, JsonEqualsARecount) {
  const Json json = parsed(result(".json"));
  ASSERT_EQ(json["records"].size(), expected.records.size());
  for (std::size_t i = 0; i < expected.records.size(); ++i)
    for (const auto& [column, value] : expected.records[i].figures)
      expect_near(at_column(json["records"][i], column).get<double>(), value,
                  expected.records[i].layer + " " + column);
  for (std::size_t i = 0; i < expected.records.size(); ++i)
    EXPECT_EQ(json["records"][i]["events"], Json(expected.records[i].events)) << expected.records[i].layer;
  for (const auto& [column, value] : expected.total)
    if (!std::set<std::string>{"step", "m", "n", "k", "groups", "samples"}.contains(column) &&
        !column.starts_with("energy_pj_"))
      expect_near(at_column(json, column).get<double>(), value, "total " + column);
  EXPECT_TRUE(json["activity"].is_null());
  EXPECT_TRUE(json["stalls"].is_null());
  EXPECT_TRUE(json["replay"].is_null());
  for (const auto& [name, components] : expected.events) {
    const Json& technology = json["technologies"][name];
    std::size_t lines = 0;
    std::map<std::string, std::map<std::string, double>> found;
    for (const Json& line : technology["components"]) {
      const std::string component = line["component"], constant = line["constant"];
      ASSERT_TRUE(components.contains(component) && components.at(component).contains(constant))
          << component << " " << constant;
      expect_near(line["events"].get<double>(), components.at(component).at(constant),
                  component + " " + constant);
      for (const char* bound : {"low", "nominal", "high"})
        found[component][bound] += line["energy_pj"][bound].get<double>();
      ++lines;
    }
    expect_areas(technology);
    std::size_t counted = 0;
    for (const auto& [component, constants] : components) counted += constants.size();
    EXPECT_EQ(lines, counted);
    for (const char* bound : {"low", "nominal", "high"}) {
      double sum = 0;
      for (const auto& [component, energies] : expected.energy_pj.at(name)) {
        expect_near(found[component][bound], energies.at(bound), component + " " + bound);
        sum += energies.at(bound);
      }
      expect_near(technology[std::string("energy_pj_") + bound], sum, name + " " + bound);
      expect_near(sum, expected.total.at("energy_pj_" + name + "_" + bound), "the recount itself");
    }
  }
}

/// The lines between one that begins with `from` and the next empty one.
std::vector<std::string> lines_after(const std::string& text, const std::string& from, int number = 1) {
  std::vector<std::string> found;
  bool is_inside = false;
  for (const std::string& line : split(text, '\n')) {
    if (is_inside && line.empty()) break;
    if (is_inside) found.push_back(line);
    if (!is_inside && line.starts_with(from) && --number == 0) is_inside = true;
  }
  return found;
}

std::string in_percent(double share) { return fmt::format("{:.1f}", 100 * share); }

TEST_P(SimFigures, TableEqualsARecount) {
  const Design& d = GetParam();
  const std::vector<std::string> head = split(text, '\n');
  EXPECT_EQ(head.at(0),
            fmt::format("{}: {} x {} {} PEs, output stationary, serial drain, {} MHz, random bits: {}",
                        d.name, d.rows, d.columns, d.pe, d.clock_mhz, d.random_source));
  EXPECT_EQ(head.at(1), fmt::format("operand buffers {} KiB, accumulator buffer {} KiB, {} at {} GiB/s",
                                    d.operand_kib, d.accumulator_kib, d.dram, d.gib_per_s));
  std::size_t next = 2;
  if (d.transposer_side == 0) {
    EXPECT_EQ(head.at(next++),
              "transposer: none; operands that two products take in two layouts are written twice");
  } else if (d.transposer_side > 0) {
    EXPECT_EQ(head.at(next++),
              fmt::format("transposer: tiles of {0} x {0} codes; its cycles are not among those of the array",
                          d.transposer_side));
  }
  if (d.lanes > 0) {
    EXPECT_EQ(
        head.at(next++),
        fmt::format(
            "quantizers: {} lanes{}{}; their cycles are not among those of the array", d.lanes,
            d.sample_groups > 0 ? fmt::format(" in each of {} groups for samples", d.sample_groups) : "",
            is_fused() ? ", fused with what makes their tensors" : ""));
    EXPECT_NE(text.find(fmt::format("quantizers.placement {}: ", is_fused() ? "fused" : "dram")),
              std::string::npos);
  }
  if (d.is_gated) {
    EXPECT_EQ(head.at(next++), "clock gating: a PE that nothing enters or leaves has no clock");
  }
  EXPECT_EQ(head.at(next), fmt::format("trace {} (model outside-sample)", outside_trace));

  // Layers: every record of this trace has a row of its own.
  const std::vector<std::string> layers = lines_after(text, "layer ");
  ASSERT_EQ(layers.size(), expected.records.size() + 1);
  const auto last_columns = [](const std::map<std::string, double>& f) {
    return std::vector<std::string>{
        fmt::format("{}", f.at("tiles")),        fmt::format("{}", f.at("cycles")),
        fmt::format("{}", f.at("macs")),         fmt::format("{}", f.at("in_range_macs")),
        in_percent(f.at("utilization_overall")), in_percent(f.at("utilization_in_range"))};
  };
  for (std::size_t i = 0; i < expected.records.size(); ++i) {
    const auto& [layer, phase, f, events, requests] = expected.records[i];
    std::vector<std::string> line = {layer,
                                     phase,
                                     fmt::format("{}", f.at("m")),
                                     "x",
                                     fmt::format("{}", f.at("n")),
                                     "x",
                                     fmt::format("{}", f.at("k"))};
    if (f.at("groups") > 1) line.push_back(fmt::format("g{}", f.at("groups")));
    if (f.at("samples") > 1) line.push_back(fmt::format("s{}", f.at("samples")));
    line.push_back("1");
    for (const std::string& cell : last_columns(f)) line.push_back(cell);
    EXPECT_EQ(words_of(layers[i]), line);
  }
  std::vector<std::string> total = {"total", fmt::format("{}", expected.records.size())};
  for (const std::string& cell : last_columns(expected.total)) total.push_back(cell);
  EXPECT_EQ(words_of(layers.back()), total);

  // Totals, a line each.
  const std::map<std::string, std::string> counts = {{"tiles", "tiles"},
                                                     {"cycles", "cycles"},
                                                     {"MACs", "macs"},
                                                     {"MACs in range", "in_range_macs"},
                                                     {"outputs", "outputs"},
                                                     {"streamed cycles", "streamed_cycles"},
                                                     {"memory-bound records", "memory_bound"},
                                                     {"left bytes", "bytes_left"},
                                                     {"right bytes", "bytes_right"},
                                                     {"result bytes", "bytes_result"},
                                                     {"quantizer bytes", "bytes_quantizer"},
                                                     {"accumulator bytes", "bytes_accumulator"},
                                                     {"compulsory left", "compulsory_bytes_left"},
                                                     {"compulsory right", "compulsory_bytes_right"},
                                                     {"compulsory result", "compulsory_bytes_result"}};
  const std::map<std::string, std::string> shares = {{"spatial utilization", "utilization_spatial"},
                                                     {"temporal utilization", "utilization_temporal"},
                                                     {"overall utilization", "utilization_overall"},
                                                     {"in-range utilization", "utilization_in_range"}};
  const std::map<std::string, std::string> times = {
      {"time", "milliseconds"}, {"DRAM time", "dram_milliseconds"}, {"longer time", "longer_milliseconds"}};
  std::map<std::string, std::string> shown;  // heading -> value
  for (const std::string& line : lines_after(text, "total of "))
    if (line.starts_with("  ") && line.size() > 24)
      shown[line.substr(2, line.find("  ", 2) - 2)] = words_of(line.substr(23)).at(0);
  const auto& f = expected.total;
  for (const auto& [heading, column] : counts)
    EXPECT_EQ(shown[heading], fmt::format("{}", f.at(column))) << heading;
  EXPECT_EQ(shown["lane cycles"], d.lanes > 0 ? fmt::format("{}", f.at("quantizer_cycles")) : "-");
  for (const auto& [heading, column] : shares) EXPECT_EQ(shown[heading], in_percent(f.at(column))) << heading;
  for (const auto& [heading, column] : times)
    EXPECT_EQ(shown[heading], fmt::format("{:.6f}", f.at(column))) << heading;

  // Memory-bound layers by name.
  std::vector<std::string> bound, named;
  for (const Recounted& record : expected.records)
    if (record.figures.at("memory_bound") > 0)
      bound.push_back(fmt::format("  {} {}: 1 of 1, {:.6f} ms of bytes, {:.6f} ms of cycles", record.layer,
                                  record.phase, record.figures.at("dram_milliseconds"),
                                  record.figures.at("milliseconds")));
  const std::size_t mark = text.find("\nmemory-bound: ");
  ASSERT_NE(mark, std::string::npos);
  const std::string heading = text.substr(mark + 1, text.find('\n', mark + 1) - mark - 1);
  if (bound.empty()) {
    EXPECT_EQ(heading, "memory-bound: none");
  } else {
    EXPECT_EQ(heading,
              fmt::format(
                  "memory-bound: {} of {} records ({:.1f} %): the bytes alone take longer than the "
                  "cycles",
                  bound.size(), expected.records.size(),
                  100.0 * static_cast<double>(bound.size()) / static_cast<double>(expected.records.size())));
    EXPECT_EQ(lines_after(text, "memory-bound: "), bound);
  }

  // Energies: of the layers with the first table, then of the components with each.
  const auto microjoules = [](double pj) { return fmt::format("{:.3f}", pj * 1e-6); };
  const std::vector<std::string> of_layers = lines_after(text, "uJ at own");
  ASSERT_EQ(of_layers.size(), expected.records.size());
  for (std::size_t i = 0; i < of_layers.size(); ++i) {
    const auto& [layer, phase, figures, events, requests] = expected.records[i];
    EXPECT_EQ(words_of(of_layers[i]),
              (std::vector<std::string>{layer, phase, microjoules(figures.at("energy_pj_own_low")),
                                        microjoules(figures.at("energy_pj_own_nominal")),
                                        microjoules(figures.at("energy_pj_own_high"))}));
  }
  for (const auto& [name, number] : {std::pair{"own", 2}, std::pair{"45nm", 1}}) {
    std::map<std::string, std::vector<std::string>> lines;
    for (const std::string& line : lines_after(text, fmt::format("uJ at {}", name), number)) {
      std::vector<std::string> words = words_of(line);
      words.resize(4);
      lines[words[0]] = words;
    }
    const auto& components = expected.energy_pj.at(name);
    EXPECT_EQ(lines.size(), components.size() + 2);
    EXPECT_EQ(lines["voltages:"].size(), 4U);
    for (const auto& [component, energies] : components)
      EXPECT_EQ(lines[component], (std::vector<std::string>{component, microjoules(energies.at("low")),
                                                            microjoules(energies.at("nominal")),
                                                            microjoules(energies.at("high"))}));
    std::map<std::string, std::vector<std::string>> shown_areas;
    for (const std::string& line : lines_after(text, fmt::format("mm2 at {}", name))) {
      std::vector<std::string> words = words_of(line);
      words.resize(4);
      shown_areas[words[0]] = words;
    }
    std::map<std::string, double> all_areas;
    const auto expected_areas = areas(name);
    EXPECT_EQ(shown_areas.size(), expected_areas.size() + 1);
    const auto mm2 = [](double area) { return fmt::format("{:.4f}", area); };
    for (const auto& [part, area] : expected_areas) {
      const auto& bounds = area.second;
      EXPECT_EQ(shown_areas[part],
                (std::vector<std::string>{part, mm2(bounds.at("low")), mm2(bounds.at("nominal")),
                                          mm2(bounds.at("high"))}));
      for (const auto& [word, value] : bounds) all_areas[word] += value;
    }
    EXPECT_EQ(shown_areas["total"],
              (std::vector<std::string>{"total", mm2(all_areas["low"]), mm2(all_areas["nominal"]),
                                        mm2(all_areas["high"])}));
    const std::string prefix = std::string("energy_pj_") + name + "_";
    EXPECT_EQ(lines["total"], (std::vector<std::string>{"total", microjoules(f.at(prefix + "low")),
                                                        microjoules(f.at(prefix + "nominal")),
                                                        microjoules(f.at(prefix + "high"))}));
  }
}

INSTANTIATE_TEST_SUITE_P(Designs, SimFigures, testing::ValuesIn(designs),
                         [](const auto& design) { return std::string(design.param.name); });

}  // namespace
}  // namespace quatrain::tests
