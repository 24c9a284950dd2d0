/// `quatrain explain`, held against `quatrain sim`: its times are those of the simulated records, and what it
/// advises does what it says.
#include "tests/support/program.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <random>
#include <regex>
#include <sstream>

namespace quatrain::tests {
namespace {

using base::read_whole_file;
using base::write_whole_file;
using nlohmann::json;
using testing::HasSubstr;

constexpr const char* workload_text =
    "layer,m,n,k,groups\n"
    "wide,70,90,33,1\n"
    "narrow,300,3,64,1\n"
    "depthwise,49,1,9,8\n"
    "short,5,6,200,1\n";

/// Cycles of a record, counted from sim's file: computing, ragged edges, fill and drain, loads, stores,
/// quantizers. With stalls the last three are the file's; without them the bytes that take longer than the
/// cycles are parted by what they are.
std::array<double, 6> causes(const json& design, const json& record) {
  const double pes = design["array"]["rows"].get<double>() * design["array"]["columns"].get<double>();
  const double cycles = record["cycles"].get<double>(), full = record["macs"].get<double>() / pes;
  const double streamed = std::min(cycles, record["streamed_cycles"].get<double>());
  std::array<double, 6> of = {
      std::min(full, streamed), std::max(0.0, streamed - full), cycles - streamed, 0, 0, 0};
  if (!record["stalls"].is_null()) {
    of[3] = record["stalls"]["load_bound"];
    of[4] = record["stalls"]["store_bound"];
    of[5] = record["stalls"]["quantizers"];
    return of;
  }
  const auto bytes = [&](const char* name) { return record["bytes"][name].get<double>(); };
  const double loads = bytes("left") + bytes("right") + bytes("accumulator") / 2,
               stores = bytes("result") + bytes("accumulator") / 2, quantizers = bytes("quantizer");
  const double all = loads + stores + quantizers,
               bytes_per_cycle = design["dram"]["gib_per_s"].get<double>() * 0x1p30 /
                                 (design["clock_mhz"].get<double>() * 1e6);
  const double waiting = std::max(0.0, all / bytes_per_cycle - cycles);
  of[3] = waiting * loads / all;
  of[4] = waiting * stores / all;
  of[5] = waiting * quantizers / all;
  return of;
}

double milliseconds(const json& design, const std::array<double, 6>& cycles) {
  return std::accumulate(cycles.begin(), cycles.end(), 0.0) / (design["clock_mhz"].get<double>() * 1e3);
}

double sum(const std::map<std::string, double>& times) {
  double all = 0;
  for (const auto& [layer, ms] : times) all += ms;
  return all;
}

class ExplainCommand : public testing::Test {
 protected:
  void SetUp() override { write_whole_file(folder_ / "shapes.csv", workload_text); }

  std::string in(const std::string& name) const { return (folder_ / name).string(); }
  std::string explain(const std::string& arguments) {
    const ProgramRun run = run_program(QUATRAIN_PROGRAM, "explain " + arguments, folder_);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return run.out;
  }

  json simulated(const json& design) {
    write_whole_file(folder_ / "design.json", design.dump());
    std::filesystem::remove_all(folder_ / "sim");
    const ProgramRun run =
        run_program(QUATRAIN_PROGRAM,
                    "sim " + in("design.json") + " " + in("shapes.csv") + " --out " + in("sim"), folder_);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "sim"))
      if (entry.path().extension() == ".json") return json::parse(read_whole_file(entry.path()))["records"];
    return {};
  }
  /// Of every layer: what it takes.
  std::map<std::string, double> simulated_ms(const json& design) {
    std::map<std::string, double> times;
    for (const json& record : simulated(design))
      times[record["layer"]] += milliseconds(design, causes(design, record));
    return times;
  }

  Folder folder_;
};

