#include "tests/sim/report/page_reader.hpp"
#include "tests/sim/report/synthetic_run.hpp"
#include "tests/support/program.hpp"
#include "tests/support/signalled_program.hpp"
#include "tests/support/synthetic_images.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace quatrain::sim {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using tests::ProgramRun;

ProgramRun report(const std::string& arguments, const tests::Folder& folder) {
  return tests::run_program(QUATRAIN_PROGRAM, "report " + arguments, folder);
}

TEST(ReportCommand, WritesBothFilesIntoTheRunAndPrintsTheirPathsLast) {
  const tests::Folder folder;
  tests::write_demo(folder / "demo");
  const std::string demo = (folder / "demo").string();
  const ProgramRun run = report(demo, folder);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err, "");
  EXPECT_THAT(run.out, HasSubstr("90.75 %"));
  EXPECT_THAT(run.out, EndsWith(fmt::format("\n{}/report.json\n{}/report.html\n", demo, demo)));
  const auto figures = nlohmann::json::parse(base::read_whole_file(folder / "demo/report.json"));
  EXPECT_EQ(figures.at("training").at("luq").at("test_accuracy_percent"), 90.75);
  EXPECT_THAT(base::read_whole_file(folder / "demo/report.html"), HasSubstr("90.75 %"));
}

TEST(ReportCommand, TakesOtherPlaces) {
  const tests::Folder folder;
  tests::write_training_run(folder / "run", "luq", "90.75", 'c');
  const auto before = tests::contents(folder / "run");
  const ProgramRun run = report(
      fmt::format("{0}/run --html {0}/page.html --json {0}/figures.json", folder.path().string()), folder);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(std::filesystem::exists(folder / "page.html"));
  EXPECT_TRUE(std::filesystem::exists(folder / "figures.json"));
  EXPECT_EQ(tests::contents(folder / "run"), before);
}

TEST(ReportCommand, BadInputIsOneLineExitTwoAndNothingNew) {
  const tests::Folder folder;
  tests::write_demo(folder / "demo");
  tests::replace_in_file(folder / "demo/luq/metrics.csv", "70.5", "many");
  const auto before = tests::contents(folder / "demo");
  const ProgramRun run = report((folder / "demo").string(), folder);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err, fmt::format("error: {}/demo/luq/metrics.csv: line 2: 'many'; expected a number\n",
                                 folder.path().string()));
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(tests::contents(folder / "demo"), before);
}

/// Two damaged files cost their two parts: everything else is shown, and exit code and stderr say what lacks.
TEST(ReportCommand, ADamagedFileCostsItsPart) {
  const tests::Folder folder;
  tests::write_demo(folder / "demo");
  const std::string demo = (folder / "demo").string();
  tests::replace_in_file(folder / "demo/luq/crosscheck.json", "\"version\": 1", "\"version\": 2");
  base::write_whole_file(folder / "demo/luq/simulation/luq_32x32.json", "{\"format\": \"quatrain-simul");
  const ProgramRun run = report(demo, folder);
  EXPECT_EQ(run.exit_code, 2);
  const std::string crosscheck =
                        demo + "/luq/crosscheck.json: /version: found 2; expected an integer from 1 to 1",
                    simulation =
                        demo +
                        "/luq/simulation/luq_32x32.json: line 1, column 27: found the end; expected '\"'";
  EXPECT_EQ(run.err, fmt::format("error: {}; the report lacks cross-check\n"
                                 "error: {}; the report lacks cycles and energy of luq_32x32\n",
                                 crosscheck, simulation));
  EXPECT_THAT(run.out, EndsWith(fmt::format("\n{}/report.json\n{}/report.html\n", demo, demo)));

  const tests::ShownPage page = tests::read_page(base::read_whole_file(folder / "demo/report.html"));
  EXPECT_THAT(page.sections,
              testing::ElementsAre("Training", "What rounding does to the gradients", "Cycles and energy",
                                   "One training step", "Not in this report", "Time and how to repeat it"));
  EXPECT_THAT(page.table("Missing parts").rows,
              testing::ElementsAre(testing::ElementsAre("cross-check", crosscheck),
                                   testing::ElementsAre("cycles and energy of luq_32x32", simulation)));
  EXPECT_EQ(page.table("Cycles").rows.size(), 1U);
  EXPECT_EQ(page.table("Cycles").at({"bf16_32x32"}, "cycles"), "8,048");
  const auto figures = nlohmann::json::parse(base::read_whole_file(folder / "demo/report.json"));
  EXPECT_EQ(figures.at("records"), nullptr);
  EXPECT_EQ(figures.at("simulation").size(), 1U);
  EXPECT_EQ(
      figures.at("missing"),
      nlohmann::json({{{"part", "cross-check"}, {"why", crosscheck}, {"how", nullptr}},
                      {{"part", "cycles and energy of luq_32x32"}, {"why", simulation}, {"how", nullptr}}}));
}

