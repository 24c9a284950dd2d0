/// Stalls as quatrain sim shows them, in table, CSV and JSON, against a recount: blocks with sets of elements
/// (tests/sim/accelerator/block_walk.hpp), memory and array stepped clock by clock (clocked_memory.hpp).
#include "tests/sim/accelerator/clocked_memory.hpp"
#include "tests/sim/accelerator/recount.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/program.hpp"
#include "traces/base/progress.hpp"
#include "traces/format/check.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>

namespace quatrain::tests {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using U = std::uint64_t;

const std::string outside_trace = QUATRAIN_SOURCE_DIR "/tests/data/outside_trace";

/// Designs with unlike sides, clocks and memories.
struct StallingDesign {
  const char* name;
  unsigned rows, columns;
  double clock_mhz;
  unsigned operand_kib, accumulator_kib;
  const char* buffering;
  Json dram, mapping;
  bool is_bf16 = false;
  Json quantizers = nullptr;  ///< null: the config does not say
};

std::vector<StallingDesign> designs() {
  return {{"single",
           8,
           16,
           500,
           16,
           8,
           "single",
           {{"gib_per_s", 0.5}, {"stalls", true}, {"latency_ns", 60}, {"burst_bytes", 64}},
           {{"order", "k m n"}, {"m", 8}, {"n", 16}, {"k", 30}}},
          {"twice",
           4,
           4,
           1300,
           17,
           9,
           "double",
           {{"gib_per_s", 20},
            {"stalls", true},
            {"latency_ns", 33.3},
            {"burst_bytes", 24},
            {"efficiency", 0.7},
            {"page_bytes", 240},
            {"page_miss_ns", 11.5}},
           {{"search", "dram_bytes"}},
           false,
           {{"lanes", 5}, {"placement", "fused"}, {"sample_groups", 1}}},
          {"bf16",
           6,
           5,
           900,
           33,
           8,
           "double",
           {{"gib_per_s", 3}, {"stalls", true}, {"latency_ns", 5}, {"burst_bytes", 1}},
           {{"order", "m n k"}, {"m", 12}, {"n", 5}, {"k", 40}},
           true},
          {"quick",
           3,
           2,
           100,
           512,
           256,
           "double",
           {{"gib_per_s", 1000}, {"stalls", true}, {"latency_ns", 0}, {"burst_bytes", 64}},
           {{"order", "n m k"}, {"m", 6}, {"n", 2}, {"k", 1000}}}};
}

Json config_of(const StallingDesign& d) {
  Json dram = d.dram;
  dram["kind"] = "hbm2";
  Json config = {
      {"name", d.name},
      {"array",
       {{"rows", d.rows}, {"columns", d.columns}, {"dataflow", "output_stationary"}, {"drain", "serial"}}},
      {"pe", d.is_bf16 ? "bf16" : "dual_int4_fp4"},
      {"accumulator", {{d.is_bf16 ? "float" : "int", 32}}},
      {"lowering", "as_recorded"},
      {"random_source", d.is_bf16 ? "none" : "philox"},
      {"clock_mhz", d.clock_mhz},
      {"buffers",
       {{"operand_kib", d.operand_kib}, {"accumulator_kib", d.accumulator_kib}, {"buffering", d.buffering}}},
      {"dram", dram},
      {"mapping", d.mapping},
      {"technology", {"45nm"}}};
  if (!d.quantizers.is_null()) config["quantizers"] = d.quantizers;
  return config;
}

/// From the text: whole picoseconds, but for the burst.
rtl_models::DramTiming timing_of(const StallingDesign& d) {
  const Json& dram = d.dram;
  const double rate = dram["gib_per_s"].get<double>() * 1073741824.0 * dram.value("efficiency", 1.0);
  const U burst = dram["burst_bytes"];
  return {static_cast<U>(std::llround(dram["latency_ns"].get<double>() * 1000)),
          burst,
          static_cast<double>(burst) / rate * 1e12,
          dram.value("page_bytes", U{0}),
          static_cast<U>(std::llround(dram.value("page_miss_ns", 0.0) * 1000)),
          static_cast<U>(std::floor(1e6 / d.clock_mhz))};
}

struct Times {
  U cycles = 0, load_bound = 0, store_bound = 0, quantizers = 0;
  U lane_cycles = 0;  ///< beside the others
  U all() const { return cycles + load_bound + store_bound + quantizers; }
};

class SimStalls : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    design = designs().at(GetParam());
    const Json config = config_of(design);
    EXPECT_EQ(JsonSchema("accelerator").complaint(config.dump()), "");
    std::ofstream(folder / "design.json") << config;
    const bool replays = QUATRAIN_HAS_SYSTEMC && !design.is_bf16;
    const ProgramRun run = run_program(
        QUATRAIN_PROGRAM,
        fmt::format("sim {} {} --trace {} --out {} --timeline {}", (folder / "design.json").string(),
                    replays ? "" : "--cycles-only", outside_trace, (folder / "out").string(),
                    (folder / "timeline.json").string()),
        folder);
    ASSERT_EQ(run.exit_code, 0) << run.err << run.out;
    text = run.out;
    if (replays) {
      EXPECT_THAT(text, HasSubstr("cycles equal the closed form"));
    }
    const std::string stem = (folder / "out" / design.name).string();
    json = Json::parse(base::read_whole_file(stem + ".json"));
    csv = base::read_whole_file(stem + ".csv");
    EXPECT_EQ(JsonSchema("simulation").complaint(json.dump()), "");
    count();
  }

  /// Every training GEMM of the trace, in the blocks that the result names.
  void count() {
    base::SilentProgress progress;
    const traces::TraceReader reader = traces::check_trace(outside_trace, progress);
    const Recount base =
        recount(Json::parse(base::read_whole_file(outside_trace + "/manifest.json")), config_of(design), {});
    const rtl_models::DramTiming timing = timing_of(design);
    const bool is_double = std::string(design.buffering) == "double";
    for (const traces::GemmRecord& record : reader.manifest().gemms) {
      if (record.pass != traces::Pass::train) continue;
      const Json& blocks = json["records"][expected.size()]["mapping"];
      BlockProblem p{{record.phase, geometry_of(reader.manifest(), record)}, {}, {}};
      p.mapping = {record.size, record.samples, {design.rows, design.columns}, sim::Blocks{}};
      for (const sim::LoopOrder order : sim::all_loop_orders)
        if (name_of(order) == blocks["order"].get<std::string>()) p.mapping.blocks->order = order;
      p.mapping.blocks->m = blocks["m"], p.mapping.blocks->n = blocks["n"], p.mapping.blocks->k = blocks["k"];
      const U places = is_double ? 2 : 1;
      p.buffers = {design.operand_kib * 8192ULL / 2 / places, design.is_bf16 ? 16U : 4U,
                   design.accumulator_kib * 8192ULL / places, 1, design.is_bf16 ? 2U : 4U};
      const rtl_models::MemoryRun run = clocked(walk_blocks(p), timing, static_cast<unsigned>(places));
      Times times{run.computing, run.load_bound, run.store_bound, 0};
      for (const U bytes : base.records.at(expected.size()).quantizer_requests)
        times.quantizers += cycles_of_request(timing, {bytes});
      if (!design.quantizers.is_null()) {
        times.lane_cycles = static_cast<U>(base.records[expected.size()].figures.at("quantizer_cycles"));
        if (times.quantizers > 0) {
          EXPECT_NE(times.lane_cycles, times.quantizers) << "two figures that a mistake could exchange";
        }
      }
      expected.push_back(times);
      places_of_records.push_back(base.records.at(expected.size() - 1).layer + " " +
                                  std::string(name_of(record.phase)));
      total.cycles += times.cycles, total.load_bound += times.load_bound;
      total.store_bound += times.store_bound, total.quantizers += times.quantizers;
      total.lane_cycles += times.lane_cycles;
    }
  }

  double milliseconds(const Times& times) const {
    return static_cast<double>(times.all()) / design.clock_mhz / 1000;
  }

  Folder folder;
  StallingDesign design;
  std::string text, csv;
  Json json;
  std::vector<Times> expected;
  std::vector<std::string> places_of_records;
  Times total;
};