json random_design(std::mt19937& draws) {
  const auto one_of = [&](std::vector<json> choices) { return choices[draws() % choices.size()]; };
  json design = {
      {"name", "random"},
      {"array",
       {{"rows", one_of({3, 8, 16, 20})},
        {"columns", one_of({4, 8, 24})},
        {"dataflow", "output_stationary"},
        {"drain", one_of({"serial", "skewed", "shadow"})}}},
      {"pe", "dual_int4_fp4"},
      {"accumulator", {{"int", 32}}},
      {"lowering", "as_recorded"},
      {"random_source", "philox"},
      {"clock_mhz", one_of({500, 1000, 1700})},
      {"buffers", {{"operand_kib", one_of({16, 32, 64})}, {"accumulator_kib", one_of({8, 16, 64})}}},
      {"dram", {{"kind", "hbm2"}, {"gib_per_s", one_of({0.5, 4, 100})}}},
      {"technology", {"7nm"}}};
  if (draws() % 2 == 0) {
    design["mapping"] = {{"search", "dram_bytes"}};
    design["array"]["drain"] = "serial";
    design["dram"].update({{"stalls", true}, {"latency_ns", one_of({10, 100})}, {"burst_bytes", 32}});
  }
  return design;
}

/// The line that names the best change, and what stands in it.
struct Advice {
  std::string key, value;
  double milliseconds = 0, before = 0;
};
std::optional<Advice> advice_in(const std::string& text) {
  static const std::regex line(R"(Most would help ([a-z._]+)=(.*): ([0-9.]+) ms in place of ([0-9.]+) ms\.)");
  std::smatch found;
  if (!std::regex_search(text, found, line)) return std::nullopt;
  return Advice{found[1], found[2], std::stod(found[3]), std::stod(found[4])};
}

/// The value at a path with dots replaced, as a user would edit the file.
json with(json design, const std::string& path, const std::string& value) {
  std::string pointer = "/" + path;
  std::ranges::replace(pointer, '.', '/');
  const json read = json::parse(value, nullptr, false);
  design[json::json_pointer(pointer)] = read.is_discarded() ? json(value) : read;
  return design;
}

TEST_F(ExplainCommand, WhatItAdvisesOnFiftyRandomDesignsDoesWhatItSays) {
  std::mt19937 draws(7);
  int advised = 0;
  for (int i = 0; i < 50; ++i) {
    const json design = random_design(draws);
    SCOPED_TRACE(design.dump());
    const double before = sum(simulated_ms(design));
    const std::string text = explain(in("design.json") + " " + in("shapes.csv"));
    EXPECT_THAT(text, HasSubstr(fmt::format("random on shapes: {:.6f} ms", before)));
    const std::optional<Advice> advice = advice_in(text);
    if (!advice) {
      EXPECT_THAT(text, HasSubstr("No single key would help."));
      continue;
    }
    ++advised;
    EXPECT_NEAR(advice->before, before, 5.1e-7);
    EXPECT_LT(advice->milliseconds, advice->before);
    EXPECT_NEAR(sum(simulated_ms(with(design, advice->key, advice->value))), advice->milliseconds, 5.1e-7);
  }
  EXPECT_GE(advised, 40);
}

