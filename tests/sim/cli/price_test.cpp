/// quatrain price: the energies of a stored simulation with other tables are those of a fresh run.
#include "tests/support/program.hpp"
#include "traces/format/checksum.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>

namespace quatrain::tests {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using testing::HasSubstr;

class Price : public testing::Test {
 protected:
  void SetUp() override {
    Json table = read(QUATRAIN_SOURCE_DIR "/configs/technology/16nm.json");
    table["name"] = "foundry";
    table["rows"]["flipflop_bit_clock"]["value"] = 0.0023;
    write("foundry.json", table);
    fs::copy(QUATRAIN_SOURCE_DIR "/tests/data/outside_trace", folder / "trace");
    write("old.json", design({"7nm", "45nm"}));
    write("new.json", design({"foundry.json", "28nm", "7nm"}));
  }
  /// Buffers between the sizes of a table and beyond them, lanes, stalls.
  static Json design(const std::vector<std::string>& tables) {
    Json config = read(QUATRAIN_SOURCE_DIR "/configs/accelerators/luq_32x32.json");
    config["name"] = "mine";
    config["array"]["rows"] = 12, config["array"]["columns"] = 20;
    config["buffers"] = {{"operand_kib", 33}, {"accumulator_kib", 700}};
    config["quantizers"] = {{"lanes", 4}};
    config["technology"] = tables;
    return config;
  }
  static Json read(const fs::path& file) { return Json::parse(base::read_whole_file(file)); }
  void write(const std::string& name, const Json& json) const {
    base::write_whole_file(folder / name, json.dump(1));
  }
  ProgramRun run(const std::string& arguments) const {
    return run_program("cd " + folder.path().string() + " && " QUATRAIN_PROGRAM, arguments, folder);
  }
  ProgramRun simulated(const std::string& config, const std::string& out) const {
    ProgramRun made = run(fmt::format("sim {} --cycles-only --trace trace --out {}", config, out));
    EXPECT_EQ(made.exit_code, 0) << made.err;
    return made;
  }
  void expect_refused(const ProgramRun& made, const std::string& message) const {
    EXPECT_EQ(made.exit_code, 2);
    EXPECT_EQ(made.out, "");
    EXPECT_EQ(made.err, "error: " + message + "\n");
  }

  Folder folder;
};

TEST_F(Price, IsToTheLastDigitThatOfAFreshRunAndReadsNoTrace) {
  simulated("old.json", "old");
  const ProgramRun fresh = simulated("new.json", "fresh");
  fs::remove_all(folder / "trace");
  const ProgramRun priced = run("price old/mine.json --technology foundry.json 28nm 7nm --out priced");
  ASSERT_EQ(priced.exit_code, 0) << priced.err;
  Json expected = read(folder / "fresh/mine.json"), found = read(folder / "priced/mine.json");
  EXPECT_EQ(found["provenance"]["inputs"].size(), 4U);
  EXPECT_EQ(found["provenance"]["inputs"][0]["sha256"], traces::sha256_of_file(folder / "old/mine.json"));
  EXPECT_EQ(found["provenance"]["inputs"][1]["sha256"], traces::sha256_of_file(folder / "foundry.json"));
  EXPECT_THAT(found["provenance"]["command"].get<std::string>(), HasSubstr(" price old/mine.json "));
  expected.erase("provenance"), found.erase("provenance");
  EXPECT_EQ(found.dump(), expected.dump());
  EXPECT_NE(found.dump(), [&] {
    Json old = read(folder / "old/mine.json");
    old.erase("provenance");
    return old.dump();
  }()) << "the tables differ, so do the energies";
  EXPECT_EQ(base::read_whole_file(folder / "priced/mine.csv"),
            base::read_whole_file(folder / "fresh/mine.csv"));
  EXPECT_EQ(priced.out.substr(0, priced.out.rfind("priced/")),
            fresh.out.substr(0, fresh.out.rfind("fresh/")));
}

TEST_F(Price, WithoutAFolderTheTableIsAll) {
  simulated("old.json", "old");
  const std::string before = base::read_whole_file(folder / "old/mine.json");
  const ProgramRun priced = run("price old/mine.json --technology 28nm");
  EXPECT_EQ(priced.exit_code, 0) << priced.err;
  EXPECT_THAT(priced.out, HasSubstr("\nuJ at 28nm "));
  EXPECT_EQ(base::read_whole_file(folder / "old/mine.json"), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / "old"), fs::directory_iterator()), 2);
}

TEST_F(Price, RefusesWhatItCannotPrice) {
  simulated("old.json", "old");
  expect_refused(run("price old/mine.json --technology 7nm 45nm --out old"),
                 "old/mine.json: is the result that is priced; expected another folder");
  expect_refused(run("price old/mine.json --technology foundry.json ./foundry.json"),
                 "two technology tables have the name 'foundry'; expected different names");
  Json table = read(folder / "foundry.json");
  table["rows"].erase("fp32_mul");
  write("short.json", table);
  const ProgramRun lacking = run("price old/mine.json --technology short.json");
  EXPECT_EQ(lacking.exit_code, 2);
  EXPECT_THAT(lacking.err, HasSubstr("short.json: /rows: the key 'fp32_mul' is missing"));
  Json result = read(folder / "old/mine.json");
  result["records"][3]["events"]["dram"]["dram_hbm9"] = 1;
  write("old/mine.json", result);
  expect_refused(run("price old/mine.json --technology 7nm"),
                 "old/mine.json: /records/3/events/dram/dram_hbm9: expected the name of a constant");
  EXPECT_EQ(run("price foundry.json --technology 7nm").exit_code, 2);
  EXPECT_EQ(run("price old/mine.json").exit_code, 2);
}

}  // namespace
}  // namespace quatrain::tests
