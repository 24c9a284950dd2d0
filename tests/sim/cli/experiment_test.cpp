/// quatrain experiment, typed as a user types it; its figures are counted again from the runs' own tables.
#include "tests/emu/nn/tiny_config.hpp"
#include "tests/sim/report/page_reader.hpp"
#include "tests/support/program.hpp"
#include "tests/support/signalled_program.hpp"
#include "tests/support/synthetic_images.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <sstream>
#include <thread>

namespace quatrain::tests {
namespace {

using base::read_whole_file;
using base::write_whole_file;
using testing::HasSubstr;

constexpr const char* experiment_text = R"({
  "name": "e", "config": "tiny.json", "seeds": [5, 1, 8], "baseline": "luq",
  "variants": [
    {"name": "fp32", "quantize": "fp32"},
    {"name": "luq"},
    {"name": "smp4", "title": "LUQ + SMP 4", "set": {"quantize.samples": 4, "learning_rate.from": 0.02}}]})";

/// The 97.5 % point of Student's distribution with two degrees of freedom: 0.95 sqrt(2 / (1 - 0.95^2)), as
/// its distribution function 1/2 + t / (2 sqrt(2 + t^2)) has a closed form.
const double t_of_two = 0.95 * std::sqrt(2 / (1 - 0.95 * 0.95));

struct Expected {
  double mean = 0, deviation = 0, low = 0, high = 0;
};
Expected expected_of(const std::vector<double>& v) {
  Expected e;
  for (const double x : v) e.mean += x / 3;
  for (const double x : v) e.deviation += (x - e.mean) * (x - e.mean) / 2;
  e.deviation = std::sqrt(e.deviation);
  e.low = e.mean - t_of_two * e.deviation / std::sqrt(3.0);
  e.high = e.mean + t_of_two * e.deviation / std::sqrt(3.0);
  return e;
}

std::vector<std::vector<std::string>> rows_of(const std::string& csv) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) {
    rows.emplace_back();
    std::istringstream words(line);
    for (std::string word; std::getline(words, word, ',');) rows.back().push_back(word);
  }
  return rows;
}

class ExperimentCommand : public testing::Test {
 protected:
  void SetUp() override {
    write_synthetic_images(folder_ / "data", 160, 70, {.noise = 96, .contrast = 20});
    write_whole_file(folder_ / "tiny.json", tiny_config_text);
    write_whole_file(folder_ / "e.json", experiment_text);
  }
  ProgramRun quatrain(const std::string& arguments) const {
    return run_program("cd " + folder_.path().string() + " && " QUATRAIN_PROGRAM, arguments, folder_);
  }
  std::string text(const std::string& file) const { return read_whole_file(folder_ / file); }

  /// A column of metrics.csv in the last epoch of a variant's three runs, in the order of the seeds.
  std::vector<double> last_values(const std::string& variant, std::size_t column) const {
    std::vector<double> values;
    for (const char* seed : {"5", "1", "8"})
      values.push_back(
          std::stod(rows_of(text("e/" + variant + "/seed_" + seed + "/metrics.csv")).back()[column]));
    return values;
  }
  /// results.csv without the seconds, which are never the same.
  std::vector<std::vector<std::string>> results() const {
    auto rows = rows_of(text("e/results.csv"));
    for (auto& row : rows) row.at(8) = "";
    return rows;
  }
  /// Sends a signal to the experiment as soon as `file` is there.
  void signal_at(const std::filesystem::path& file, int signal) const {
    SignalledProgram experiment(QUATRAIN_PROGRAM, "experiment e.json --data data --out e --jobs 2", folder_);
    experiment.wait_until([&] { return std::filesystem::exists(file); });
    EXPECT_EQ(experiment.end(signal).exit_code, signal == SIGKILL ? 137 : 130);
  }

  Folder folder_;
};

