#include "sim/report/model.hpp"

#include "tests/sim/report/synthetic_run.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/message_of.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>

namespace quatrain::sim::report {
namespace {

using tests::Folder;
using tests::message_of;
using tests::replace_in_file;

Report read(const std::filesystem::path& directory) { return read_report(directory); }

std::vector<std::string> missing_parts(const Report& report) {
  std::vector<std::string> parts;
  for (const Missing& missing : report.missing) parts.push_back(missing.part);
  return parts;
}

TEST(ReportModel, DemoHasEveryPart) {
  const Folder folder;
  tests::write_demo(folder / "demo-001");
  const Report report = read(folder / "demo-001/");
  EXPECT_EQ(report.kind, "demo");
  EXPECT_EQ(report.subject, "demo-001");
  EXPECT_THAT(missing_parts(report), testing::IsEmpty());
  ASSERT_EQ(report.training.size(), 3U);
  EXPECT_EQ(report.training[0].recipe, "fp32");
  EXPECT_EQ(report.training[1].recipe, "luq");
  EXPECT_EQ(report.training[2].recipe, "nearest");
  EXPECT_EQ(report.training[2].step_losses, (std::vector<float>{2.25F, 1.75F, 1.5F}));
  EXPECT_EQ(report.crosscheck->machines.size(), 4U);
  ASSERT_EQ(report.designs.size(), 2U);
  EXPECT_EQ(report.designs[0].label, "luq_32x32") << "what was replayed goes first";
  EXPECT_FALSE(report.gradients->gradients.empty());
  ASSERT_EQ(report.stages.size(), 2U);
  const std::string demo = (folder / "demo-001").string(), again = demo + "-again";
  EXPECT_THAT(
      report.commands,
      testing::ElementsAre(
          fmt::format("quatrain train {}/fp32/config.json --out {}/fp32", demo, again),
          fmt::format("quatrain train {}/luq/config.json --out {}/luq --trace-steps 0,1", demo, again),
          fmt::format("quatrain study {}/luq/trace --samples 1,2 --trials 2", again),
          fmt::format("quatrain verify {0}/luq/trace --json {0}/luq/crosscheck.json", again),
          fmt::format("quatrain sim {}/luq/simulation/luq_32x32.json --trace {}/luq/trace", demo, again),
          fmt::format("quatrain sim {}/luq/simulation/bf16_32x32.json --trace {}/luq/trace --cycles-only",
                      demo, again),
          fmt::format("quatrain train {}/nearest/config.json --out {}/nearest", demo, again),
          fmt::format("quatrain report {}", again)));
}

/// Two records of conv2 forward, one of backward_data.
TEST(ReportModel, RecordsAreSummedByLayerAndPhase) {
  const Folder folder;
  tests::write_demo(folder.path());
  const Simulation simulation = read(folder.path()).designs[0].simulation;
  const std::vector<Part> parts = parts_by_phase(simulation.records);
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].first->phase, traces::Phase::forward);
  const Tally& forward = parts[0].tally;
  EXPECT_EQ(forward.records, 2U);
  EXPECT_EQ(forward.use.cycles, 8016U / 4 + 8016 / 2);
  EXPECT_EQ(forward.use.macs, 1830U);
  EXPECT_EQ(forward.in_range_macs, 1828U);
  EXPECT_EQ(forward.traffic.total_bytes(), 20U);
  EXPECT_EQ(simulation.technologies[0].name, "7nm");
  ASSERT_EQ(forward.energy_pj.size(), 2U);
  EXPECT_EQ(forward.energy_pj[0].low, 30e6);
  EXPECT_EQ(forward.energy_pj[0].nominal, 32e6);
  EXPECT_EQ(forward.energy_pj[0].high, 34e6);
  EXPECT_EQ(parts[1].tally.use.cycles, 1002U);
}

