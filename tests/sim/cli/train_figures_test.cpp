/// Every figure that `quatrain train` shows, against a run made again from docs/training-step.md by other
/// code (tests/support/training_by_text.hpp). The figures are read as a user's program would: by the names of
/// their columns.
#include "tests/support/program.hpp"
#include "tests/support/synthetic_images.hpp"
#include "tests/support/training_by_text.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>
#include <cstring>
#include <map>
#include <set>
#include <sstream>

namespace quatrain::tests {
namespace {

using base::read_whole_file;
using nlohmann::json;
using testing::HasSubstr;

/// 23 training images in batches of 8 (the last has 7), 9 test images in batches of 4 (the last has 1);
/// groups, an uneven kernel, strides and paddings of two sizes.
constexpr const char* config_text = R"({
  "name": "recount",
  "data": {"set": "fashion_mnist", "mean": 0.31, "std": 0.27},
  "seed": 11,
  "epochs": 3,
  "batch": 8,
  "evaluation_batch": 4,
  "optimizer": {"kind": "sgd", "momentum": 0.8, "weight_decay": 0.002},
  "learning_rate": {"schedule": "linear", "from": 0.06, "to": 0.02},
  "quantize": {"forward": "none", "gradient": "none"},
  "layers": [
    {"kind": "conv2d", "name": "conv1", "out_channels": 4, "kernel": [3, 2], "stride": [4, 3], "padding": [1, 0], "precision": "fp32"},
    {"kind": "relu"},
    {"kind": "conv2d", "name": "conv2", "out_channels": 6, "kernel": 3, "stride": 2, "padding": 1, "groups": 2, "precision": "fp32"},
    {"kind": "relu"},
    {"kind": "linear", "name": "fc", "out_features": 10, "precision": "fp32"}
  ]
})";

using Row = std::map<std::string, std::string>;

std::vector<std::string> split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    if (const std::string part = text.substr(begin, end - begin); !part.empty()) parts.push_back(part);
    begin = end + separator.size();
  }
  return parts;
}

/// Rows by column, of the lines below a header.
std::vector<Row> rows_of(const std::vector<std::string>& lines, const std::string& separator) {
  std::vector<Row> rows;
  const std::vector<std::string> names = split(lines.at(0), separator);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> cells = split(lines[i], separator);
    Row row;
    for (std::size_t column = 0; column < std::min(names.size(), cells.size()); ++column)
      row[names[column]] = cells[column].substr(cells[column].find_first_not_of(' '));
    rows.push_back(row);
  }
  return rows;
}

std::string rounded(double value, int digits) { return fmt::format("{:.{}f}", value, digits); }

class TrainFigures : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    write_synthetic_images(folder_ / "data", 23, 9);
    config_["learning_rate"] = json::parse(GetParam());
    base::write_whole_file(folder_ / "recount.json", config_.dump());
    expected_ = train_by_text(config_, folder_ / "data");
    const auto start = std::chrono::steady_clock::now();
    run_ = run_program(
        QUATRAIN_PROGRAM,
        fmt::format("train {0}/recount.json --data {0}/data --out {0}/run", folder_.path().string()),
        folder_);
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    ASSERT_EQ(run_.exit_code, 0) << run_.err;
    ASSERT_EQ(expected_.epochs.size(), 3U);
  }
  /// As coreutils see it.
  std::string sha256(const std::string& bytes) const {
    base::write_whole_file(folder_ / "bytes", bytes);
    return run_program("sha256sum", (folder_ / "bytes").string(), folder_).out.substr(0, 64);
  }
  std::string file(const std::string& name) const { return read_whole_file(folder_ / ("run/" + name)); }
  double accuracy(std::size_t epoch) const {
    return 100.0 * static_cast<double>(expected_.epochs[epoch].correct) /
           static_cast<double>(expected_.epochs[epoch].tested);
  }

  Folder folder_;
  json config_ = json::parse(config_text);
  RunByText expected_;
  ProgramRun run_;
  double seconds_ = 0;
};

/// Else a figure that is exchanged with its neighbour would pass.
TEST_P(TrainFigures, DifferFromEachOther) {
  std::set<double> figures;
  std::size_t count = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const EpochByText& epoch = expected_.epochs[i];
    for (const double figure : {static_cast<double>(epoch.train_loss), static_cast<double>(epoch.test_loss),
                                static_cast<double>(epoch.learning_rate)})
      count += figures.insert(figure).second;
    // the mean of the epoch's batches, of its last batch, and over a padded count are other numbers
    const std::vector<float>& losses = expected_.step_losses;
    const double of_batches =
        (static_cast<double>(losses[3 * i]) + losses[3 * i + 1] + losses[3 * i + 2]) / 3;
    EXPECT_GT(std::abs(of_batches - static_cast<double>(epoch.train_loss)), 1e-5);
    EXPECT_NE(losses[3 * i + 2], epoch.train_loss);
  }
  EXPECT_EQ(count, 9U);
  EXPECT_NE(accuracy(0), accuracy(2));
}