TEST_F(ExperimentCommand, EveryFigureIsThatOfTheRuns) {
  const ProgramRun run = quatrain("experiment e.json --data data --out e --jobs 2");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const ShownPage page = read_page(text("e/report.html"));
  const ShownTable& means = page.table("After the last epoch: mean over the seeds");
  const ShownTable& differences = page.table("Paired differences to luq, seed by seed");
  EXPECT_EQ(means.rows.size(), 9U);
  EXPECT_EQ(differences.rows.size(), 6U);
  const auto number = [](double value, int decimals) { return fmt::format("{:.{}f}", value, decimals); };
  const auto signed_number = [](double value, int decimals) {
    return fmt::format("{:+.{}f}", value, decimals);
  };
  struct Column {
    const char* title;
    std::size_t place;
    int decimals;
  };
  for (const auto& [variant, title] :
       {std::pair("fp32", "fp32"), std::pair("luq", "luq"), std::pair("smp4", "LUQ + SMP 4")})
    for (const Column& column :
         {Column{"test accuracy, %", 4, 2}, Column{"test loss", 3, 4}, Column{"train loss", 2, 4}}) {
      const std::vector<double> values = last_values(variant, column.place);
      const Expected e = expected_of(values);
      const auto shown = [&](const char* heading) { return means.at({title, column.title}, heading); };
      EXPECT_EQ(shown("runs"), "3");
      EXPECT_EQ(shown("mean"), number(e.mean, column.decimals));
      EXPECT_EQ(shown("deviation"), number(e.deviation, column.decimals));
      EXPECT_EQ(shown("95 % interval of the mean"),
                number(e.low, column.decimals) + " to " + number(e.high, column.decimals));
      EXPECT_EQ(shown("smallest"), number(*std::ranges::min_element(values), column.decimals));
      EXPECT_EQ(shown("largest"), number(*std::ranges::max_element(values), column.decimals));
      if (std::string(variant) == "luq") continue;
      std::vector<double> paired = values;
      const std::vector<double> base = last_values("luq", column.place);
      for (std::size_t i = 0; i < 3; ++i) paired[i] -= base[i];
      const Expected d = expected_of(paired);
      const auto difference = [&](const char* heading) {
        return differences.at({title, column.title}, heading);
      };
      EXPECT_EQ(difference("pairs"), "3");
      EXPECT_EQ(difference("mean difference"), signed_number(d.mean, column.decimals));
      EXPECT_EQ(difference("deviation"), number(d.deviation, column.decimals));
      EXPECT_EQ(difference("95 % interval"),
                signed_number(d.low, column.decimals) + " to " + signed_number(d.high, column.decimals));
      EXPECT_EQ(difference("verdict"), d.low > 0 ? "higher" : d.high < 0 ? "lower" : "not told apart");
    }
  const auto terminal = read_terminal_tables(run.out);
  for (const auto& [title, table] : page.tables) EXPECT_EQ(terminal.at(title), table) << title;

  const Expected luq = expected_of(last_values("luq", 4));
  EXPECT_EQ(page.cards.at(1).label, "Test accuracy, luq");
  EXPECT_EQ(page.cards.at(1).value, number(luq.mean, 2) + " %");
  EXPECT_EQ(page.cards.at(1).detail,
            "95 % interval " + number(luq.low, 2) + " to " + number(luq.high, 2) + ", 3 runs");
}

TEST_F(ExperimentCommand, TheChartsAreTheMeansOfTheRuns) {
  ASSERT_EQ(quatrain("experiment e.json --data data --out e --jobs 2").exit_code, 0);
  const ShownPage page = read_page(text("e/report.html"));
  const auto& accuracy = page.chart("Test accuracy by epoch, mean over the seeds");
  const auto& loss = page.chart("Training loss by step, mean over the seeds");
  const auto& means = page.chart("Test accuracy: mean and its 95 % interval");
  const auto& differences = page.chart("Test accuracy minus that of luq: mean and 95 % interval");
  EXPECT_EQ(means["labels"], nlohmann::json({"fp32", "luq", "LUQ + SMP 4"}));
  EXPECT_EQ(differences["labels"], nlohmann::json({"fp32", "LUQ + SMP 4"}));
  EXPECT_EQ(differences["reference"], 0.0);
  const std::vector<double> base = last_values("luq", 4);
  std::size_t place = 0, other = 0;
  for (const std::string variant : {"fp32", "luq", "smp4"}) {
    const Expected e = expected_of(last_values(variant, 4));
    EXPECT_NEAR(means["series"][0]["y"][place].get<double>(), e.mean, 1e-9);
    EXPECT_NEAR(means["series"][0]["bounds"][place][1].get<double>(), e.high, 1e-9);
    if (variant != "luq") {
      std::vector<double> paired = last_values(variant, 4);
      for (std::size_t i = 0; i < 3; ++i) paired[i] -= base[i];
      EXPECT_NEAR(differences["series"][0]["y"][other].get<double>(), expected_of(paired).mean, 1e-9);
      EXPECT_NEAR(differences["series"][0]["bounds"][other][0].get<double>(), expected_of(paired).low, 1e-9);
      ++other;
    }
    for (std::size_t epoch = 1; epoch <= 2; ++epoch) {
      double mean = 0;
      for (const char* seed : {"5", "1", "8"})
        mean += std::stod(rows_of(text("e/" + variant + "/seed_" + seed + "/metrics.csv")).at(epoch)[4]) / 3;
      EXPECT_NEAR(accuracy["series"][place]["y"][epoch - 1].get<double>(), mean, 1e-9);
    }
    for (const std::size_t step : {0UL, 7UL, 19UL}) {
      double mean = 0;
      for (const char* seed : {"5", "1", "8"})
        mean += std::stod(rows_of(text("e/" + variant + "/seed_" + seed + "/steps.csv")).at(step + 1)[1]) / 3;
      EXPECT_NEAR(loss["series"][place]["y"][step].get<double>(), mean, 1e-6) << variant << " " << step;
    }
    ++place;
  }
}