TEST(ReportCommand, AnUnreadableRecordOfTheTraceCostsItsRow) {
  const tests::Folder folder;
  tests::write_demo(folder / "demo");
  const auto tensors = folder / "demo/luq/trace/step_00000000.safetensors";
  std::string bytes = base::read_whole_file(tensors);
  bytes[bytes.size() - 1] = static_cast<char>(bytes[bytes.size() - 1] ^ 1);
  base::write_whole_file(tensors, bytes);
  const ProgramRun study =
      tests::run_program(QUATRAIN_PROGRAM, "study " + (folder / "demo/luq/trace").string(), folder);
  EXPECT_EQ(study.exit_code, 2);
  EXPECT_THAT(study.err, testing::StartsWith(fmt::format("error: {}: ", tensors.string())));
  const ProgramRun run = report((folder / "demo").string(), folder);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, testing::StartsWith(fmt::format("error: {}: ", tensors.string())));
  const tests::ShownPage page = tests::read_page(base::read_whole_file(folder / "demo/report.html"));
  EXPECT_EQ(page.table("Missing parts").rows.size(), 1U);
  EXPECT_THAT(page.sections, testing::Contains("What rounding does to the gradients"));
}

/// Two layers whose gradients take many seconds to study.
constexpr const char* slow_network = R"({
  "name": "slow", "data": {"set": "fashion_mnist", "mean": 0.286, "std": 0.353, "train_images": 32, "test_images": 8},
  "seed": 1, "epochs": 1, "batch": 32, "evaluation_batch": 8,
  "optimizer": {"kind": "sgd", "momentum": 0.9, "weight_decay": 0.0005},
  "learning_rate": {"schedule": "linear", "from": 0.05, "to": 0.0},
  "quantize": {"forward": "sawb", "gradient": "luq", "random_bits": 16, "alpha": "exact", "samples": 1},
  "layers": [
    {"kind": "conv2d", "name": "first", "out_channels": 32, "kernel": 1, "stride": 1, "padding": 0, "groups": 1, "precision": "fp32"},
    {"kind": "conv2d", "name": "a", "out_channels": 32, "kernel": 3, "stride": 1, "padding": 1, "groups": 1, "precision": "quantized"},
    {"kind": "conv2d", "name": "b", "out_channels": 32, "kernel": 3, "stride": 1, "padding": 1, "groups": 1, "precision": "quantized"},
    {"kind": "linear", "name": "last", "out_features": 10, "precision": "fp32"}]})";

TEST(StudyCommand, OneInterruptEndsIt) {
  const tests::Folder folder;
  tests::write_synthetic_images(folder / "data", 32, 8);
  base::write_whole_file(folder / "slow.json", slow_network);
  const std::string at = folder.path().string();
  const ProgramRun trained = tests::run_program(
      QUATRAIN_PROGRAM, fmt::format("train {0}/slow.json --data {0}/data --trace-steps 0 --out {0}/run", at),
      folder);
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  const auto before = tests::contents(folder / "run");
  tests::SignalledProgram study(QUATRAIN_PROGRAM, "study " + at + "/run/trace", folder);
  study.wait_until_at_work(0.3);
  const ProgramRun run = study.end(SIGINT, 8);
  EXPECT_EQ(run.exit_code, 130) << "137: killed before it ended";
  EXPECT_EQ(run.err, "interrupted\n");
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(tests::contents(folder / "run"), before) << "no result, not even a part of one";
}

/// The figures fit, the page does not: what was complete stays, nothing half-written.
TEST(ReportCommand, ADiskThatTakesNoMoreIsNamed) {
  const tests::Folder folder;
  tests::write_training_run(folder / "run", "luq", "90.75", 'c');
  const ProgramRun run = tests::run_program_on_full_disk(
      4, QUATRAIN_PROGRAM,
      fmt::format("report {0}/run --json {0}/out.json --html {0}/out.html", folder.path().string()), folder);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err,
            fmt::format("error: {}/out.html: cannot be written: File too large\n", folder.path().string()));
  EXPECT_FALSE(std::filesystem::exists(folder / "out.json")) << "both or none";
  EXPECT_FALSE(std::filesystem::exists(folder / "out.html.partial"));
}