void expect_times(const Json& object, const Times& times) {
  EXPECT_EQ(object["cycles"].get<U>(), times.cycles);
  EXPECT_EQ(object["stalls"]["load_bound"].get<U>(), times.load_bound);
  EXPECT_EQ(object["stalls"]["store_bound"].get<U>(), times.store_bound);
  EXPECT_EQ(object["stalls"]["quantizers"].get<U>(), times.quantizers);
  EXPECT_EQ(object.value("quantizer_cycles", U{0}), times.lane_cycles);
}

TEST_P(SimStalls, JsonEqualsARecount) {
  ASSERT_EQ(json["records"].size(), expected.size());
  U bound = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    SCOPED_TRACE(places_of_records[i]);
    const Json& record = json["records"][i];
    expect_times(record, expected[i]);
    EXPECT_DOUBLE_EQ(record["milliseconds"], milliseconds(expected[i]));
    EXPECT_GE(record["milliseconds"].get<double>() * 1.0000001, record["longer_milliseconds"].get<double>());
    const auto ns =
        static_cast<U>(std::llround(static_cast<double>(expected[i].all()) * 1000 / design.clock_mhz));
    EXPECT_EQ(record["events"]["sram_leakage"]["sram_leakage"].get<U>(),
              ns * (design.operand_kib + design.accumulator_kib))
        << "memories leak while the array waits, too";
    const bool waits_longer = expected[i].all() > 2 * expected[i].cycles;
    EXPECT_EQ(record["memory_bound"], waits_longer ? 1 : 0);
    bound += waits_longer;
  }
  expect_times(json, total);
  EXPECT_DOUBLE_EQ(json["milliseconds"], milliseconds(total));
  EXPECT_EQ(json["memory_bound"].get<U>(), bound);
  if (design.name == std::string("quick")) {
    EXPECT_LT(bound, expected.size());
  }
  if (design.name == std::string("single")) {
    EXPECT_GT(bound, 0U);
  }
}

