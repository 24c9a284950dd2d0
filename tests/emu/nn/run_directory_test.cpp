#include "emu/nn/run_directory.hpp"

#include "tests/emu/nn/tiny_config.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/message_of.hpp"
#include "traces/base/files.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <thread>

namespace quatrain::emu {
namespace {

using base::read_whole_file;
using base::write_whole_file;
using tests::message_of;

EpochMetrics metrics_of(std::int64_t epoch) {
  return {.epoch = epoch,
          .step = 2 * epoch,
          .train_loss = 0.1F,
          .test_loss = 0.25F,
          .test_accuracy_percent = 87.5,
          .learning_rate = 0.05F,
          .seconds = 1.5,
          .state_hash = std::string(64, 'a')};
}

class RunDirectories : public testing::Test {
 protected:
  /// Two epochs of two steps.
  RunDirectory make() const {
    RunDirectory run = RunDirectory::create(path_, config_, file_);
    for (std::int64_t step = 0; step < 4; ++step) {
      run.add_step(0.5F);
      if (step % 2 == 1) run.add_epoch(metrics_of(step / 2 + 1));
    }
    return run;
  }

  tests::Folder folder_;
  std::filesystem::path path_ = folder_ / "run";
  TrainingConfig config_ = tests::tiny_config();
  RunFile file_{.program = "quatrain 1.2",
                .commands = {"quatrain train x"},
                .data_folder = "one",
                .data = {{"t10k-images-idx3-ubyte", "a"},
                         {"t10k-labels-idx1-ubyte", "b"},
                         {"train-images-idx3-ubyte", "c"},
                         {"train-labels-idx1-ubyte", "d"}},
                .of_epochs = 9};
};

TEST_F(RunDirectories, TablesAreAsTheArchitectureSays) {
  make();
  EXPECT_EQ(read_whole_file(path_ / "metrics.csv"),
            "epoch,step,train_loss,test_loss,test_accuracy_percent,learning_rate,seconds,state_hash\n"
            "1,2,0.1,0.25,87.5,0.05,1.500," +
                std::string(64, 'a') + "\n" + "2,4,0.1,0.25,87.5,0.05,1.500," + std::string(64, 'a') + "\n");
  EXPECT_EQ(read_whole_file(path_ / "steps.csv"), "step,loss\n0,0.5\n1,0.5\n2,0.5\n3,0.5\n");
  EXPECT_EQ(read_epochs(path_).at(1).step, 4);
  EXPECT_EQ(read_step_losses(path_), std::vector<float>(4, 0.5F));
}

TEST_F(RunDirectories, CutToACheckpoint) {
  make();
  RunDirectory run = RunDirectory::open(path_, config_, file_);
  EXPECT_EQ(run.epochs().size(), 2U);
  run.cut_to({.epoch = 1, .step = 2});
  EXPECT_EQ(read_epochs(path_).size(), 1U);
  EXPECT_EQ(read_step_losses(path_).size(), 2U);
  EXPECT_EQ(message_of([&] { run.cut_to({.epoch = 2, .step = 4}); }),
            (path_ / "metrics.csv").string() + ": 1 rows; the newest checkpoint is of epoch 2");
}

TEST_F(RunDirectories, AFolderWithContentsIsNotTaken) {
  std::filesystem::create_directories(path_);
  RunDirectory::create(path_, config_, file_);  // empty: fine
  EXPECT_EQ(message_of([&] { RunDirectory::create(path_, config_, file_); }),
            path_.string() + ": is not empty; expected a new folder, or to resume the run in it");
  write_whole_file(folder_ / "file", "");
  EXPECT_EQ(message_of([&] { RunDirectory::create(folder_ / "file", config_, file_); }),
            (folder_ / "file").string() + ": is not a folder");
  EXPECT_EQ(message_of([&] { RunDirectory::create(folder_ / "file/run", config_, file_); }),
            (folder_ / "file/run").string() + ": cannot be created: Not a directory");
}

TEST_F(RunDirectories, OnlyAnEqualConfigGoesOn) {
  EXPECT_EQ(message_of([&] { RunDirectory::open(path_, config_, file_); }),
            path_.string() + ": no config.json here; expected an earlier run to resume");
  make();
  config_.seed += 1;
  EXPECT_EQ(message_of([&] { RunDirectory::open(path_, config_, file_); }),
            (path_ / "config.json").string() +
                ": /seed: is 7 in this run and 8 now; a run goes on only with an equal config");
  config_ = tests::tiny_config();
  config_.epochs = 3;
  EXPECT_EQ(
      message_of([&] { RunDirectory::open(path_, config_, file_); }),
      (path_ / "config.json").string() +
          ": /epochs: is 2 in this run and 3 now; a run goes on only with an equal config (the learning rate "
          "depends on it; a run that has finished takes more)");
  write_whole_file(path_ / "config.json", "{");
  EXPECT_EQ(message_of([&] { RunDirectory::open(path_, config_, file_); }),
            (path_ / "config.json").string() +
                ": is not the config of this run; a run goes on only with an equal one");
}

TEST_F(RunDirectories, OnlyTheSameDataGoOn) {
  make();
  for (std::size_t i = 0; i < file_.data.size(); ++i) {
    RunFile other = file_;
    other.data_folder = "two";
    other.data[i].sha256 = "ff";
    EXPECT_EQ(message_of([&] { RunDirectory::open(path_, config_, other); }),
              fmt::format("{}: the run was trained on other data: {} has SHA-256 {} there and ff in two",
                          (path_ / "run.json").string(), file_.data[i].name, file_.data[i].sha256));
  }
  RunFile other = file_;
  other.data.pop_back();
  EXPECT_EQ(message_of([&] { RunDirectory::open(path_, config_, other); }),
            (path_ / "run.json").string() +
                ": the run was trained on other data: its files were t10k-images-idx3-ubyte, "
                "t10k-labels-idx1-ubyte, train-images-idx3-ubyte, train-labels-idx1-ubyte, and are "
                "t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, train-images-idx3-ubyte in one");
  std::filesystem::remove(path_ / "run.json");  // a run of an older program
  RunDirectory::open(path_, config_, file_);
}

TEST_F(RunDirectories, TheRunFileSaysHowItBeganAndHowFarItCame) {
  {
    RunDirectory run = make();
    RunFile now = read_run_file(path_).value();
    EXPECT_EQ(now.state, RunState::running) << "also what a killed run says";
    EXPECT_EQ(now.epochs, 2);
    EXPECT_EQ(now.steps, 4);
    run.add_step(0.25F);
    run.end(RunState::stopped, "no more room");
    EXPECT_EQ(read_step_losses(path_).back(), 0.25F) << "steps of an epoch that did not end are kept";
  }
  const std::string text = read_whole_file(path_ / "run.json");
  EXPECT_EQ(tests::JsonSchema("run").complaint(text), "");
  EXPECT_EQ(nlohmann::json::parse(text), nlohmann::json::parse(R"({"format": "quatrain-run", "version": 1,
    "program": "quatrain 1.2", "commands": ["quatrain train x"],
    "data": {"folder": "one", "sha256": {"t10k-images-idx3-ubyte": "a", "t10k-labels-idx1-ubyte": "b",
                                         "train-images-idx3-ubyte": "c", "train-labels-idx1-ubyte": "d"}},
    "state": "stopped", "epochs": 2, "of_epochs": 9, "steps": 5, "reason": "no more room"})"));
  file_.commands = {"quatrain train x --resume"};
  RunDirectory again = RunDirectory::open(path_, config_, file_);
  again.cut_to({.epoch = 1, .step = 2});
  again.end(RunState::finished);
  const RunFile now = read_run_file(path_).value();
  EXPECT_EQ(now.commands, (std::vector<std::string>{"quatrain train x", "quatrain train x --resume"}));
  EXPECT_EQ(now.state, RunState::finished);
  EXPECT_EQ(now.reason, std::nullopt);
  EXPECT_EQ(now.epochs, 1);
  EXPECT_EQ(now.steps, 2);
}

TEST_F(RunDirectories, OneTrainingAtATimeWorksInOne) {
  const RunDirectory run = make();
  EXPECT_EQ(
      message_of([&] { RunDirectory::open(path_, config_, file_); }),
      (path_ / "config.json").string() + ": another training works in this run; expected one that has ended");
}

TEST_F(RunDirectories, OfManyThatBeginTogetherOneGetsAFolder) {
  std::filesystem::create_directories(path_);
  std::atomic<int> made = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&] {
      made += message_of([&] { RunDirectory::create(path_, config_, file_); }) == "nothing was thrown";
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
}

TEST_F(RunDirectories, DamagedTablesAreNamed) {
  make();
  const std::string name = (path_ / "metrics.csv").string();
  const std::string header =
      "epoch,step,train_loss,test_loss,test_accuracy_percent,learning_rate,seconds,state_hash";
  const auto complaint = [&](const std::string& text) {
    write_whole_file(path_ / "metrics.csv", text);
    return message_of([&] { read_epochs(path_); });
  };
  EXPECT_EQ(complaint(""), name + ": line 1: expected '" + header + "'");
  EXPECT_EQ(complaint("epoch\n"), name + ": line 1: expected '" + header + "'");
  EXPECT_EQ(complaint(header + "\n1,2,x,0.25,87.5,0.05,1.5,aa\n"), name + ": line 2: 'x'; expected a number");
  EXPECT_EQ(complaint(header + "\n1,2,0.1,0.25,87.5,0.05\n"), name + ": line 2: ''; expected a number");
  EXPECT_EQ(complaint(header + "\n1,2,0.1,0.25,87.5,0.05,1.5,aa,7\n"),
            name + ": line 2: '7'; expected the end of the line");
  EXPECT_EQ(complaint(header + "\n1,2,0.1,0.25,87.5,0.05,1.5,aa\n3,4,0.1,0.25,87.5,0.05,1.5,aa\n"),
            name + ": line 3: epoch 3; expected 2");
  write_whole_file(path_ / "steps.csv", "step,loss\n0,0.5\n2,0.5\n");
  EXPECT_EQ(message_of([&] { read_step_losses(path_); }),
            (path_ / "steps.csv").string() + ": line 3: step 2; expected 1");
}

TEST_F(RunDirectories, FirstFreeNumberIsMade) {
  EXPECT_EQ(make_numbered_directory(folder_.path(), "demo"), folder_ / "demo-001");
  std::filesystem::create_directories(folder_ / "demo-003");
  EXPECT_EQ(make_numbered_directory(folder_.path(), "demo"), folder_ / "demo-002");
  EXPECT_EQ(make_numbered_directory(folder_.path(), "demo"), folder_ / "demo-004");
  EXPECT_EQ(tests::contents(folder_.path()),
            (std::set<std::string>{"demo-001", "demo-002", "demo-003", "demo-004"}));
}

TEST_F(RunDirectories, TheLogGrowsByLines) {
  const RunDirectory run = make();
  run.log("one");
  run.log("two");
  EXPECT_EQ(read_whole_file(path_ / "log.txt"), "one\ntwo\n");
}

}  // namespace
}  // namespace quatrain::emu
