/// Many designs at once, typed as a user types it: `quatrain sim` with several names, and `quatrain sweep`.
#include "tests/sim/cli/many_designs.hpp"
#include "tests/sim/report/page_reader.hpp"
#include "tests/support/signalled_program.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <iterator>
#include <set>

namespace quatrain::tests {
namespace {

/// Every figure of a row is that of the design's own result.
void expect_figures_of(const Json& result, const Row& row) {
  const auto number = [](const Json& value) { return value.get<double>(); };
  EXPECT_EQ(std::stod(row.at("cycles")), number(result["cycles"]));
  EXPECT_EQ(std::stod(row.at("macs")), number(result["macs"]));
  EXPECT_EQ(std::stod(row.at("milliseconds")), number(result["milliseconds"]));
  for (const auto& [name, value] : result["bytes"].items())
    EXPECT_EQ(std::stod(row.at("bytes_" + name)), number(value));
  for (const auto& [name, value] : result["utilization"].items())
    EXPECT_EQ(std::stod(row.at("utilization_" + name)), number(value));
  const Json& config = result["config"];
  EXPECT_EQ(std::stod(row.at("pes")), number(config["array"]["rows"]) * number(config["array"]["columns"]));
  EXPECT_DOUBLE_EQ(1e9 * std::stod(row.at("peak_gmacs_per_s")),
                   std::stod(row.at("pes")) * 1e6 * number(config["clock_mhz"]));
  EXPECT_EQ(std::stod(row.at("gib_per_s")), number(config["dram"]["gib_per_s"]));
  EXPECT_EQ(std::stod(row.at("buffer_kib")),
            number(config["buffers"]["operand_kib"]) + number(config["buffers"]["accumulator_kib"]));
  for (const auto& [name, technology] : result["technologies"].items())
    for (const std::string bound : {"low", "nominal", "high"}) {
      EXPECT_EQ(std::stod(row.at("area_mm2_" + name + "_" + bound)), number(technology["area_mm2"][bound]));
      EXPECT_EQ(std::stod(row.at("energy_pj_" + name + "_" + bound)),
                number(technology["energy_pj_" + bound]));
      std::map<std::string, double> sums;
      for (const auto& line : technology["components"])
        sums[line["component"]] += line["energy_pj"][bound].get<double>();
      for (const auto& [component, sum] : sums)
        EXPECT_DOUBLE_EQ(std::stod(row.at("energy_pj_" + name + "_" + component + "_" + bound)), sum)
            << component;
    }
}

TEST_F(ManyDesigns, EachRunsEachWorkload) {
  const ProgramRun done = run("sim luq_32x32 bf16_32x32 a.csv b.csv --set array.rows=16,32 --out o");
  ASSERT_EQ(done.exit_code, 0) << done.err;
  const std::vector<Row> rows = rows_of(folder / "o/comparison.csv");
  ASSERT_EQ(rows.size(), 8U);
  std::size_t i = 0;
  for (const std::string design : {"luq_32x32", "bf16_32x32"})
    for (const std::string size : {"16", "32"})
      for (const std::string workload : {"a", "b"}) {
        const Row& row = rows[i++];
        const std::string name = design + ".rows-" + size;
        EXPECT_EQ(row.at("design"), name);
        EXPECT_EQ(row.at("workload"), workload);
        EXPECT_EQ(row.at("array.rows"), size);
        const Json result = Json::parse(text("o/" + name + "." + workload + ".json"));
        EXPECT_EQ(result["config"]["array"]["rows"], std::stoi(size));
        EXPECT_EQ(result["accelerator"], name);
        expect_figures_of(result, row);
        EXPECT_THAT(done.out, testing::ContainsRegex(
                                  fmt::format("\n{} +{} +1 +{} ", name, workload, row.at("cycles"))));
      }
}

/// The report of such a folder compares its designs: sums over the workloads, the best first. A design that
/// did not run all of them is left out and named.
TEST_F(ManyDesigns, TheReportOfAFolderComparesItsDesigns) {
  ASSERT_EQ(run("sim luq_32x32 bf16_32x32 a.csv b.csv --set array.rows=16,32 --out o").exit_code, 0);
  ASSERT_EQ(run("sim luq_32x32 a.csv --set clock_mhz=7 --out o").exit_code, 0);
  std::map<double, std::string> by_product;
  const std::vector<Row> rows = rows_of(folder / "o/comparison.csv");
  for (std::size_t i = 0; i < rows.size(); i += 2) {
    const auto sum = [&](const std::string& column) {
      return std::stod(rows[i].at(column)) + std::stod(rows[i + 1].at(column));
    };
    by_product[1e-6 * sum("milliseconds") * sum("energy_pj_7nm_nominal")] = rows[i].at("design");
  }
  ASSERT_EQ(by_product.size(), 4U);
  const ProgramRun done = run("report o");
  ASSERT_EQ(done.exit_code, 0) << done.err;
  EXPECT_THAT(done.out, testing::EndsWith("\no/report.json\no/report.html\no/study.html\n"));
  const ShownPage page = read_page(text("o/study.html"));
  const auto best = by_product.begin(), next = std::next(best);
  EXPECT_THAT(page.cards[0].detail, testing::StartsWith(best->second + "; "));
  const std::string& detail = page.cards[0].detail;
  EXPECT_THAT(detail, testing::HasSubstr(" times less than the next, " + next->second));
  const std::size_t begin = detail.find("; ") + 2;
  EXPECT_TRUE(shows(detail.substr(begin, detail.find(" times") - begin), next->first / best->first))
      << detail;
  const ShownTable& table = page.table("The best by energy x delay");
  EXPECT_THAT(table.columns, testing::Contains("array.rows"));
  EXPECT_THAT(table.columns, testing::Contains("pe"));
  EXPECT_THAT(table.columns, testing::Not(testing::Contains("clock_mhz")));
  ASSERT_EQ(table.rows.size(), 4U);
  std::size_t place = 0;
  for (const auto& [product, name] : by_product) {
    EXPECT_EQ(table.rows[place].back(), name);
    EXPECT_TRUE(shows(table.at({fmt::format("{}", ++place)}, "energy x delay, uJ x ms"), product));
  }
  for (const std::string& command : page.commands) {
    const ProgramRun pasted = run(command.substr(std::string("quatrain ").size()));
    EXPECT_EQ(pasted.exit_code, 0) << command << "\n" << pasted.err;
  }
  for (const std::string file : {"luq_32x32.rows-16.b.json", "luq_32x32.clock_mhz-7.a.json"})
    EXPECT_EQ(Json::parse(text("o-again/" + file))["cycles"], Json::parse(text("o/" + file))["cycles"]);
  EXPECT_THAT(
      page.limits,
      testing::Contains("luq_32x32.clock_mhz-7 ran 1 of 2 workloads: it is left out of the comparison."));
}

/// The same values twice, and two files that name their design alike: nothing is replaced.
TEST_F(ManyDesigns, NamesNeverCollide) {
  auto design =
      Json::parse(base::read_whole_file(QUATRAIN_SOURCE_DIR "/configs/accelerators/luq_32x32.json"));
  design["clock_mhz"] = 123;
  write("mine.json", design.dump());
  ASSERT_EQ(run("sim luq_32x32 mine.json a.csv --out o").exit_code, 0);
  EXPECT_EQ(Json::parse(text("o/luq_32x32.a.json"))["config"]["clock_mhz"], 1000);
  EXPECT_EQ(Json::parse(text("o/luq_32x32-2.a.json"))["config"]["clock_mhz"], 123);
  expect_refused("sim luq_32x32 a.csv --set array.rows=8 --set array.rows=16",
                 "--set array.rows: typed twice; expected all values in one list: array.rows=A,B");
  EXPECT_THAT(run("sim luq_32x32 a.csv --set array.row=8").err, testing::HasSubstr("with --set array.row=8"));
}

TEST_F(ManyDesigns, ASweepIsTheSameDesignsOneByOne) {
  write_study();
  const ProgramRun done = run("sweep study.json --out s");
  ASSERT_EQ(done.exit_code, 0) << done.err;
  EXPECT_THAT(done.out, testing::StartsWith("sizes: 12 designs, 12 simulated now, 0 refused\n"));
  const std::vector<Row> rows = rows_of(folder / "s/designs.csv"), layers = rows_of(folder / "s/layers.csv");
  ASSERT_EQ(rows.size(), 24U);
  EXPECT_EQ(layers.size(), 12U * (6 + 1));
  std::size_t i = 0;
  double best = 1e300;
  std::string best_name;
  for (const std::string size : {"8", "16", "32"})
    for (const std::string drain : {"serial", "shadow"})
      for (const std::string clock : {"500", "1000"}) {
        const std::string set = fmt::format(
            " --set array.rows={} --set array.drain={} --set clock_mhz={} --out one", size, drain, clock);
        std::filesystem::remove_all(folder / "one");
        ASSERT_EQ(run("sim luq_32x32 a.csv --phases training" + set).exit_code, 0);
        ASSERT_EQ(run("sim luq_32x32 b.csv --batch 3" + set).exit_code, 0);
        const std::string name = fmt::format("luq_32x32.rows-{}.drain-{}.clock_mhz-{}", size, drain, clock);
        const Json a = Json::parse(text("one/" + name + ".a.json")),
                   b = Json::parse(text("one/" + name + ".b.json"));
        EXPECT_EQ(rows[i].at("design"), name);
        EXPECT_EQ(rows[i].at("array.drain"), drain);
        expect_figures_of(a, rows[i++]);
        EXPECT_EQ(rows[i].at("batch"), "3");
        expect_figures_of(b, rows[i++]);
        const auto weighted = [&](const auto& of) { return 2 * of(a) + of(b); };
        const double product = weighted([](const Json& j) { return j["milliseconds"].get<double>(); }) *
                               weighted([](const Json& j) {
                                 return j["technologies"].begin().value()["energy_pj_nominal"].get<double>();
                               });
        if (product < best) best = product, best_name = name;
      }
  EXPECT_THAT(done.out, testing::ContainsRegex("buffer KiB\n" + best_name + " "));
  std::uint64_t cycles = 0;
  for (const Row& row : layers)
    if (row.at("design") == rows[0].at("design") && row.at("workload") == "a")
      cycles += std::stoull(row.at("cycles"));
  EXPECT_EQ(std::to_string(cycles), rows[0].at("cycles"));
}

/// Killed again and again, with half a line at the end of its journal: the tables are the same bytes, and
/// what was there is not simulated again.
TEST_F(ManyDesigns, AKilledSweepGoesOn) {
  Json rows = Json::array();
  for (int i = 1; i <= 400; ++i) rows.push_back(i);
  write_study({{"vary", {{"array.rows", rows}, {"array.drain", nullptr}, {"clock_mhz", nullptr}}}});
  ASSERT_EQ(run("sweep study.json --out whole").exit_code, 0);
  const auto whole = std::filesystem::file_size(folder / "whole/journal.jsonl");
  for (unsigned kill = 1; kill <= 4; ++kill) {
    SignalledProgram sweep(QUATRAIN_PROGRAM, "sweep study.json --out killed --resume --threads 1", folder);
    sweep.wait_until([&] {
      std::error_code not_there;
      const auto size = std::filesystem::file_size(folder / "killed/journal.jsonl", not_there);
      return !not_there && size >= kill * whole / 8;
    });
    ASSERT_EQ(sweep.end(SIGKILL).exit_code, 137);
  }
  std::ofstream(folder / "killed/journal.jsonl", std::ios::app) << R"({"point": 399, "refu)";
  const ProgramRun done = run("sweep study.json --out killed --resume");
  ASSERT_EQ(done.exit_code, 0) << done.err;
  EXPECT_TRUE(text("killed/designs.csv") == text("whole/designs.csv"));
  EXPECT_TRUE(text("killed/layers.csv") == text("whole/layers.csv"));
  EXPECT_THAT(run("sweep study.json --out killed --resume").out,
              testing::StartsWith("sizes: 400 designs, 0 simulated now, 0 refused\n"));
  expect_refused("sweep study.json --out killed",
                 "killed: holds a sweep already; expected --resume to go on with it, or another --out");
  write("b.csv", "layer,m,n,k\nonly,33,65,18\n");
  expect_refused(
      "sweep study.json --out killed --resume",
      "killed/journal.jsonl: is of another study, or its design or workloads have changed; expected "
      "another --out");
}

TEST_F(ManyDesigns, ShardsTogetherAreTheWhole) {
  write_study();
  ASSERT_EQ(run("sweep study.json --out whole").exit_code, 0);
  EXPECT_EQ(run("sweep study.json --out parts --shard 2/3").out,
            "sizes: 4 designs of part 2/3 are done; the others of 12 are missing\n");
  EXPECT_FALSE(std::filesystem::exists(folder / "parts/designs.csv"));
  ASSERT_EQ(run("sweep study.json --out parts --shard 3/3").exit_code, 0);
  EXPECT_THAT(run("sweep study.json --out parts --shard 1/3").out,
              testing::StartsWith("sizes: 12 designs, 4 simulated now, "));
  EXPECT_TRUE(text("parts/designs.csv") == text("whole/designs.csv"));
  expect_refused("sweep study.json --out x --shard 4/3",
                 "--shard: found '4/3'; expected PART/PARTS, as in 3/16");
}

#if QUATRAIN_HAS_MPI
/// Two processes of one mpirun give the same bytes and the same words, rounds included.
TEST_F(ManyDesigns, RanksTogetherAreTheWhole) {
  if (std::system("command -v mpirun >/dev/null") != 0) GTEST_SKIP() << "no mpirun (openmpi-bin)";
  const std::string mpirun =
      "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe -n ";
  write_study({{"search", {{"kind", "narrowing"}, {"designs", 5}, {"rounds", 3}, {"keep", 2}}}});
  const ProgramRun whole = run("sweep study.json --out whole"),
                   ranks = run("sweep study.json --out ranks", mpirun + "2 ");
  ASSERT_EQ(ranks.exit_code, 0) << ranks.err;
  const auto without_folder = [](std::string text, const std::string& out) {
    for (std::size_t at; (at = text.find(out + "/")) != std::string::npos;) text.erase(at, out.size());
    return text;
  };
  EXPECT_EQ(without_folder(ranks.out, "ranks"), without_folder(whole.out, "whole"));
  for (const char* table : {"/designs.csv", "/layers.csv", "/base.csv", "/base_layers.csv"})
    EXPECT_EQ(text(std::string("ranks") + table), text(std::string("whole") + table));
  // a rank that is killed ends the mpirun, which says so; what is in the journal stays
  Json rows = Json::array();
  for (int i = 1; i <= 400; ++i) rows.push_back(i);
  write_study({{"vary", {{"array.rows", rows}, {"array.drain", nullptr}, {"clock_mhz", nullptr}}}});
  ASSERT_EQ(run("sweep study.json --out unkilled").exit_code, 0);
  write("rank.sh",
        "\"$@\" & child=$!\n"
        "while [ \"$OMPI_COMM_WORLD_RANK\" = 1 ] && kill -0 $child 2>/dev/null; do\n"
        "  [ \"$(cat killed/journal.jsonl 2>/dev/null | wc -l)\" -lt 20 ] || kill -KILL $child; sleep 0.01\n"
        "done\n"
        "wait $child\n");
  const ProgramRun killed = run("sweep study.json --out killed", mpirun + "2 sh rank.sh ");
  if (killed.exit_code != 0) {  // else all was done before
    EXPECT_THAT(killed.err + killed.out, testing::ContainsRegex("mpirun (detected|noticed) that "));
  }
  const ProgramRun resumed = run("sweep study.json --out killed --resume");
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(text("killed/designs.csv"), text("unkilled/designs.csv"));
  // what rank 0 refuses ends all ranks, and is said once
  const ProgramRun refused = run("sweep study.json --out killed", mpirun + "2 ");
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.err,
              testing::HasSubstr("error: killed: holds a sweep already; expected --resume to go on "
                                 "with it, or another --out\n"));
}
#else
TEST_F(ManyDesigns, MpirunNeedsBoostMpi) {
  write_study();
  const ProgramRun refused = run("sweep study.json --out s", "OMPI_COMM_WORLD_SIZE=2 ");
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_EQ(refused.err,
            "error: started by mpirun, but this program was built without Boost.MPI (Debian package "
            "libboost-mpi-dev)\n");
}
#endif