TEST_P(SimStalls, CsvEqualsARecount) {
  std::stringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  std::map<std::string, std::size_t> columns;
  std::stringstream header(line);
  for (std::string name; std::getline(header, name, ',');) columns.emplace(name, columns.size());
  for (const Times& times : expected) {
    ASSERT_TRUE(std::getline(lines, line));
    std::vector<std::string> cells;
    std::stringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    EXPECT_EQ(cells.at(columns.at("cycles")), fmt::format("{}", times.cycles));
    EXPECT_EQ(cells.at(columns.at("stalls_load_bound")), fmt::format("{}", times.load_bound));
    EXPECT_EQ(cells.at(columns.at("stalls_store_bound")), fmt::format("{}", times.store_bound));
    EXPECT_EQ(cells.at(columns.at("stalls_quantizers")), fmt::format("{}", times.quantizers));
    EXPECT_EQ(cells.at(columns.at("quantizer_cycles")),
              design.quantizers.is_null() ? "" : fmt::format("{}", times.lane_cycles));
    EXPECT_DOUBLE_EQ(std::stod(cells.at(columns.at("milliseconds"))), milliseconds(times));
  }
  EXPECT_FALSE(std::getline(lines, line));
}

TEST_P(SimStalls, TableEqualsARecount) {
  const auto share = [&](U part) {
    return fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(total.all()));
  };
  EXPECT_THAT(text,
              HasSubstr(fmt::format("\ntime: {} computing, {} load-bound, {} store-bound, {} quantizers\n",
                                    share(total.cycles), share(total.load_bound), share(total.store_bound),
                                    share(total.quantizers))));
  std::map<std::string, std::pair<Times, std::pair<U, U>>> parts;  // with memory-bound and all records
  U bound = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    auto& [times, records] = parts[places_of_records[i]];
    times.cycles += expected[i].cycles, times.load_bound += expected[i].load_bound;
    times.store_bound += expected[i].store_bound, times.quantizers += expected[i].quantizers;
    records.first += expected[i].all() > 2 * expected[i].cycles;
    bound += expected[i].all() > 2 * expected[i].cycles;
    ++records.second;
  }
  if (bound == 0) {
    EXPECT_THAT(text, HasSubstr("\nmemory-bound: none\n"));
  } else {
    EXPECT_THAT(text, HasSubstr(fmt::format(
                          "\nmemory-bound: {} of {} records ({:.1f} %): they wait longer than they compute\n",
                          bound, expected.size(),
                          100.0 * static_cast<double>(bound) / static_cast<double>(expected.size()))));
  }
  for (const auto& [place, part] : parts) {
    const auto& [times, records] = part;
    const std::string line = fmt::format(
        "\n  {}: {} of {}, cycles: {} computing, {} load-bound, {} store-bound, {} quantizers\n", place,
        records.first, records.second, times.cycles, times.load_bound, times.store_bound, times.quantizers);
    if (records.first > 0) {
      EXPECT_THAT(text, HasSubstr(line));
    } else {
      EXPECT_EQ(text.find("\n  " + place + ": "), std::string::npos);
    }
  }
  const auto shows = [&](const std::string& heading, const std::string& value) {
    EXPECT_THAT(text, HasSubstr(fmt::format("  {:<21} {:>15}", heading, value)));
  };
  shows("load-bound cycles", fmt::format("{}", total.load_bound));
  shows("store-bound cycles", fmt::format("{}", total.store_bound));
  shows("quantizer waits", fmt::format("{}", total.quantizers));
  shows("lane cycles", design.quantizers.is_null() ? "-" : fmt::format("{}", total.lane_cycles));
}

struct Bar {
  std::string name;
  U begin = 0, end = 0;
};