TEST_F(ExperimentCommand, TheTableHasEveryRunAndTheCommandsRepeatThem) {
  ASSERT_EQ(quatrain("experiment e.json --data data --out e --jobs 2").exit_code, 0);
  const auto rows = rows_of(text("e/results.csv"));
  ASSERT_EQ(rows.size(), 1U + 9 * 2);
  EXPECT_EQ(rows[0][0], "variant");
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const auto metrics = rows_of(text("e/" + rows[i][0] + "/seed_" + rows[i][1] + "/metrics.csv"));
    const auto& expected = metrics.at(std::stoul(rows[i][2]));
    EXPECT_EQ((std::vector(rows[i].begin() + 2, rows[i].end())), expected);
  }
  const ShownPage page = read_page(text("e/report.html"));
  ASSERT_EQ(page.commands.size(), 10U);
  const std::string prefix = "quatrain ";
  ASSERT_EQ(quatrain(page.commands[6].substr(prefix.size())).exit_code, 0) << page.commands[6];
  const std::string again = rows_of(text("e-again/smp4/seed_1/metrics.csv")).back()[7];
  EXPECT_EQ(again, rows_of(text("e/smp4/seed_1/metrics.csv")).back()[7]);
  EXPECT_EQ(page.table("After the last epoch that ended").at({"LUQ + SMP 4", "1"}, "state hash"),
            again.substr(0, 12));
  EXPECT_EQ(quatrain(page.commands[0].substr(prefix.size())).exit_code, 0)
      << "it goes on with the one that is there";
}

TEST_F(ExperimentCommand, WhatHasFinishedIsKeptAndTheRestGoesOn) {
  ASSERT_EQ(quatrain("experiment e.json --data data --out e --jobs 2").exit_code, 0);
  const auto undisturbed = results();
  for (const int signal : {SIGINT, SIGKILL}) {
    std::filesystem::remove_all(folder_ / "e");
    signal_at(folder_ / "e/fp32/seed_1/checkpoints/epoch_0001.safetensors", signal);
    if (signal == SIGINT) {
      EXPECT_EQ(
          text("stderr"),
          "what has finished is kept; it goes on with: quatrain experiment e.json --out e\ninterrupted\n");
    }
    const std::string first = text("e/fp32/seed_5/run.json");
    ProgramRun run;
    for (int i = 0; i < 50; ++i) {  // the orphans of a killed experiment end in their own time
      run = quatrain("experiment e.json --data data --out e --jobs 2");
      if (run.exit_code == 0) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_EQ(results(), undisturbed);
    EXPECT_EQ(text("e/fp32/seed_5/run.json"), first) << "a finished run is not touched";
  }
  const ProgramRun again = quatrain("experiment e.json --data data --out e");
  EXPECT_THAT(again.out, HasSubstr("9 runs; 9 finished before"));
  EXPECT_EQ(results(), undisturbed);
}

TEST_F(ExperimentCommand, ARunThatFailsIsNamedAndTheOthersAreCompared) {
  std::string with_failure = experiment_text;
  with_failure.replace(with_failure.find("0.02"), 4, "1e2");
  write_whole_file(folder_ / "e.json", with_failure);
  const ProgramRun run = quatrain("experiment e.json --data data --out e --jobs 2");
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.err, HasSubstr("error: smp4, seed 5: tiny: step "));
  const ShownPage page = read_page(text("e/report.html"));
  EXPECT_EQ(page.table("After the last epoch: mean over the seeds").rows.size(), 6U);
  EXPECT_THAT(page.table("After the last epoch that ended").at({"LUQ + SMP 4", "8"}, "not finished because"),
              HasSubstr("the training diverges"));
  EXPECT_EQ(page.table("After the last epoch that ended").at({"luq", "8"}, "not finished because"), "");
}

TEST_F(ExperimentCommand, WhatCannotBeMeantIsNamedBeforeAnythingRuns) {
  const auto refusal = [&](const std::string& arguments) {
    const ProgramRun run = quatrain("experiment " + arguments);
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_EQ(run.out, "");
    return run.err;
  };
  EXPECT_EQ(refusal("absent.json --data data"),
            "error: absent.json: no such file; expected a file, or one of the experiment configs inside the "
            "program: "
            "demo_recipes\n");
  EXPECT_THAT(refusal("e.json --data absent"), HasSubstr("absent: no such folder"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs"));
  ASSERT_EQ(quatrain("train tiny.json --data data --out e/luq/seed_5").exit_code, 0);
  EXPECT_EQ(
      refusal("e.json --data data --out e"),
      "error: e/luq/seed_5/config.json: /seed: is 7 in this run and 5 now; a run goes on only with an equal "
      "config\n");
}

}  // namespace
}  // namespace quatrain::tests