TEST_F(ManyDesigns, RandomAndNarrowingTakeSomeOfTheGrid) {
  const Json rows = Json::parse("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]");
  const Json vary = {
      {"array.rows", rows}, {"array.columns", rows}, {"array.drain", nullptr}, {"clock_mhz", nullptr}};
  write_study({{"vary", vary}, {"objective", "time"}});
  const ProgramRun grid_run = run("sweep study.json --out grid");
  ASSERT_EQ(grid_run.exit_code, 0) << grid_run.err;
  const std::vector<Row> grid = rows_of(folder / "grid/designs.csv");
  const auto names = [](const std::vector<Row>& of) {
    std::set<std::string> found;
    for (const Row& row : of) found.insert(row.at("design"));
    return found;
  };
  const auto best = [](const std::string& out) {  // the line below the headings
    const std::size_t begin = out.find("buffer KiB\n") + 11;
    return out.substr(begin, out.find('\n', begin) - begin);
  };
  EXPECT_EQ(names(grid).size(), 256U);
  write_study({{"vary", vary}, {"search", {{"kind", "random"}, {"designs", 20}, {"seed", 3}}}});
  ASSERT_EQ(run("sweep study.json --out random").exit_code, 0);
  const std::set<std::string> random = names(rows_of(folder / "random/designs.csv"));
  EXPECT_EQ(random.size(), 20U);
  EXPECT_THAT(names(grid), testing::IsSupersetOf(random));
  write_study({{"vary", vary},
               {"search", {{"kind", "narrowing"}, {"designs", 20}, {"rounds", 40}, {"keep", 3}}},
               {"objective", "time"}});
  const ProgramRun narrowing = run("sweep study.json --out narrowing");
  ASSERT_EQ(narrowing.exit_code, 0) << narrowing.err;
  EXPECT_EQ(best(narrowing.out), best(grid_run.out));
  EXPECT_LT(rows_of(folder / "narrowing/designs.csv").size(), grid.size() / 2);
}