/// Cycles of [begin, end) that some of the bars cover. They do not overlap.
U covered(const std::vector<Bar>& bars, U begin, U end) {
  U sum = 0;
  for (const Bar& bar : bars)
    if (bar.begin < end && bar.end > begin) sum += std::min(end, bar.end) - std::max(begin, bar.begin);
  return sum;
}

/// Busy cycles of each track are the report's. The array computes or waits in every cycle, and a wait for a
/// load or a store is one while the memory does that.
TEST_P(SimStalls, TimelineEqualsARecount) {
  const Json timeline = Json::parse(base::read_whole_file(folder / "timeline.json"));
  std::map<int, std::string> names;
  std::map<std::string, std::vector<Bar>> tracks;
  std::map<std::string, double> busy_us;
  std::map<std::string, std::string> colours;
  for (const Json& event : timeline["traceEvents"]) {
    if (event["ph"] == "M") {
      if (event["name"] == "thread_name") names[event["tid"]] = event["args"]["name"];
      continue;
    }
    const std::string track = names.at(event["tid"]);
    busy_us[track] += event["dur"].get<double>();
    if (track == "waits") colours[event["name"]] = event["cname"];
    if (!event["args"].contains("begin_cycle")) continue;
    const U begin = event["args"]["begin_cycle"], cycles = event["args"]["cycles"];
    EXPECT_NEAR(event["ts"].get<double>() * design.clock_mhz, static_cast<double>(begin), 1e-3);
    tracks[track].push_back({event["name"], begin, begin + cycles});
  }
  const auto in_us = [&](U cycles) { return static_cast<double>(cycles) / design.clock_mhz; };
  EXPECT_NEAR(busy_us["array"], in_us(total.cycles), 1e-6);
  EXPECT_NEAR(busy_us["quantizers"], in_us(total.lane_cycles), 1e-6);
  EXPECT_NEAR(busy_us["DRAM"], 1000 * json["dram_milliseconds"].get<double>(), 1e-6);
  std::map<std::string, U> waited;
  std::vector<Bar> loads, stores, use = tracks["array"];
  for (const Bar& bar : tracks["waits"]) waited[bar.name] += bar.end - bar.begin, use.push_back(bar);
  EXPECT_EQ(waited["load-bound"], total.load_bound);
  EXPECT_EQ(waited["store-bound"], total.store_bound);
  EXPECT_EQ(waited["quantizers"], total.quantizers);
  std::set<std::string> different;
  for (const auto& [cause, colour] : colours) different.insert(colour);
  EXPECT_EQ(different.size(), colours.size()) << "each cause has a colour of its own";
  std::ranges::sort(use, {}, &Bar::begin);
  U now = 0;
  for (const Bar& bar : use) {
    ASSERT_EQ(bar.begin, now) << bar.name;
    now = bar.end;
  }
  EXPECT_EQ(now, total.all());
  now = 0;
  for (const Bar& bar : tracks["DMA"]) {
    ASSERT_GE(bar.begin, now) << "one request at a time";
    now = bar.end;
    ASSERT_NE(bar.name, "all blocks");
    (bar.name == "store" ? stores : loads).push_back(bar);
  }
  for (const Bar& bar : tracks["waits"])
    EXPECT_EQ(covered(bar.name == "store-bound" ? stores : loads, bar.begin, bar.end), bar.end - bar.begin)
        << bar.name << " from " << bar.begin;
}

INSTANTIATE_TEST_SUITE_P(Designs, SimStalls, testing::Range(std::size_t{0}, designs().size()),
                         [](const auto& index) { return std::string(designs()[index.param].name); });

/// A config without stalls says the same with the keys switched off.
TEST(SimStallsOff, FiguresAreThoseWithoutTheKeys) {
  const Folder folder;
  std::vector<Json> results;
  for (const bool with_keys : {false, true}) {
    Json config = config_of(designs()[1]);
    if (with_keys)
      config["dram"]["stalls"] = false;
    else
      config["dram"] = {{"kind", "hbm2"}, {"gib_per_s", 20}};
    std::ofstream(folder / "design.json") << config;
    const std::string out = (folder / (with_keys ? "with" : "without")).string();
    const ProgramRun run = run_program(QUATRAIN_PROGRAM,
                                       fmt::format("sim {} --cycles-only --trace {} --out {}",
                                                   (folder / "design.json").string(), outside_trace, out),
                                       folder);
    ASSERT_EQ(run.exit_code, 0) << run.err;
    results.push_back(Json::parse(base::read_whole_file(out + "/twice.json")));
    results.back().erase("config"), results.back().erase("provenance");
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_TRUE(results[0]["stalls"].is_null());
}

}  // namespace
}  // namespace quatrain::tests