TEST(ReportModel, SingleRunNamesWhatItLacks) {
  const Folder folder;
  tests::write_training_run(folder / "mine", "nearest", "89.5", 'd');
  const Report report = read(folder / "mine");
  EXPECT_EQ(report.kind, "run");
  ASSERT_EQ(report.training.size(), 1U);
  EXPECT_EQ(report.training[0].recipe, "nearest");
  EXPECT_THAT(missing_parts(report), testing::ElementsAre("gradients", "cross-check", "cycles and energy"));
  EXPECT_FALSE(report.crosscheck);
  EXPECT_FALSE(report.gradients);
  EXPECT_TRUE(report.designs.empty());
}

/// A folder from before `quatrain study`: all but the gradients is there, and the command that makes them.
TEST(ReportModel, AFolderWithoutAStudyNamesTheCommand) {
  const Folder folder;
  tests::write_demo(folder.path());
  std::filesystem::remove(folder / "luq/gradients.json");
  const Report report = read(folder.path());
  EXPECT_THAT(missing_parts(report), testing::ElementsAre("gradients"));
  EXPECT_EQ(report.missing[0].why, "no gradients.json");
  EXPECT_EQ(report.missing[0].how, "quatrain study " + (folder / "luq/trace").string());
  EXPECT_TRUE(report.crosscheck);
  EXPECT_EQ(report.designs.size(), 2U);
}

TEST(ReportModel, RunWithoutAnEndedEpochSaysSo) {
  const Folder folder;
  tests::write_training_run(folder.path(), "luq", "89.5", 'd');
  base::write_whole_file(
      folder / "metrics.csv",
      "epoch,step,train_loss,test_loss,test_accuracy_percent,learning_rate,seconds,state_hash\n");
  EXPECT_THAT(missing_parts(read(folder.path())), testing::Contains("training"));
}

TEST(ReportModel, ADemoCutShortNamesTheRunsThatAreNotThere) {
  const Folder folder;
  tests::write_training_run(folder / "fp32", "fp32", "91.25", 'b');
  EXPECT_THAT(missing_parts(read(folder.path())),
              testing::ElementsAre("training luq", "training nearest", "gradients", "cross-check",
                                   "cycles and energy", "time by stage"));
}

TEST(ReportModel, NeitherKindOfDirectoryIsAnError) {
  const Folder folder;
  const std::string name = folder.path().string();
  EXPECT_EQ(
      message_of([&] { read(folder.path()); }),
      name +
          ": holds no config.json, no run in fp32/, luq/ or nearest/, no trace, no sweep and no simulation; "
          "expected a run directory, a demo's, a trace, or a folder of sweep or sim --out");
}

struct BadFile {
  const char *file, *what, *with, *message;
};

/// A run's own files: without them there is nothing to report on.
class ReportModelBadRun : public testing::TestWithParam<BadFile> {};

TEST_P(ReportModelBadRun, IsOneLineWithFileAndPlace) {
  const Folder folder;
  tests::write_demo(folder.path());
  const BadFile& bad = GetParam();
  replace_in_file(folder / bad.file, bad.what, bad.with);
  EXPECT_EQ(message_of([&] { read(folder.path()); }), (folder / bad.file).string() + bad.message);
}

INSTANTIATE_TEST_SUITE_P(
    EachFile, ReportModelBadRun,
    testing::Values(BadFile{"fp32/metrics.csv", "70.5", "many", ": line 2: 'many'; expected a number"},
                    BadFile{"fp32/steps.csv", "step,loss", "loss", ": line 1: expected 'step,loss'"},
                    BadFile{"fp32/steps.csv", "\n2,1.5", "\n5,1.5", ": line 4: step 5; expected 2"}));

/// Everything else in a demo, by the part of the report that needs it.
const std::vector<std::string> parts = {"gradients", "cross-check", "cycles and energy of bf16_32x32",
                                        "cycles and energy of luq_32x32", "time by stage"};

std::set<std::string> parts_of(const Report& report) {
  std::set<std::string> present;
  if (report.gradients) present.insert("gradients");
  if (report.crosscheck) present.insert("cross-check");
  for (const Design& design : report.designs) present.insert("cycles and energy of " + design.label);
  if (!report.stages.empty()) present.insert("time by stage");
  return present;
}