TEST(ReportCommand, OutputsDoNotGoOverInputsOrEachOther) {
  const tests::Folder folder;
  tests::write_demo(folder / "demo");
  const std::string demo = (folder / "demo").string();
  const auto before = tests::contents(folder / "demo");
  for (const char* file : {"stages.json", "luq/config.json", "luq/trace/manifest.json", "luq/new.json"}) {
    const std::string json = demo + "/fp32/../" + file;
    const ProgramRun run = report(demo + " --json " + json, folder);
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(
        run.err,
        fmt::format("error: {}: is or may be a file of the run; expected another name, or a place outside "
                    "of {}\n",
                    json, demo));
  }
  const std::string one = (folder / "one").string();
  const ProgramRun run = report(fmt::format("{} --json {} --html {}", demo, one, one), folder);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err,
            fmt::format("error: {}: two results would go into this file; expected two names\n", one));
  EXPECT_EQ(tests::contents(folder / "demo"), before);
}

/// Runs every command of report.json as a shell does, in the folder where the report was made.
void expect_commands_run(const tests::Folder& folder, const std::vector<std::string>& commands) {
  for (const std::string& command : commands) {
    ASSERT_TRUE(command.starts_with("quatrain ")) << command;
    const ProgramRun run = tests::run_program(
        fmt::format("cd '{}' && {}", folder.path().string(), QUATRAIN_PROGRAM), command.substr(9), folder);
    EXPECT_EQ(run.exit_code, 0) << command << "\n" << run.err;
  }
}

constexpr const char* tiny_network = R"({
  "name": "tiny", "data": {"set": "fashion_mnist", "mean": 0.286, "std": 0.353, "train_images": 16, "test_images": 8},
  "seed": 1, "epochs": 1, "batch": 4, "evaluation_batch": 8,
  "optimizer": {"kind": "sgd", "momentum": 0.9, "weight_decay": 0.0005},
  "learning_rate": {"schedule": "linear", "from": 0.05, "to": 0.0},
  "quantize": {"forward": "sawb", "gradient": "luq", "random_bits": 16, "alpha": "exact", "samples": 1},
  "layers": [
    {"kind": "conv2d", "name": "first", "out_channels": 3, "kernel": 3, "stride": 4, "padding": 1, "groups": 1, "precision": "fp32"},
    {"kind": "relu"},
    {"kind": "linear", "name": "middle", "out_features": 12, "precision": "quantized"},
    {"kind": "linear", "name": "last", "out_features": 10, "precision": "fp32"}]})";

/// Names with blanks, a design of one's own that is gone by then, a table beside it, chosen steps.
TEST(ReportCommand, ItsCommandsRunAsTheyStand) {
  const tests::Folder folder;
  tests::write_synthetic_images(folder / "my data", 16, 8);
  base::write_whole_file(folder / "tiny.json", tiny_network);
  std::filesystem::create_directories(folder / "designs");
  std::filesystem::copy(QUATRAIN_SOURCE_DIR "/configs/technology/7nm.json",
                        folder / "designs/own table.json");
  tests::replace_in_file(folder / "designs/own table.json", "\"name\": \"7nm\"", "\"name\": \"own\"");
  std::filesystem::copy(QUATRAIN_SOURCE_DIR "/configs/accelerators/bf16_32x32.json",
                        folder / "designs/mine.json");
  tests::replace_in_file(folder / "designs/mine.json", "bf16_32x32", "mine");
  tests::replace_in_file(folder / "designs/mine.json", "\"7nm\", \"45nm\"", "\"own table.json\"");
  expect_commands_run(
      folder, {"quatrain train tiny.json --data 'my data' --trace-steps 1,2 --out 'run 1'",
               "quatrain sim designs/mine.json --trace 'run 1/trace' --cycles-only",
               "quatrain sim bf16_32x32 --trace 'run 1/trace' --cycles-only",
               "quatrain study 'run 1/trace' --samples 1,3 --trials 2 --random-bits 4,16 --alpha pow2",
               "quatrain verify 'run 1/trace' --json 'run 1/crosscheck.json'", "quatrain report 'run 1'"});
  std::filesystem::rename(folder / "designs/mine.json", folder / "elsewhere.json");
  const auto read = [&](const std::string& run) {
    return nlohmann::json::parse(base::read_whole_file(folder / run / "report.json"));
  };
  const std::vector<std::string> commands = read("run 1").at("commands");
  EXPECT_THAT(
      commands,
      testing::ElementsAre(
          "quatrain train 'run 1/config.json' --out 'run 1-again' --data 'my data' --trace-steps 1,2",
          "quatrain study 'run 1-again/trace' --samples 1,3 --trials 2 --random-bits 4,16 --alpha pow2",
          "quatrain verify 'run 1-again/trace' --json 'run 1-again/crosscheck.json'",
          "quatrain sim bf16_32x32 --trace 'run 1-again/trace' --cycles-only",
          "quatrain sim 'run 1/simulation/mine.json' --trace 'run 1-again/trace' --cycles-only",
          "quatrain report 'run 1-again'"));
  expect_commands_run(folder, commands);

  auto first = read("run 1"), again = read("run 1-again");
  EXPECT_EQ(again.at("training").at("luq").at("state_hash"), first.at("training").at("luq").at("state_hash"));
  EXPECT_EQ(again.at("simulation"), first.at("simulation"));
  EXPECT_EQ(again.at("gradients"), first.at("gradients"));
  EXPECT_THAT(again.at("missing"), testing::IsEmpty());
}

