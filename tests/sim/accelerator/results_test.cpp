/// What a simulation leaves: its file and table, which tiles are sampled, where it stops.
#include "sim/accelerator/replay.hpp"
#include "sim/accelerator/simulation_file.hpp"
#include "sim/accelerator/table.hpp"
#include "sim/records/recorded.hpp"
#include "sim/workload/trace_workload.hpp"
#include "tests/sim/accelerator/replay_task.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/message_of.hpp"
#include "traces/base/files.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace quatrain::tests {
namespace {

using rtl_models::Fidelity;
using traces::Phase;

TEST(Simulate, StopsBetweenGemms) {
  const traces::TraceReader reader = outside_trace();
  sim::ArrayModels models = sim::make_array_models({8, 8}, Fidelity::array);
  sim::SimulationTask task = task_for({8, 8}, &models);
  int polls = 0;
  task.stops = [&] { return ++polls == 3; };
  EXPECT_THROW(simulated(task, reader), base::Interrupted);
  EXPECT_EQ(polls, 3);
}

TEST(SampleTiles, StayWithinTheBudgetAndRepeat) {
  const traces::TraceReader reader = outside_trace();
  const auto work = sim::training_gemms(reader.manifest(), {8, 8});
  const auto sampled = sim::sample_tiles(work, 64 * 1000);
  ASSERT_GT(sampled.size(), 10U);
  std::uint64_t cycles = 0;
  for (const sim::SampledTile& sample : sampled) {
    const sim::Mapping& mapping = work[sample.gemm].mapping;
    cycles += mapping.stream_length() + 2 * sample.tile.rows + sample.tile.columns - 2;
  }
  EXPECT_LE(cycles, 1000U);
  // The cheapest first, each GEMM once before any comes again, and every tile is one of its GEMM.
  std::set<std::size_t> seen;
  std::uint64_t longest = 0;
  for (const sim::SampledTile& sample : sampled) {
    const sim::Mapping& mapping = work[sample.gemm].mapping;
    EXPECT_TRUE(seen.insert(sample.gemm).second) << "45 GEMMs are more than 1000 cycles can hold";
    EXPECT_GE(mapping.stream_length(), longest);
    longest = mapping.stream_length();
    EXPECT_EQ(sample.tile.first_row % 8 + sample.tile.first_column % 8, 0U);
    EXPECT_EQ(sample.tile.rows, std::min<std::uint64_t>(8, mapping.m() - sample.tile.first_row));
    EXPECT_EQ(sample.tile.columns, std::min<std::uint64_t>(8, mapping.n() - sample.tile.first_column));
  }
  const auto again = sim::sample_tiles(work, 64 * 1000);
  ASSERT_EQ(again.size(), sampled.size());
  for (std::size_t i = 0; i < sampled.size(); ++i)
    EXPECT_EQ(again[i].tile.first_row, sampled[i].tile.first_row);
}

TEST(Workload, EveryQuantizerIsPricedOnce) {
  const traces::TraceReader reader = outside_trace();
  std::size_t quantizers = 0, recorded = 0;
  for (const sim::TrainingGemm& work : sim::training_gemms(reader.manifest(), {8, 8})) {
    quantizers += work.quantizers.size();
    if (work.layer == "linear_smp" && work.record->phase == Phase::backward_weight) {
      ASSERT_EQ(work.quantizers.size(), 3U) << "sample 0 came with backward_data";
      EXPECT_EQ(work.quantizers[0].elements, 19U * 21);
      EXPECT_FALSE(work.quantizers[0].measures_maximum);
    }
  }
  for (const traces::QuantizerRecord& record : reader.manifest().quantizers)
    recorded += record.pass == traces::Pass::train;
  EXPECT_EQ(quantizers, recorded);
}

TEST(Results, JsonFitsItsSchemaAndTotalsAreSums) {
  const traces::TraceReader reader = outside_trace();
  const JsonSchema schema("simulation");
  sim::ArrayModels models = sim::make_array_models({8, 8}, Fidelity::array);
  for (sim::ArrayModels* with : {&models, static_cast<sim::ArrayModels*>(nullptr)}) {
    const std::string text = sim::simulation_json(simulated(task_for({8, 8}, with), reader));
    EXPECT_EQ(schema.complaint(text), "");
    const auto json = nlohmann::json::parse(text);
    std::uint64_t cycles = 0, macs = 0, bytes = 0;
    double nominal = 0, of_components = 0;
    for (const auto& record : json["records"]) {
      cycles += record["cycles"].get<std::uint64_t>();
      macs += record["macs"].get<std::uint64_t>();
      bytes += record["bytes"]["left"].get<std::uint64_t>();
      nominal += record["energy_pj"]["7nm"]["nominal"].get<double>();
    }
    EXPECT_EQ(json["cycles"], cycles);
    EXPECT_EQ(json["macs"], macs);
    EXPECT_EQ(json["bytes"]["left"], bytes);
    const auto& technology = json["technologies"]["7nm"];
    for (const auto& component : technology["components"])
      of_components += component["energy_pj"]["nominal"].get<double>();
    EXPECT_NEAR(technology["energy_pj_nominal"], nominal, 1e-9 * nominal);
    EXPECT_NEAR(technology["energy_pj_nominal"], of_components, 1e-9 * nominal);
    EXPECT_LT(technology["energy_pj_low"], technology["energy_pj_nominal"]);
    EXPECT_LT(technology["energy_pj_nominal"], technology["energy_pj_high"]);
    EXPECT_EQ(json["activity"].is_null(), with == nullptr);
    EXPECT_EQ(json["replayed"], with != nullptr);
    EXPECT_EQ(json["config"], nlohmann::json(sim::to_json_object(task_for({8, 8}, nullptr).config)));
  }
}

/// A file is read back as it was written: every figure of it, replayed or not.
TEST(Results, WhatIsReadIsWrittenAgainByteForByte) {
  const traces::TraceReader reader = outside_trace();
  const Folder folder;
  auto models = sim::make_array_models({8, 8}, Fidelity::array);
  for (auto* with : {&models, static_cast<decltype(&models)>(nullptr)}) {
    sim::Simulation simulation = simulated(task_for({8, 8}, with), reader);
    simulation.provenance = {"quatrain sim 'a b'", "quatrain 7", {{"luq_32x32", "sha"}}};
    const std::string text = sim::simulation_json(simulation);
    base::write_whole_file(folder / "s.json", text);
    const sim::Simulation read = sim::read_simulation(folder / "s.json", reader.manifest_sha256());
    EXPECT_EQ(sim::simulation_json(read), text);
    EXPECT_EQ(sim::simulation_csv(read), sim::simulation_csv(simulation));
    EXPECT_EQ(sim::simulation_table(read), sim::simulation_table(simulation));
  }
}

/// The schema, which editors and users read, describes every figure with the words of the list.
TEST(Figures, TheSchemaDescribesEachOfThem) {
  const auto schema = nlohmann::json::parse(
      base::read_whole_file(QUATRAIN_SOURCE_DIR "/configs/schemas/simulation.schema.json"));
  const auto& definitions = schema["definitions"];
  for (const sim::Figure& figure : sim::figures()) {
    const std::string group(figure.group), name(figure.name);
    for (const auto& object : {schema, definitions["record"]}) {
      auto properties = object["properties"];
      if (group == "activity" || group == "stalls")
        properties = definitions[group]["oneOf"][1]["properties"];
      else if (!group.empty())
        properties = definitions[group]["properties"];
      ASSERT_TRUE(properties.contains(name)) << figure.column();
      EXPECT_EQ(properties[name]["description"], figure.description) << figure.column();
    }
  }
}

TEST(Results, CsvHasARowARecord) {
  const traces::TraceReader reader = outside_trace();
  const sim::Simulation simulation = simulated(task_for({8, 8}, nullptr), reader);
  const std::string csv = sim::simulation_csv(simulation);
  const std::string header = csv.substr(0, csv.find('\n'));
  EXPECT_EQ(std::ranges::count(csv, '\n'), 1 + static_cast<std::ptrdiff_t>(training_gemms_of_trace));
  EXPECT_TRUE(
      header.starts_with("step,layer,phase,m,n,k,groups,samples,count,tiles,cycles,macs,in_range_macs,"))
      << header;
  EXPECT_TRUE(
      header.ends_with(",energy_pj_7nm_low,energy_pj_7nm_nominal,energy_pj_7nm_high,energy_pj_45nm_low,"
                       "energy_pj_45nm_nominal,energy_pj_45nm_high,values"))
      << header;
  const std::string first =
      csv.substr(header.size() + 1, csv.find('\n', header.size() + 1) - header.size() - 1);
  EXPECT_TRUE(first.starts_with("0,conv_a,forward,429,7,45,1,1,1,54,3558,135135,")) << first;
  EXPECT_EQ(std::ranges::count(first, ','), std::ranges::count(header, ','));
}

TEST(Simulate, TwoTablesOfOneNameAreRefused) {
  const traces::TraceReader reader = outside_trace();
  sim::SimulationTask task = task_for({8, 8}, nullptr);
  task.technologies.push_back(task.technologies[0]);
  EXPECT_EQ(message_of([&] { simulated(task, reader); }),
            "two technology tables have the name '7nm'; expected different names");
}

}  // namespace
}  // namespace quatrain::tests
