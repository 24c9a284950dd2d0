/// quatrain sim --vcd: the registers of a tile, read from the file and held against the trace.
#include "tests/sim/verify/case_trace.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/program.hpp"
#include "tests/support/sharp_gemms.hpp"
#include "tests/support/vcd.hpp"
#include "traces/format/reader.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <bit>
#include <cstdio>
#include <set>

namespace quatrain::tests {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::int64_t rows = 8, columns = 6;

class Waveform : public testing::Test {
 protected:
  /// A design of 8 x 6 PEs on the trace.
  ProgramRun sim(const Json& array, const Json& accumulator, const std::string& rest) const {
    Json config =
        Json::parse(base::read_whole_file(QUATRAIN_SOURCE_DIR "/configs/accelerators/luq_32x32.json"));
    config["array"] = array;
    config["array"]["rows"] = rows;
    config["array"]["columns"] = columns;
    config["accumulator"] = accumulator;
    config.merge_patch(more);
    base::write_whole_file(folder / "design.json", config.dump());
    return run_program(QUATRAIN_PROGRAM,
                       fmt::format("sim {} --trace {} --out {} {}", (folder / "design.json").string(), trace,
                                   (folder / "out").string(), rest),
                       folder);
  }
  /// Two steps of 9 x 7 results: the first tile has all PEs and is not the only one.
  void write_trace(const Mode& mode, std::int64_t k, const traces::Accumulator& accumulator = {}) const {
    std::vector<GemmCase> cases;
    for (const unsigned seed : {1U, 2U})
      cases.push_back(random_case({mode.phase, linear_geometry(mode.phase, 9, 7, k), accumulator}, mode.left,
                                  mode.right, 1, seed));
    write_gemm_trace(trace, cases);
  }
  /// What the trace has for row i and column j of a step.
  std::int64_t recorded(std::int64_t i, std::int64_t j, std::size_t step = 0) const {
    const traces::TraceReader reader(trace);
    const traces::GemmRecord& record = reader.manifest().gemms.at(step);
    // dW lies as W does: outputs, which are the columns, come first.
    const auto place = static_cast<std::size_t>(
        record.phase == traces::Phase::backward_weight ? j * record.size.m + i : i * record.size.n + j);
    return reader.read_accumulators(record.accumulators.value(), record.accumulator)[place];
  }
  Vcd waveform() const { return Vcd(base::read_whole_file(vcd)); }
  static std::string pe(std::int64_t i, std::int64_t j, const std::string& wire) {
    return fmt::format("pe_{}_{}.{}", i, j, wire);
  }
  /// The edges from the tile's cycle 0 on: those at which the reset is not high any more.
  static std::vector<Vcd::Values> edges_of_tile(const Vcd& vcd) {
    std::size_t first = 0;
    while (vcd.before.at(first).at("reset") == 0) ++first;
    return {vcd.before.begin() + static_cast<std::ptrdiff_t>(first) + 1, vcd.before.end()};
  }
  static void expect_refused(const ProgramRun& run, const std::string& message) {
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.err, "error: " + message + "\n");
  }

  Folder folder;
  Json more = Json::object();  ///< keys beside those of the design
  const std::string trace = (folder / "trace").string(), vcd = (folder / "tile.vcd").string();
  const Json shadow{{"dataflow", "output_stationary"}, {"drain", "shadow"}},
      serial{{"dataflow", "output_stationary"}, {"drain", "serial"}}, int32{{"int", 32}};
};

/// With `shadow` accumulators keep their sums while these leave.
TEST_F(Waveform, EndsWithTheSumsOfTheTrace) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  write_trace(fp4_int4, 40);
  const ProgramRun run = sim(shadow, int32, "--vcd " + vcd);
  ASSERT_EQ(run.exit_code, 0) << run.err << run.out;
  EXPECT_THAT(run.out, HasSubstr(vcd + ": layer layer, step 0, backward_data, group 0, rows 0 to 7, columns "
                                       "0 to 5\n"));
  const Vcd wires = waveform();
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j)
      EXPECT_EQ(wires.last.at(pe(i, j, "accumulator")), recorded(i, j)) << i << ' ' << j;
  for (std::int64_t j = 0; j < columns; ++j)
    EXPECT_EQ(wires.last.at(pe(rows - 1, j, "shadow")), recorded(0, j)) << "the last word that leaves";
  EXPECT_EQ(edges_of_tile(wires).size(), 40 + 2 * rows + columns - 2);
}

