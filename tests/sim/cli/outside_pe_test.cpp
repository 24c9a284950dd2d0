/// A PE of somebody else (examples/pe_booth4, docs/guides/pe.md) in a program that was built with it.
#include "tests/support/program.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace quatrain::tests {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

const std::string outside_trace = QUATRAIN_SOURCE_DIR "/tests/data/outside_trace";

class OutsidePe : public testing::Test {
 protected:
  static Json read(const std::filesystem::path& file) { return Json::parse(base::read_whole_file(file)); }
  void SetUp() override {
    Json design = read(QUATRAIN_SOURCE_DIR "/configs/accelerators/luq_32x32.json");
    design["name"] = "mine", design["pe"] = "booth4", design["technology"] = {"mine_7nm.json"};
    std::ofstream(folder / "mine.json") << design;
  }
  /// The 7 nm table; with the row that the PE is priced by.
  void write_table(bool with_row) const {
    Json table = read(QUATRAIN_SOURCE_DIR "/configs/technology/7nm.json");
    table["name"] = "mine_7nm";
    if (with_row) {
      table["rows"]["pe_booth4_int32"] = table["rows"]["pe_dual_int32"];
      table["rows"]["pe_booth4_int32"]["value"] = 0.05;
    }
    std::ofstream(folder / "mine_7nm.json") << table;
  }
  ProgramRun sim(const char* program) const {
    return run_program(program,
                       fmt::format("sim {} --trace {} --out {}", (folder / "mine.json").string(),
                                   outside_trace, (folder / "out").string()),
                       folder);
  }
  Folder folder;
};

TEST_F(OutsidePe, IsReplayedAndPricedByItsOwnRow) {
  write_table(true);
  const ProgramRun run = sim(QUATRAIN_WITH_BOOTH4);
  ASSERT_EQ(run.exit_code, 0) << run.err << run.out;
  EXPECT_THAT(run.out, HasSubstr("mine: 32 x 32 booth4 PEs, "));
  EXPECT_THAT(run.out, HasSubstr(" of 45 of 45 GEMMs equal the trace; cycles equal the closed form; "));
  const Json json = read(folder / "out/mine.json");
  const Json& pe = json["technologies"]["mine_7nm"]["components"][0];
  EXPECT_EQ(pe["constant"], "pe_booth4_int32");
  EXPECT_EQ(pe["events"], json["macs"]);
  EXPECT_DOUBLE_EQ(pe["energy_pj"]["nominal"], 0.05 * json["macs"].get<double>());
}

TEST_F(OutsidePe, ATableWithoutItsRowIsRefusedBeforeTheReplay) {
  write_table(false);
  const ProgramRun run = sim(QUATRAIN_WITH_BOOTH4);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(
      run.err,
      fmt::format("error: {}: /rows: the key 'pe_booth4_int32' is missing; expected the energy of every "
                  "event of the design\n",
                  (folder / "mine_7nm.json").string()));
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
}

/// The program without it does not know the word, and is at ease with the row.
TEST_F(OutsidePe, IsUnknownElsewhere) {
  write_table(true);
  const ProgramRun run = sim(QUATRAIN_PROGRAM);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err,
            fmt::format("error: {}: /pe: found 'booth4'; expected 'dual_int4_fp4', 'int4', 'fp7', 'int8', "
                        "'bf16', 'fp8_e4m3' or 'fp8_e5m2'\n",
                        (folder / "mine.json").string()));
  Json design = read(folder / "mine.json");
  design["pe"] = "dual_int4_fp4";
  std::ofstream(folder / "mine.json") << design;
  EXPECT_EQ(sim(QUATRAIN_PROGRAM).exit_code, 0);
}

}  // namespace
}  // namespace quatrain::tests