TEST_F(ExplainCommand, EveryRowOfTheTableAndEveryChangeIsWhatSimSays) {
  std::mt19937 draws(3);
  for (int i = 0; i < 4; ++i) {
    const json design = random_design(draws);
    SCOPED_TRACE(design.dump());
    const json records = simulated(design);
    std::map<std::string, double> times;
    for (const json& record : records) times[record["layer"]] = milliseconds(design, causes(design, record));
    const std::string text = explain(in("design.json") + " " + in("shapes.csv"));
    for (const json& record : records) {
      const std::array<double, 6> of = causes(design, record);
      const double ms = milliseconds(design, of);
      std::string row = fmt::format("{:<9} {:<15} {:>12.6f} {:>5.1f} %", record["layer"].get<std::string>(),
                                    "forward", ms, 100 * ms / sum(times));
      for (const double cycles : of)
        row += fmt::format(" {:>12.1f} %", 100 * cycles / std::accumulate(of.begin(), of.end(), 0.0));
      EXPECT_THAT(text, HasSubstr(row + "\n"));
    }
    static const std::regex change(R"(\n  ([a-z._]+)=(\S.*?) +([0-9.]+) ms +([+-][0-9.]+) %)");
    int changes = 0;
    for (auto at = std::sregex_iterator(text.begin(), text.end(), change); at != std::sregex_iterator();
         ++at) {
      ++changes;
      SCOPED_TRACE(at->str());
      const double after = sum(simulated_ms(with(design, (*at)[1], (*at)[2])));
      EXPECT_EQ(fmt::format("{:.6f}", after), (*at)[3]);
      EXPECT_EQ(fmt::format("{:+.1f}", 100 * (after - sum(times)) / sum(times)), (*at)[4]);
    }
    EXPECT_GE(changes, 6);
  }
}

/// 4 x 4 PEs and a product of 4 x 2 x 6: two columns are idle; a tile takes k + 2 rows + columns - 2 cycles.
TEST_F(ExplainCommand, CausesAreThoseCountedByHand) {
  write_whole_file(folder_ / "one.csv", "layer,m,n,k\nonly,4,2,6\n");
  std::mt19937 draws(1);
  json design = random_design(draws);
  design["array"] = {{"rows", 4}, {"columns", 4}, {"dataflow", "output_stationary"}, {"drain", "serial"}};
  design.erase("mapping");
  design["clock_mhz"] = 1000;
  design["dram"] = {{"kind", "hbm2"}, {"gib_per_s", 100'000}};
  write_whole_file(folder_ / "design.json", design.dump());
  const std::string text = explain(in("design.json") + " " + in("one.csv"));
  // 6 cycles stream, of which half the PEs make use; 6 + 8 + 2 - 2 = 14 in all
  EXPECT_THAT(text, HasSubstr(fmt::format(
                        "only  forward             0.000014 100.0 % {:>12.1f} % {:>12.1f} % {:>12.1f} %"
                        " {:>12.1f} % {:>12.1f} % {:>12.1f} %",
                        300.0 / 14, 300.0 / 14, 800.0 / 14, 0.0, 0.0, 0.0)));
  EXPECT_THAT(
      text,
      HasSubstr("layer phase                     ms   share      computing    ragged edge fill and drain "
                "          load          store     quantizers\n"));
  EXPECT_THAT(text, HasSubstr("1 of 1 products, 100.0 % of the time, is bound by fill and drain"));
}

TEST_F(ExplainCommand, OneLayerAndBadInput) {
  std::mt19937 draws(5);
  const std::map<std::string, double> times = simulated_ms(random_design(draws));
  const std::string text = explain(in("design.json") + " " + in("shapes.csv") + " --layer narrow");
  EXPECT_THAT(text, HasSubstr(fmt::format("random on shapes, layer narrow: {:.6f} ms", times.at("narrow"))));
  EXPECT_THAT(text, testing::Not(HasSubstr("wide")));
  const auto refused = [&](const std::string& arguments) {
    const ProgramRun run = run_program(QUATRAIN_PROGRAM, "explain " + arguments, folder_);
    EXPECT_EQ(run.exit_code, 2);
    return run.err;
  };
  EXPECT_THAT(refused(in("design.json") + " " + in("shapes.csv") + " --layer absent"),
              HasSubstr("no GEMM is of the layer 'absent'"));
  EXPECT_THAT(refused("absent.json " + in("shapes.csv")), HasSubstr("absent.json: no such file"));
  EXPECT_THAT(refused(in("design.json") + " " + in("shapes.csv") + " --set array.rows=0"),
              HasSubstr("/array/rows"));
}

}  // namespace
}  // namespace quatrain::tests