/// A combination that no design can have is a row that says why; constraints leave designs out of the best.
TEST_F(ManyDesigns, RefusedDesignsAndConstraints) {
  write_study(
      {{"vary", {{"array.drain", nullptr}, {"array.rows", {8, 0}}, {"buffers.operand_kib", {64, 128}}}},
       {"constraints", {{"buffer_kib", 128}}}});
  const ProgramRun done = run("sweep study.json --out s");
  ASSERT_EQ(done.exit_code, 0) << done.err;
  EXPECT_THAT(done.out, testing::StartsWith("sizes: 8 designs, 8 simulated now, 4 refused\n"));
  EXPECT_THAT(done.out, testing::HasSubstr("the best 2 of 2 by energy_delay, "));
  const std::vector<Row> rows = rows_of(folder / "s/designs.csv");
  std::size_t refused = 0;
  for (const Row& row : rows) {
    if (row.at("array.rows") != "0") {
      EXPECT_EQ(row.at("refused"), "");
      continue;
    }
    ++refused;
    EXPECT_THAT(row.at("refused"), testing::HasSubstr("/array/rows: found 0; expected "));
    EXPECT_EQ(row.at("cycles"), "");
  }
  EXPECT_EQ(refused, 8U);
}

/// The smallest first; a limit between two sizes parts them.
TEST_F(ManyDesigns, AreaIsAnObjectiveAndAConstraint) {
  const Json vary = {{"array.rows", {32, 8, 16}},
                     {"array.drain", nullptr},
                     {"clock_mhz", nullptr},
                     {"pe", {"int8", "int4"}}};
  write_study({{"vary", vary}, {"objective", "area"}});
  const ProgramRun all = run("sweep study.json --out all");
  ASSERT_EQ(all.exit_code, 0) << all.err;
  std::map<double, std::string> by_area;
  for (const Row& row : rows_of(folder / "all/designs.csv"))
    by_area[std::stod(row.at("area_mm2_7nm_nominal"))] = row.at("design");
  ASSERT_EQ(by_area.size(), 6U);
  std::string order = "buffer KiB\n";
  for (const auto& [area, name] : by_area) order += name + fmt::format(" .* {:.4f} +128\n", area);
  EXPECT_THAT(all.out, testing::ContainsRegex(order));
  const auto third = std::next(by_area.begin(), 2);
  write_study({{"vary", vary},
               {"objective", "time"},
               {"constraints", {{"area_mm2", (third->first + std::next(third)->first) / 2}}}});
  const ProgramRun some = run("sweep study.json --out some");
  EXPECT_THAT(some.out, testing::HasSubstr("the best 3 of 3 by time, "));
  for (const auto& [area, name] : by_area)
    EXPECT_EQ(some.out.find("\n" + name + " ") != std::string::npos, area <= third->first) << name;
}

TEST_F(ManyDesigns, BadStudiesAreNamed) {
  const auto refusal = [&](const std::string& study) {
    write("bad.json", study);
    return run("sweep bad.json").err;
  };
  EXPECT_EQ(
      refusal(R"({"name": "x", "design": "luq_32x32", "workloads": [{"workload": "b.csv"}], "vary": {}})"),
      "error: bad.json: /vary: is empty; expected keys of the design, each with a list of values\n");
  EXPECT_EQ(refusal(R"({"name": "x", "design": "luq_32x32", "workloads": [{"workload": "b.csv"}],
                        "vary": {"array.rows": [8, 8]}})"),
            "error: bad.json: /vary/array.rows: has 8 twice; expected different values\n");
  EXPECT_THAT(refusal(R"({"name": "x", "design": "luq_32x32", "workloads": [{"workload": "none"}],
                          "vary": {"array.rows": [8]}})"),
              testing::StartsWith("error: none: no workload; expected "));
}

}  // namespace
}  // namespace quatrain::tests