TEST_P(TrainFigures, OfTheMetricsTable) {
  const std::vector<Row> rows = rows_of(split(file("metrics.csv"), "\n"), ",");
  ASSERT_EQ(rows.size(), 3U);
  double seconds = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const EpochByText& epoch = expected_.epochs[i];
    const Row& row = rows[i];
    EXPECT_EQ(row.size(), 8U);
    EXPECT_EQ(row.at("epoch"), std::to_string(i + 1));
    EXPECT_EQ(row.at("step"), std::to_string(3 * (i + 1)));
    EXPECT_EQ(std::stof(row.at("train_loss")), epoch.train_loss) << "epoch " << i + 1;
    EXPECT_EQ(std::stof(row.at("test_loss")), epoch.test_loss) << "epoch " << i + 1;
    EXPECT_EQ(std::stod(row.at("test_accuracy_percent")), accuracy(i)) << "epoch " << i + 1;
    EXPECT_EQ(std::stof(row.at("learning_rate")), epoch.learning_rate) << "epoch " << i + 1;
    EXPECT_EQ(row.at("state_hash"), sha256(epoch.state_bytes)) << "epoch " << i + 1;
    EXPECT_GE(std::stod(row.at("seconds")), 0);
    seconds += std::stod(row.at("seconds"));
  }
  EXPECT_LE(seconds, seconds_ + 0.002) << "each row has its own epoch's time, rounded to milliseconds";
}

TEST_P(TrainFigures, OfTheStepsTable) {
  const std::vector<Row> rows = rows_of(split(file("steps.csv"), "\n"), ",");
  ASSERT_EQ(rows.size(), expected_.step_losses.size());
  for (std::size_t t = 0; t < rows.size(); ++t) {
    EXPECT_EQ(rows[t].at("step"), std::to_string(t));
    EXPECT_EQ(std::stof(rows[t].at("loss")), expected_.step_losses[t]) << "step " << t;
  }
}

TEST_P(TrainFigures, OfTheTerminal) {
  std::vector<std::string> lines = split(run_.out, "\n");
  ASSERT_EQ(lines.size(), 6U) << run_.out;
  // by hand: 4 of 7 x 9 outputs with 6 terms, 6 of 4 x 5 with 2 x 9, 10 with 120
  EXPECT_EQ(lines[0], fmt::format("recount: seed 11, 3 epochs, batch 8; {} forward MACs per image",
                                  4 * 7 * 9 * 6 + 6 * 4 * 5 * 18 + 10 * 120));
  EXPECT_EQ(lines[5], (folder_ / "run").string());
  const std::vector<Row> rows = rows_of({lines[1], lines[2], lines[3], lines[4]}, "  ");
  const std::vector<Row> table = rows_of(split(file("metrics.csv"), "\n"), ",");
  for (std::size_t i = 0; i < 3; ++i) {
    const EpochByText& epoch = expected_.epochs[i];
    EXPECT_EQ(rows[i].at("epoch"), std::to_string(i + 1));
    EXPECT_EQ(rows[i].at("train loss"), rounded(epoch.train_loss, 4));
    EXPECT_EQ(rows[i].at("test loss"), rounded(epoch.test_loss, 4));
    EXPECT_EQ(rows[i].at("test accuracy"), rounded(accuracy(i), 2) + " %");
    EXPECT_NEAR(std::stod(rows[i].at("seconds")), std::stod(table[i].at("seconds")), 0.051);
    EXPECT_EQ(rows[i].at("state_hash"), sha256(epoch.state_bytes));
  }
}

TEST_P(TrainFigures, OfTheLogAndTheRunFile) {
  for (std::size_t i = 0; i < 3; ++i) {
    const EpochByText& epoch = expected_.epochs[i];
    EXPECT_THAT(
        file("log.txt"),
        HasSubstr(fmt::format("epoch {}: train loss {:.4f}, test loss {:.4f}, test accuracy {:.2f} %, ",
                              i + 1, epoch.train_loss, epoch.test_loss, accuracy(i))));
    EXPECT_THAT(file("log.txt"), HasSubstr(" s, state_hash " + sha256(epoch.state_bytes) + "\n"));
  }
  const json run = json::parse(file("run.json"));
  EXPECT_EQ(run.at("state"), "finished");
  EXPECT_EQ(run.at("epochs"), 3);
  EXPECT_EQ(run.at("of_epochs"), 3);
  EXPECT_EQ(run.at("steps"), 9);
}

TEST_P(TrainFigures, OfTheCheckpoints) {
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string bytes = file(fmt::format("checkpoints/epoch_{:04}.safetensors", i + 1));
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    const json header = json::parse(bytes.substr(8, length));
    const json& facts = header.at("__metadata__");
    EXPECT_EQ(facts.at("epoch"), std::to_string(i + 1));
    EXPECT_EQ(facts.at("step"), std::to_string(3 * (i + 1)));
    EXPECT_EQ(facts.at("state_hash"), sha256(expected_.epochs[i].state_bytes));
    std::string lines;
    for (const char* name : {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", "train-images-idx3-ubyte",
                             "train-labels-idx1-ubyte"})
      lines += sha256(read_whole_file(folder_ / "data" / name)) + "  " + name + "\n";
    EXPECT_EQ(facts.at("data_sha256"), sha256(lines));
    EXPECT_EQ(header.at("conv2.weight").at("shape"), json({6, 2, 3, 3}));
    EXPECT_TRUE(bytes.substr(8 + length) == expected_.epochs[i].checkpoint_bytes) << "epoch " << i + 1;
  }
}

INSTANTIATE_TEST_SUITE_P(Schedules, TrainFigures,
                         testing::Values(R"({"schedule": "linear", "from": 0.06, "to": 0.02})",
                                         R"({"schedule": "step", "from": 0.06, "factor": 0.5, "every": 1})"));

}  // namespace
}  // namespace quatrain::tests