/// With `serial` they stand in the accumulators until the column drains.
TEST_F(Waveform, ShowsTheDrain) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  write_trace(int4_int4, 13);
  ASSERT_EQ(sim(serial, int32, "--vcd " + vcd).exit_code, 0);
  const Vcd wires = waveform();
  const std::vector<Vcd::Values> edges = edges_of_tile(wires);
  EXPECT_EQ(edges.size(), 13 + 2 * rows + columns - 2);
  for (std::int64_t j = 0; j < columns; ++j) {
    std::size_t word = 0;
    for (std::size_t e = 0; e < edges.size(); ++e) {
      if (edges[e].at(fmt::format("column_{}.draining", j)) == 0) continue;
      if (word == 0) {
        EXPECT_EQ(e + 1, static_cast<std::size_t>(13 + rows + j)) << "of the first word";
        for (std::int64_t i = 0; i < rows; ++i)
          EXPECT_EQ(edges[e].at(pe(i, j, "accumulator")), recorded(i, j)) << i << ' ' << j;
      }
      EXPECT_EQ(edges[e].at(pe(rows - 1, j, "accumulator")),
                recorded(rows - 1 - static_cast<std::int64_t>(word++), j));
    }
    EXPECT_EQ(word, static_cast<std::size_t>(rows));
  }
}

/// Of another step, and tiles that do not have all PEs.
TEST_F(Waveform, OfAChosenTile) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  write_trace(int4_int4, 21);
  const std::string second = "--vcd-gemm 1/train/layer/forward --vcd " + vcd;
  std::set<std::string> places;
  for (int tile = 0; tile < 4; ++tile) {
    const ProgramRun run = sim(shadow, int32, fmt::format("{} --vcd-tile {}", second, tile));
    ASSERT_EQ(run.exit_code, 0) << run.err << run.out;
    const std::string place = run.out.substr(run.out.rfind(vcd) + vcd.size());
    std::int64_t first_row = 0, last_row = 0, first_column = 0, last_column = 0;
    ASSERT_EQ(std::sscanf(place.c_str(),
                          ": layer layer, step 1, forward, group 0, rows %ld to %ld, columns %ld to %ld",
                          &first_row, &last_row, &first_column, &last_column),
              4)
        << place;
    places.insert(place);
    EXPECT_THAT(base::read_whole_file(vcd), HasSubstr(place.substr(2, place.size() - 3) + ", int32 sums"));
    const Vcd wires = waveform();
    for (std::int64_t i = first_row; i <= last_row; ++i)
      for (std::int64_t j = first_column; j <= last_column; ++j)
        EXPECT_EQ(wires.last.at(pe(i - first_row, j - first_column, "accumulator")), recorded(i, j, 1))
            << i << ' ' << j;
  }
  EXPECT_THAT(places, testing::Contains(HasSubstr("rows 8 to 8, columns 6 to 6")));
  EXPECT_EQ(places.size(), 4);
  expect_refused(sim(shadow, int32, second + " --vcd-tile 4"),
                 "--vcd-tile 4: layer layer, step 1, forward has 4 tiles; expected at most 3");
  expect_refused(
      sim(shadow, int32, "--vcd-gemm 1/train/layer/backward_data --vcd " + vcd),
      "--vcd-gemm 1/train/layer/backward_data: no such matrix product is simulated; expected one as "
      "0/train/layer/forward or 1/train/layer/forward");
}