struct Damage {
  BadFile file;
  std::string part;
};

class ReportModelDamage : public testing::TestWithParam<Damage> {};

TEST_P(ReportModelDamage, CostsItsPartAndIsNamed) {
  const Folder folder;
  tests::write_demo(folder.path());
  const auto& [bad, part] = GetParam();
  replace_in_file(folder / bad.file, bad.what, bad.with);
  const Report report = read(folder.path());
  ASSERT_THAT(missing_parts(report), testing::ElementsAre(part));
  EXPECT_EQ(report.missing[0].why, (folder / bad.file).string() + bad.message);
  EXPECT_TRUE(report.missing[0].is_damaged);
  EXPECT_EQ(report.missing[0].how, "");
  std::set<std::string> others(parts.begin(), parts.end());
  others.erase(part);
  EXPECT_EQ(parts_of(report), others);
  EXPECT_EQ(report.training.size(), 3U);
}

INSTANTIATE_TEST_SUITE_P(
    EachFile, ReportModelDamage,
    testing::Values(
        Damage{{"luq/crosscheck.json", "\"verdict\": \"equal\"", "\"verdict\": \"fine\"",
                ": /machines/emu.naive/verdict: found 'fine'; expected 'equal', 'different' or 'skipped'"},
               "cross-check"},
        Damage{{"luq/crosscheck.json", "quatrain-crosscheck", "quatrain-report",
                ": /format: found 'quatrain-report'; expected 'quatrain-crosscheck'"},
               "cross-check"},
        Damage{{"luq/crosscheck.json", "\"verdict\": \"equal\"", "\"verdict\": \"different\"",
                ": /machines/emu.naive/verdict: found 'different'; the other keys say 'equal'"},
               "cross-check"},
        Damage{{"luq/crosscheck.json",
                "\"verdict\": \"equal\", \"reason\": null, \"ran_on\": \"CPU\", \"gemms\": 41, "
                "\"gemms_equal\": 41, "
                "\"quantizers\": 42,\n    \"quantizers_equal\": 42, \"elements\": 43000, "
                "\"different_records\": 0",
                "\"verdict\": \"different\", \"reason\": null, \"ran_on\": \"CPU\", \"gemms\": 42, "
                "\"gemms_equal\": "
                "41, \"quantizers\": 42,\n    \"quantizers_equal\": 42, \"elements\": 43000, "
                "\"different_records\": 1",
                ": /machines/emu.naive/first_difference: null; expected the first difference of a machine "
                "that is "
                "'different'"},
               "cross-check"},
        Damage{{"luq/crosscheck.json", "\"equal\": true", "\"equal\": false",
                ": /equal: found 'false'; the other keys say 'true'"},
               "cross-check"},
        Damage{{"luq/simulation/luq_32x32.json", "\"pe_combinational\"", "\"pe\"",
                ": /technologies/7nm/components/0/component: found 'pe'; expected 'pe_combinational', "
                "'pe_flip_flops', 'skew_flip_flops', 'operand_sram', 'accumulator_sram', 'dram', "
                "'quantizer_dram', 'quantizer', 'random_source', 'transposer', 'epilogue', 'wires', "
                "'clock_tree', 'leakage' or "
                "'sram_leakage'"},
               "cycles and energy of luq_32x32"},
        Damage{{"luq/simulation/luq_32x32.json", "\"cycles\": 8016", "\"cycles\": -1",
                ": /cycles: found -1; expected an integer from 0 to 9223372036854775807"},
               "cycles and energy of luq_32x32"},
        Damage{{"luq/gradients.json", "\"rule\": \"luq\"", "\"rule\": \"paper\"",
                ": /gradients/0/effects/0/rule: found 'paper'; expected 'luq' or 'nearest'"},
               "gradients"},
        Damage{{"stages.json", "11.5", "\"11.5\"",
                ": /seconds/train_fp32: found '11.5'; expected a number from 0 to 1000000000"},
               "time by stage"}));

