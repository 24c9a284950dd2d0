/// The help of every command: short lines, and examples that run as they stand.
#include "tests/emu/nn/tiny_config.hpp"
#include "tests/support/program.hpp"
#include "tests/support/synthetic_images.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

namespace quatrain::tests {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

class Help : public testing::Test {
 protected:
  /// Of `quatrain` itself where `command` is "".
  std::string help(const std::string& command) const {
    const ProgramRun run = run_program(QUATRAIN_PROGRAM, command + " --help", folder_);
    EXPECT_EQ(run.exit_code, 0) << command;
    return run.out;
  }

  /// What stands under "Subcommands:", and the same of each of these: "train", "trace", "trace info", ...
  std::vector<std::string> commands(const std::string& parent = "") const {
    std::vector<std::string> found;
    bool is_list = false;
    for (const std::string& line : lines_of(help(parent))) {
      if (line.empty()) is_list = false;
      if (is_list && line.size() > 2 && line[2] != ' ') {
        const std::string name = parent + (parent.empty() ? "" : " ") + line.substr(2, line.find(' ', 2) - 2);
        found.push_back(name);
        for (const std::string& part : commands(name)) found.push_back(part);
      }
      if (line == "Subcommands:") is_list = true;
    }
    return found;
  }

  /// Lines that begin with "  quatrain ", up to the remark behind them.
  std::vector<std::string> examples(const std::string& command) const {
    const std::string begin = "  quatrain ";
    std::vector<std::string> found;
    for (const std::string& line : lines_of(help(command)))
      if (line.starts_with(begin)) {
        const std::string words = line.substr(begin.size());
        found.push_back(words.substr(0, words.find("  ")));
      }
    return found;
  }

  /// In a folder with small data, the user's own files that the examples name, and a small network in the
  /// place of the demo's.
  void expect_examples_to_run(const std::vector<std::string>& of_commands) const {
    write_synthetic_images(folder_ / "data", 3, 1);
    std::string config = tiny_config_text;
    config.replace(config.find("\"batch\": 16"), 11, "\"batch\": 1");  // systemc.pe takes its time
    for (const char* name : {"mine.json", "tune.json", "small.json"})
      base::write_whole_file(folder_ / name, config);
    std::filesystem::copy_file(QUATRAIN_SOURCE_DIR "/configs/accelerators/luq_32x32.json",
                               folder_ / "design.json");
    std::filesystem::copy_file(QUATRAIN_SOURCE_DIR "/configs/technology/16nm.json", folder_ / "foundry.json",
                               std::filesystem::copy_options::overwrite_existing);
    base::write_whole_file(folder_ / "small.csv", "layer,m,n,k\none,64,32,90\n");
    base::write_whole_file(folder_ / "study.json", R"({"name": "array_sizes", "design": "luq_32x32",
      "workloads": [{"workload": "lenet5"}], "vary": {"array.rows": [16, 32]}})");
    for (const std::string& command : of_commands) {
      EXPECT_FALSE(examples(command).empty()) << command;
      for (std::string example : examples(command)) {
        if (example.starts_with("demo")) continue;  // minutes; tests/sim/cli/demo_test.cpp runs it
        if (example.find(".onnx") != std::string::npos) continue;  // sim_workload_test.cpp makes one and runs it
        if (example.find(" --kernel ") != std::string::npos) continue;  // needs the user's own library
        if (const std::size_t place = example.find("demo_cnn"); place != std::string::npos)
          example.replace(place, 8, "small.json");
        if (const std::size_t place = example.find("resnet50 --values"); place != std::string::npos)
          example.replace(place, 8, "small.csv");  // a minute else
        const ProgramRun run = run_program(
            "cd " + folder_.path().string() + " && QUATRAIN_DATA=data " QUATRAIN_PROGRAM, example, folder_);
        EXPECT_EQ(run.exit_code, 0) << example << "\n" << run.err;
      }
    }
  }

  Folder folder_;
};

TEST_F(Help, EveryLineFitsIntoATerminal) {
  const std::vector<std::string> all = commands();
  EXPECT_GE(all.size(), 10U);
  for (const std::string& command : all)
    for (const std::string& line : lines_of(help(command))) EXPECT_LE(line.size(), 118U) << command << line;
  for (const std::string& line : lines_of(help(""))) EXPECT_LE(line.size(), 118U) << line;
}

TEST_F(Help, TheExamplesOfTheProgramRun) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "built without SystemC: sim has nothing to replay on";
  expect_examples_to_run({""});
}

/// In this order: later ones read what earlier ones have made.
TEST_F(Help, TheExamplesOfEachCommandRun) {
  if (!QUATRAIN_HAS_SYSTEMC) GTEST_SKIP() << "built without SystemC: sim has nothing to replay on";
  expect_examples_to_run({"train", "trace", "trace info", "trace check", "trace show", "sim", "price", "sweep",
                          "verify", "report", "machines", "demo"});
}

}  // namespace
}  // namespace quatrain::tests