/// A register holds the bits of its format: fp16 alone as binary16, the sum of chunks as binary32.
TEST_F(Waveform, HasEveryAccumulator) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  const Json narrow{{"int", 11}, {"overflow", "saturate"}}, half{{"float", 16}, {"overflow", "infinity"}},
      chunks{{"float", 16}, {"overflow", "infinity"}, {"chunk", 16}};
  const std::vector<std::pair<Json, traces::Accumulator>> all{
      {narrow, {11, traces::Overflow::saturate}},
      {half, {16, traces::Overflow::infinity, traces::SumFormat::floating, 0}},
      {chunks, {16, traces::Overflow::infinity, traces::SumFormat::floating, 16}}};
  for (const auto& [json, accumulator] : all) {
    std::filesystem::remove_all(trace);
    write_trace(uint4_fp4, 40, accumulator);
    const ProgramRun run = sim(shadow, json, "--vcd " + vcd);  // replaces the one before
    ASSERT_EQ(run.exit_code, 0) << run.err << run.out;
    EXPECT_THAT(base::read_whole_file(vcd), HasSubstr(", " + traces::text_of(accumulator) + " sums $end\n"));
    const Vcd wires = waveform();
    EXPECT_EQ(wires.last.contains(pe(0, 0, "part")), accumulator.chunk != 0);
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < columns; ++j) {
        std::int64_t found = wires.last.at(pe(i, j, "accumulator"));
        if (json == half)
          found = std::bit_cast<std::int32_t>(
              static_cast<float>(std::bit_cast<_Float16>(static_cast<std::uint16_t>(found))));
        EXPECT_EQ(found, recorded(i, j)) << json << ' ' << i << ' ' << j;
      }
  }
}

/// Sums leave the bottom row of the fold one after the other.
TEST_F(Waveform, OfAStationaryArray) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  write_trace(int4_int4, rows);
  struct Case {
    std::string dataflow, preload, tile;
    std::int64_t words;
  };
  const std::string weights = "rows 0 to 8, columns 0 to 5, k 0 to 7\n",
                    inputs = "rows 0 to 5, columns 0 to 6, k 0 to 7\n";
  for (const Case& c :
       {Case{"weight_stationary", "exposed", weights, 9}, Case{"weight_stationary", "hidden", weights, 9},
        Case{"input_stationary", "exposed", inputs, 7}, Case{"input_stationary", "hidden", inputs, 7}}) {
    SCOPED_TRACE(c.dataflow + ' ' + c.preload);
    const bool holds_weights = c.dataflow == "weight_stationary";
    const ProgramRun run = sim({{"dataflow", c.dataflow}, {"preload", c.preload}}, int32, "--vcd " + vcd);
    ASSERT_EQ(run.exit_code, 0) << run.err << run.out;
    EXPECT_THAT(run.out, HasSubstr(c.tile));
    const Vcd wires = waveform();
    std::vector<Vcd::Values> edges = edges_of_tile(wires);
    EXPECT_EQ(edges.size(), 2 * rows + columns + c.words - 2);
    edges.push_back(wires.last);
    for (std::int64_t j = 0; j < columns; ++j) {
      std::int64_t word = 0;
      for (std::size_t e = 0; e + 1 < edges.size(); ++e) {
        if (edges[e].at(pe(rows - 1, j, "leaves")) == 0) continue;
        EXPECT_EQ(edges[e + 1].at(pe(rows - 1, j, "sum")),
                  holds_weights ? recorded(word, j) : recorded(j, word))
            << word << ' ' << j;
        ++word;
      }
      EXPECT_EQ(word, c.words);
    }
  }
}

