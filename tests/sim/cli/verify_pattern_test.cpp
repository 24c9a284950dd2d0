/// Pattern and diagnosis of `quatrain verify`, in text and crosscheck.json, against a recount of the edits
/// that made them.
#include "tests/support/edited_trace.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/program.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

namespace quatrain::tests {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string outside_trace = QUATRAIN_SOURCE_DIR "/tests/data/outside_trace";
const std::string record = "1/train/conv_groups/backward_data";

class VerifyPattern : public testing::Test {
 protected:
  void verify(const EditedTrace& edited, const std::string& machines) {
    std::filesystem::remove_all(folder / "trace");
    edited.write(folder / "trace");
    const std::string file = (folder / "crosscheck.json").string();
    const ProgramRun run = run_program(
        QUATRAIN_PROGRAM,
        "verify " + (folder / "trace").string() + " --machines " + machines + " --json " + file, folder);
    EXPECT_EQ(run.exit_code, 1) << run.err;
    out = run.out;
    const std::string text = base::read_whole_file(file);
    EXPECT_EQ(JsonSchema("crosscheck").complaint(text), "");
    found = json::parse(text)["machines"]["emu.blocked"];
  }

  Folder folder;
  std::string out;
  json found;
};

/// The axis that the indices make.
json axis_of(const std::set<std::int64_t>& indices, std::int64_t size) {
  json axis = {
      {"size", size}, {"first", *indices.begin()}, {"last", *indices.rbegin()}, {"different", indices.size()},
      {"period", 0},  {"residues", json::array()}};
  double best = 0.5;
  for (std::int64_t period = 256; period >= 2; period /= 2) {
    std::set<std::int64_t> residues;
    for (const std::int64_t index : indices) residues.insert(index % period);
    const double share = static_cast<double>(residues.size()) / static_cast<double>(period);
    if (2 * period > size || share > best || indices.size() < 2 * residues.size()) continue;
    best = share;
    axis["period"] = period;
    axis["residues"] = residues;
  }
  return axis;
}

TEST_F(VerifyPattern, FiguresAreThoseOfARecount) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    SCOPED_TRACE(seed);
    EditedTrace edited(outside_trace);
    const traces::GemmRecord& gemm = edited.gemm(record);
    const traces::Shape shape = gemm.result_shape;  // dX [B, C, H, W]
    auto& accumulators = edited.int32.at(*gemm.accumulators);
    std::mt19937 random(seed);
    std::set<std::int64_t> groups, rows, columns;
    std::map<std::pair<std::int64_t, std::int64_t>, std::uint64_t> places;
    std::uint64_t too_large = 0, too_small = 0, bits = 0, different = 0;
    std::int64_t smallest = 1 << 30, largest = 0;
    const std::int64_t plane = shape[2] * shape[3];
    for (std::size_t i = 0; i < accumulators.size(); ++i) {
      const auto element = static_cast<std::int64_t>(i);
      const std::int64_t channel = element / plane % shape[1],
                         row = element / plane / shape[1] * plane + element % plane;
      if (row % 8 != 3 || random() % 4 == 0) continue;
      const std::int64_t off = 4 * (static_cast<std::int64_t>(random() % 50) - 25);  // got - expected
      if (off == 0) continue;
      accumulators[i] -= static_cast<std::int32_t>(off);
      ++different;
      (off > 0 ? too_large : too_small) += 1;
      bits |= static_cast<std::uint64_t>(off);
      smallest = std::min(smallest, std::abs(off));
      largest = std::max(largest, std::abs(off));
      groups.insert(channel / gemm.size.n);
      rows.insert(row);
      columns.insert(channel % gemm.size.n);
      ++places[{channel / gemm.size.n * gemm.size.m + row, channel % gemm.size.n}];
    }
    verify(edited, "emu.blocked");

    const json& pattern = found["pattern"]["gemms"];
    EXPECT_EQ(pattern["record"], record);
    EXPECT_EQ(pattern["of"], "accumulators");
    EXPECT_EQ(pattern["elements"], accumulators.size());
    EXPECT_EQ(pattern["different"], different);
    EXPECT_EQ(pattern["groups"], axis_of(groups, gemm.size.groups));
    EXPECT_EQ(pattern["rows"], axis_of(rows, gemm.size.m));
    EXPECT_EQ(pattern["rows"]["period"], 8);
    EXPECT_EQ(pattern["columns"], axis_of(columns, gemm.size.n));
    EXPECT_EQ(pattern["too_large"], too_large);
    EXPECT_EQ(pattern["too_small"], too_small);
    EXPECT_EQ(pattern["smallest"], fmt::format("{}", smallest));
    EXPECT_EQ(pattern["largest"], fmt::format("{}", largest));
    EXPECT_EQ(pattern["multiple_of_two_to"], std::countr_zero(bits));
    EXPECT_TRUE(pattern["factor"].is_null());