/// What a report says is missing is there when the commands that it names have run.
TEST(ReportCommand, CommandsForMissingPartsMakeThem) {
  const tests::Folder folder;
  tests::write_synthetic_images(folder / "my data", 16, 8);
  base::write_whole_file(folder / "tiny.json", tiny_network);
  expect_commands_run(folder, {"quatrain train tiny.json --data 'my data' --out run", "quatrain report run"});
  for (const char* run : {"run", "run-again"}) {
    std::vector<std::string> commands;
    const auto figures = nlohmann::json::parse(base::read_whole_file(folder / run / "report.json"));
    for (const auto& missing : figures.at("missing"))
      if (!missing.at("how").is_null()) commands.push_back(missing.at("how"));
    EXPECT_EQ(commands.size(), run == std::string("run") ? 1U : 3U);
    expect_commands_run(folder, commands);
    expect_commands_run(folder, {"quatrain report run-again"});
  }
  EXPECT_THAT(nlohmann::json::parse(base::read_whole_file(folder / "run-again/report.json")).at("missing"),
              testing::IsEmpty());
}

TEST(ReportCommand, TakesAFolderOfSimulationsWithDesignsOfOneName) {
  const tests::Folder folder;
  std::filesystem::copy(QUATRAIN_SOURCE_DIR "/tests/data/outside_trace", folder / "trace");
  const std::string design = "quatrain sim bf16_32x32 --cycles-only --trace trace --out ";
  expect_commands_run(folder, {design + "study", design + "other"});
  std::filesystem::rename(folder / "other/bf16_32x32.json", folder / "study/second.json");
  tests::replace_in_file(folder / "study/second.json", "\"clock_mhz\": 1000.0", "\"clock_mhz\": 2000.0");
  expect_commands_run(folder, {"quatrain report study"});
  const auto figures = nlohmann::json::parse(base::read_whole_file(folder / "study/report.json"));
  EXPECT_EQ(figures.at("kind"), "simulations");
  EXPECT_EQ(figures.at("simulation").size(), 2U);
  EXPECT_EQ(figures.at("simulation").at("bf16_32x32 (bf16_32x32)").at("clock_mhz"), 1000);
  EXPECT_EQ(figures.at("simulation").at("bf16_32x32 (second)").at("clock_mhz"), 2000);
  const tests::ShownPage page = tests::read_page(base::read_whole_file(folder / "study/report.html"));
  EXPECT_EQ(page.cards.at(0).label, "Cycles, bf16_32x32 (second)") << "the faster one";
  EXPECT_THAT(page.cards.at(0).detail, HasSubstr("the fastest of 2 designs"));
  const tests::ShownTable& keys = page.table("Keys in which the designs differ");
  ASSERT_EQ(keys.rows.size(), 1U);
  EXPECT_THAT(keys.rows[0], testing::ElementsAre("clock_mhz", "1000.0", "2000.0"));
  expect_commands_run(folder, figures.at("commands"));
}