/// A file that ends early is no JSON: it may not pass for one of another kind.
TEST(ReportModel, ASimulationThatEndsEarlyIsNamed) {
  const Folder folder;
  tests::write_demo(folder.path());
  const auto file = folder / "luq/simulation/luq_32x32.json";
  const std::string text = base::read_whole_file(file);
  base::write_whole_file(file, text.substr(0, text.size() / 2));
  const Report report = read(folder.path());
  ASSERT_THAT(missing_parts(report), testing::ElementsAre("cycles and energy of luq_32x32"));
  EXPECT_THAT(report.missing[0].why, testing::StartsWith(file.string() + ": line "));
  ASSERT_EQ(report.designs.size(), 1U);
  EXPECT_EQ(report.designs[0].label, "bf16_32x32");
}

TEST(ReportModel, WhereEveryFileIsDamagedTheTrainingIsLeft) {
  const Folder folder;
  tests::write_demo(folder.path());
  for (const char* file : {"luq/trace/manifest.json", "luq/gradients.json", "luq/crosscheck.json",
                           "luq/simulation/luq_32x32.json", "luq/simulation/bf16_32x32.json", "stages.json"})
    base::write_whole_file(folder / file, "{\"");
  const Report report = read(folder.path());
  std::vector<std::string> all = parts;
  all.insert(all.begin(), "trace");
  EXPECT_EQ(missing_parts(report), all);
  for (const Missing& missing : report.missing) EXPECT_TRUE(missing.is_damaged) << missing.part;
  EXPECT_THAT(parts_of(report), testing::IsEmpty());
  EXPECT_EQ(report.training.size(), 3U);
}

TEST(ReportModel, ASimulationWithoutATechnologyIsRefused) {
  const Folder folder;
  tests::write_demo(folder.path());
  const auto file = folder / "luq/simulation/luq_32x32.json";
  auto json = nlohmann::ordered_json::parse(base::read_whole_file(file));
  json["technologies"] = nlohmann::ordered_json::object();
  base::write_whole_file(file, json.dump());
  const Report report = read(folder.path());
  ASSERT_THAT(missing_parts(report), testing::ElementsAre("cycles and energy of luq_32x32"));
  EXPECT_EQ(report.missing[0].why,
            file.string() + ": /technologies: is empty; expected at least one technology");
}

/// The trace may have smaller products than the network. Nothing is damaged.
TEST(ReportModel, AStepThatADesignCannotMapIsNamed) {
  const Folder folder;
  tests::write_demo(folder.path());
  EXPECT_EQ(read(folder.path()).steps.size(), 2U);
  replace_in_file(folder / "luq/simulation/bf16_32x32.json", "\"buffers\"",
                  R"("mapping": {"order": "k m n", "m": 64, "n": 64, "k": 4096}, "buffers")");
  const Report report = read(folder.path());
  ASSERT_EQ(report.steps.size(), 1U);
  EXPECT_EQ(report.steps[0].label, "luq_32x32");
  ASSERT_EQ(report.missing.size(), 1U);
  EXPECT_EQ(report.missing[0].part, "one training step on bf16_32x32");
  EXPECT_THAT(report.missing[0].why, testing::HasSubstr("layer fc1, step 0, forward: /mapping/k: "));
  EXPECT_FALSE(report.missing[0].is_damaged);
}

TEST(ReportModel, ResultsOfAnotherTraceAreLeftOut) {
  const Folder folder;
  tests::write_demo(folder.path());
  base::write_whole_file(folder / "luq/trace/manifest.json",
                         base::read_whole_file(folder / "luq/trace/manifest.json") + " ");
  const Report report = read(folder.path());
  EXPECT_THAT(missing_parts(report), testing::ElementsAre(parts[0], parts[1], parts[2], parts[3]));
  EXPECT_THAT(report.missing[0].why, testing::HasSubstr("gradients.json: /trace/manifest_sha256: '"));
  for (const Missing& missing : report.missing)
    EXPECT_THAT(missing.why, testing::HasSubstr("', the trace beside it: run the command again"));
}

}  // namespace
}  // namespace quatrain::sim::report