    const json& map = pattern["map"];
    const auto rows_a_cell = map["rows_a_cell"].get<std::int64_t>(),
               columns_a_cell = map["columns_a_cell"].get<std::int64_t>();
    const auto map_columns = map["columns"].get<std::int64_t>();
    EXPECT_EQ(rows_a_cell, (gemm.size.m * gemm.size.groups + 31) / 32);
    EXPECT_EQ(columns_a_cell, (gemm.size.n + 31) / 32);
    std::vector<std::uint64_t> counts(map["counts"].size());
    for (const auto& [place, count] : places)
      counts.at(static_cast<std::size_t>(place.first / rows_a_cell * map_columns +
                                         place.second / columns_a_cell)) += count;
    EXPECT_EQ(map["counts"], json(counts));

    std::string text;
    for (const json& sentence : pattern["text"])
      text += (text.empty() ? "" : "; ") + sentence.get<std::string>();
    EXPECT_THAT(text, HasSubstr(fmt::format("{} of {} accumulators differ", different, accumulators.size())));
    EXPECT_THAT(text, HasSubstr(fmt::format("{} too large, {} too small, by {} to {}", too_large, too_small,
                                            smallest, largest)));
    EXPECT_THAT(text, HasSubstr("row % 8 is 3"));
    EXPECT_THAT(out, HasSubstr("\nemu.blocked pattern of " + record + ": " + text + "\n"));
    EXPECT_TRUE(found["pattern"]["quantizers"].is_null());

    const std::string evidence = fmt::format(
        "all {} different elements of the machine follow from the operands, and the trace has others",
        different);
    EXPECT_EQ(found["diagnosis"]["gemms"], (json{{"cause", "trace_alone"},
                                                 {"evidence", evidence},
                                                 {"records", 1},
                                                 {"explained", 1},
                                                 {"also", json::array()}}));
    EXPECT_THAT(out, HasSubstr("\nemu.blocked diagnosis of gemms: trace_alone: " + evidence + "\n"));
  }
}

TEST_F(VerifyPattern, TheTraceIsTheOddOne) {
  EditedTrace edited(outside_trace);
  edited.int32.at(*edited.gemm(record).accumulators)[777] += 2;
  edited.codes.at(edited.quantizer("0/train/linear_smp/gradient/2").codes)[3] ^= 0x10;
  verify(edited, "emu");
  EXPECT_EQ(found["diagnosis"]["quantizers"]["evidence"],
            "in 1 record all 2 machines that support it agree with each other and not with the trace");
  EXPECT_EQ(found["diagnosis"]["gemms"]["evidence"],  // the altered code is an operand too
            "in 2 records all 2 machines that support them agree with each other and not with the trace");
  for (const char* of : {"gemms", "quantizers"}) {
    EXPECT_EQ(found["diagnosis"][of]["cause"], "trace_alone");
    EXPECT_THAT(out, HasSubstr(fmt::format("\nemu.blocked diagnosis of {}: trace_alone: in ", of)));
  }
  EXPECT_EQ(found["pattern"]["quantizers"]["columns"]["first"], 7);
  EXPECT_EQ(found["pattern"]["quantizers"]["of"], "codes");
}

TEST_F(VerifyPattern, EqualMachinesHaveNone) {
  const std::string file = (folder / "crosscheck.json").string();
  const ProgramRun run =
      run_program(QUATRAIN_PROGRAM, "verify " + outside_trace + " --machines emu --json " + file, folder);
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, testing::Not(HasSubstr("pattern of")));
  EXPECT_THAT(run.out, testing::Not(HasSubstr("diagnosis of")));
  for (const auto& [name, machine] : json::parse(base::read_whole_file(file))["machines"].items())
    for (const char* key : {"pattern", "diagnosis"})
      EXPECT_EQ(machine[key], (json{{"gemms", nullptr}, {"quantizers", nullptr}})) << name;
}

}  // namespace
}  // namespace quatrain::tests