/// 2 of 3 epochs stand in the tables: never shown as if all had ended.
TEST(ReportCommand, ARunThatStoppedIsShownAsStopped) {
  const tests::Folder folder;
  tests::write_training_run(folder / "run", "luq", "90.75", 'c');
  tests::replace_in_file(folder / "run/config.json", "\"epochs\": 2", "\"epochs\": 3");
  base::write_whole_file(folder / "run/run.json",
                         R"({"format": "quatrain-run", "version": 1, "program": "quatrain 0",
    "commands": ["quatrain train x"], "data": {"folder": "d", "sha256": {"t10k-images-idx3-ubyte": "a",
    "t10k-labels-idx1-ubyte": "b", "train-images-idx3-ubyte": "c", "train-labels-idx1-ubyte": "d"}},
    "state": "stopped", "epochs": 2, "of_epochs": 3, "steps": 3, "reason": "layer a: the loss grew"})");
  const ProgramRun run = report((folder / "run").string(), folder);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto tables = tests::read_terminal_tables(run.out);
  ASSERT_TRUE(tables.contains("Runs that stopped before their last epoch")) << run.out;
  EXPECT_THAT(
      tables.at("Runs that stopped before their last epoch").rows,
      testing::ElementsAre(testing::ElementsAre("luq", "2", "3", "3", "stopped: layer a: the loss grew")));
  const tests::ShownPage page = tests::read_page(base::read_whole_file(folder / "run/report.html"));
  EXPECT_EQ(page.cards.at(0).detail, "stopped after epoch 2 of 3");
  EXPECT_TRUE(page.cards.at(0).is_bad);
  const auto figures = nlohmann::json::parse(base::read_whole_file(folder / "run/report.json"));
  EXPECT_EQ(figures.at("training").at("luq").at("epochs"), 2);
  EXPECT_EQ(figures.at("training").at("luq").at("planned_epochs"), 3);
  EXPECT_EQ(figures.at("training").at("luq").at("stopped"), "stopped: layer a: the loss grew");
  EXPECT_EQ(figures.at("commands"), nlohmann::json::array()) << "it would stop again";
}

/// The report stands beside the trace. What it prints makes the missing parts, and then all of it again.
TEST(ReportCommand, OfATraceAlone) {
  const tests::Folder folder;
  std::filesystem::copy(QUATRAIN_SOURCE_DIR "/tests/data/outside_trace", folder / "mine");
  const auto before = tests::contents(folder / "mine");
  const std::string here = "cd " + folder.path().string() + " && ";
  const auto shown = [&] {
    const ProgramRun run = tests::run_program(here + QUATRAIN_PROGRAM, "report mine/", folder);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_THAT(run.out, EndsWith("\nreport.json\nreport.html\n"));
    return tests::read_page(base::read_whole_file(folder / "report.html"));
  };
  const auto paste = [&](const tests::ShownPage& page) {
    for (const std::string& command : page.commands) {
      const std::string program = "quatrain ";
      ASSERT_TRUE(command.starts_with(program)) << command;
      const ProgramRun run =
          tests::run_program(here + QUATRAIN_PROGRAM, command.substr(program.size()), folder);
      EXPECT_EQ(run.exit_code, 0) << command << "\n" << run.err;
    }
  };
  const tests::ShownPage bare = shown();
  EXPECT_EQ(bare.cards.at(0).label, "Trace");
  EXPECT_EQ(bare.cards.at(0).detail, "47 GEMMs and 53 quantizers of outside-sample");
  EXPECT_EQ(bare.commands.size(), 3U) << "gradients, cross-check, cycles and energy";
  paste(bare);
  const tests::ShownPage whole = shown();
  ASSERT_EQ(whole.cards.size(), 4U);
  EXPECT_THAT(whole.cards[1].value, testing::MatchesRegex("equal on .* machines"));
  EXPECT_EQ(whole.cards[2].label, "Cycles, luq_32x32");
  paste(whole);
  EXPECT_TRUE(std::filesystem::exists(folder / "mine-again/report.html"));
  EXPECT_EQ(tests::contents(folder / "mine"), before);
}

TEST(ReportCommand, APipeTakesThePageAndStaysOne) {
  const tests::Folder folder;
  tests::write_training_run(folder / "run", "luq", "90.75", 'c');
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const std::string at = folder.path().string();
  const ProgramRun run =
      tests::run_program(fmt::format("timeout 20 cat {0}/pipe >{0}/page & {1}", at, QUATRAIN_PROGRAM),
                         fmt::format("report {0}/run --html {0}/pipe", at), folder);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(std::filesystem::is_fifo(folder / "pipe"));
  EXPECT_THAT(run.out, EndsWith("/pipe\n"));
}

}  // namespace
}  // namespace quatrain::sim