/// Nothing else changes: neither figures nor the file of another run.
TEST_F(Waveform, IsFreeWhereNotAskedFor) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  write_trace(int4_fp4, 20);
  const auto result = [&] {
    Json json = Json::parse(base::read_whole_file(folder / "out" / "luq_32x32.json"));
    json.erase("provenance");
    return json;
  };
  ASSERT_EQ(sim(serial, int32, "").exit_code, 0);
  const Json without = result();
  EXPECT_FALSE(std::filesystem::exists(vcd));
  ASSERT_EQ(sim(serial, int32, "--vcd " + vcd).exit_code, 0);
  const std::string first = base::read_whole_file(vcd);
  EXPECT_EQ(result(), without);
  EXPECT_THAT(first, StartsWith("$comment quatrain waveform: luq_32x32, layer layer, step 0, "));
  ASSERT_EQ(sim(serial, int32, "--fidelity tile --vcd " + vcd).exit_code, 0);
  EXPECT_EQ(base::read_whole_file(vcd), first) << "no date, and the same PEs at every fidelity";
  more = {{"dram", {{"stalls", true}, {"latency_ns", 70}, {"burst_bytes", 32}}},
          {"mapping", {{"search", "dram_bytes"}}}};
  ASSERT_EQ(sim(serial, int32, "--vcd " + vcd).exit_code, 0);
  EXPECT_EQ(base::read_whole_file(vcd), first) << "an array that waits computes a tile as any other";
}

TEST_F(Waveform, RefusalsNameTheOption) {
  write_trace(int4_int4, 5);
  const std::string none =
      "--vcd: needs one design and one trace, replayed; expected --trace DIRECTORY without --fidelity "
      "analytic";
  expect_refused(sim(serial, int32, "--fidelity analytic --vcd " + vcd), none);
  expect_refused(run_program(QUATRAIN_PROGRAM, "sim luq_32x32 lenet5 --vcd " + vcd, folder), none);
  EXPECT_FALSE(std::filesystem::exists(vcd));
  const std::string on_trace = "--trace " + trace + " --vcd " + vcd;
  if (!QUATRAIN_HAS_SYSTEMC) {
    EXPECT_THAT(sim(serial, int32, "--vcd " + vcd).err,
                StartsWith("error: no replay: built without SystemC"));
    return;
  }
  expect_refused(
      run_program(QUATRAIN_PROGRAM, "sim bf16_32x32 " + on_trace, folder),
      "bf16_32x32: --vcd: the pe 'bf16' takes no codes, which a waveform shows; expected a pe of codes");
  expect_refused(sim(serial, int32, "--set array.drain=serial,shadow --vcd " + vcd), none);
  expect_refused(sim(serial, int32, "--set array.rows=1024 --vcd " + vcd),
                 "luq_32x32.rows-1024: --vcd: an array of 1024 x 6; expected at most 4096 PEs, as with --set "
                 "array.rows=8 --set array.columns=8");
  expect_refused(sim(serial, int32, "--vcd " + trace + "/tile.vcd"),
                 trace + "/tile.vcd: lies in the trace " + trace + "; expected a place outside of it");
  base::write_whole_file(vcd, "$date of another program $end\n$version 1 $end\n");
  expect_refused(
      sim(serial, int32, "--vcd " + vcd),
      vcd + ": exists and is not an older result of this kind; expected another name, so that it stays");
  base::write_whole_file(folder / "file", "");
  const ProgramRun unwritable = sim(serial, int32, "--vcd " + (folder / "file" / "tile.vcd").string());
  expect_refused(unwritable,
                 (folder / "file" / "tile.vcd").string() + ": cannot be opened for writing: Not a directory");
}

/// 4096 PEs write too much in 1954 cycles.
TEST_F(Waveform, ALongTileIsRefused) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "nothing is replayed without SystemC";
  write_trace(int4_int4, 1954);
  const ProgramRun run = run_program(
      QUATRAIN_PROGRAM,
      "sim luq_32x32 --set array.rows=64 --set array.columns=64 --trace " + trace + " --vcd " + vcd, folder);
  expect_refused(run,
                 "luq_32x32.rows-64.columns-64: --vcd: layer layer, step 0, forward: the tile takes "
                 "1954 cycles on 4096 "
                 "PEs; expected at most 1953, as with --set array.rows=8 --set array.columns=8");
  EXPECT_FALSE(std::filesystem::exists(vcd));
}

}  // namespace
}  // namespace quatrain::tests
