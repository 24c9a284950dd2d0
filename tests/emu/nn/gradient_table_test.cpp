/// gradients.csv: what is written is read, and the run that makes it is the same however it is run.
#include "emu/nn/gradient_table.hpp"

#include "tests/emu/nn/tiny_run.hpp"
#include "tests/support/message_of.hpp"
#include "traces/base/files.hpp"

#include <cmath>
#include <set>

namespace quatrain::emu {
namespace {

using base::read_whole_file;
using tests::message_of;

GradientRow row(std::int64_t step, const std::string& layer) {
  GradientRow made{.step = step, .layer = layer, .rule = traces::Rule::luq_fp4, .statistics = {}};
  made.statistics = {.elements = 40,
                     .nonzero = 30,
                     .maximum = 0.1F,
                     .alpha = 0.1F / 64,
                     .below_alpha_share = 0.25F,
                     .ln_mean = -4.5F,
                     .ln_sigma = 1.25F,
                     .top_code_share = 0.125F,
                     .snr_db = INFINITY,
                     .cosine = 0.75F,
                     .gain = 1.0625F,
                     .codes = std::array<std::uint64_t, 15>{}};
  for (std::size_t i = 0; i < 15; ++i) (*made.statistics.codes)[i] = i;
  return made;
}

TEST(GradientTable, WhatIsWrittenIsRead) {
  const tests::Folder folder;
  EXPECT_TRUE(read_gradients(folder.path()).empty()) << "no table is no row";
  GradientRow bare{.step = 9, .layer = "conv2", .rule = std::nullopt, .statistics = {}};
  bare.statistics = {.elements = 3, .nonzero = 0, .maximum = 0, .alpha = 0};
  const std::vector<GradientRow> rows = {row(0, "conv2"), row(0, "fc1"), bare};
  write_gradients(folder.path(), rows);
  EXPECT_EQ(read_gradients(folder.path()), rows);
  EXPECT_EQ(
      read_whole_file(folder / "gradients.csv"),
      "step,layer,rule,elements,nonzero,maximum,alpha,below_alpha_share,ln_mean,ln_sigma,top_code_share,"
      "snr_db,cosine,gain,code_-64,code_-32,code_-16,code_-8,code_-4,code_-2,code_-1,code_0,code_1,code_2,"
      "code_4,code_8,code_16,code_32,code_64\n"
      "0,conv2,luq_fp4,40,30,0.1,0.0015625,0.25,-4.5,1.25,0.125,inf,0.75,1.0625,0,1,2,3,4,5,6,7,8,9,10,11,"
      "12,13,14\n"
      "0,fc1,luq_fp4,40,30,0.1,0.0015625,0.25,-4.5,1.25,0.125,inf,0.75,1.0625,0,1,2,3,4,5,6,7,8,9,10,11,"
      "12,13,14\n"
      "9,conv2,none,3,0,0,0,,,,,,,,,,,,,,,,,,,,,,\n");
}

TEST(GradientTable, BadInputNamesFileAndLine) {
  const tests::Folder folder;
  const std::filesystem::path file = folder / "gradients.csv";
  write_gradients(folder.path(), {row(4, "conv2"), row(5, "fc1")});
  const std::string good = read_whole_file(file);
  const auto message_with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    base::write_whole_file(file, text);
    return message_of([&] { read_gradients(folder.path()); });
  };
  const std::string name = file.string();
  EXPECT_EQ(message_with("5,fc1", "3,fc1"),
            name + ": line 3: step 3 stands behind step 4; expected steps in order");
  EXPECT_EQ(message_with("luq_fp4", "luq"),
            name + ": line 2: 'luq'; expected a rule of gradients: luq_fp4, nearest_fp4 or none");
  EXPECT_EQ(message_with("conv2,luq_fp4", "conv2,none"),
            name + ": line 2: '0'; expected nothing, since the gradient has no codes");
  EXPECT_EQ(message_with("inf", "large"), name + ": line 2: 'large'; expected a number");
  EXPECT_EQ(message_with(",14\n", ",14,15\n"), name + ": line 2: '15'; expected the end of the line");
  EXPECT_EQ(message_with("step,layer", "layer,step").substr(0, name.size() + 18),
            name + ": line 1: expected");
}

class GradientRun : public tests::TinyRun {
 protected:
  TrainingOptions watched(const std::string& name, std::int64_t every = 1) const {
    TrainingOptions run = options(name);
    run.gradients_every = every;
    return run;
  }
  std::string table(const std::string& run) const { return read_whole_file(folder_ / run / "gradients.csv"); }
};

TEST_F(GradientRun, ChangesNothingAndHasARowForEachQuantizedLayerAndNthStep) {
  const auto expected = hashes(train(options("plain")).epochs);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "plain/gradients.csv"));
  EXPECT_EQ(hashes(train(watched("run", 4)).epochs), expected);
  std::vector<std::pair<std::int64_t, std::string>> seen;
  for (const GradientRow& one : read_gradients(folder_ / "run")) seen.emplace_back(one.step, one.layer);
  std::vector<std::pair<std::int64_t, std::string>> wanted;
  for (const int step : {0, 4, 8})
    for (const char* layer : {"conv2", "conv3", "fc1"}) wanted.emplace_back(step, layer);
  EXPECT_EQ(seen, wanted);
}

TEST_F(GradientRun, SameTableForAnyThreadsAndPath) {
  train(watched("first"));
  for (const SimdPath path : supported_paths())
    for (const unsigned threads : {2U, 7U}) {
      TrainingOptions again = watched(fmt::format("{}_{}", name_of(path), threads));
      again.path = path;
      again.threads = threads;
      train(again);
      EXPECT_EQ(table(again.run_directory.filename()), table("first"));
    }
}

/// In the first epoch; in its evaluation; in the second epoch.
TEST_F(GradientRun, AResumedRunHasTheTableOfOneThatNeverStopped) {
  train(watched("whole"));
  for (const int step : {0, 4, 7, 12}) {
    TrainingOptions resumed = watched(fmt::format("stopped_{}", step));
    train_until(resumed, step);
    const auto rows = read_gradients(resumed.run_directory);
    EXPECT_EQ(rows.size(), 3 * read_step_losses(resumed.run_directory).size());
    resumed.resumes = true;
    train(resumed);
    EXPECT_EQ(table(resumed.run_directory.filename()), table("whole"));
  }
}

/// The layers that a recipe takes the rules from keep their rows, without what needs codes.
TEST_F(GradientRun, AnFp32RunHasRowsWithoutCodes) {
  TrainingOptions run = watched("fp32", 6);
  run.config = with_overrides(run.config, {.quantize = Recipe::fp32}, "");
  train(run);
  const auto rows = read_gradients(folder_ / "fp32");
  ASSERT_EQ(rows.size(), 6U);
  for (const GradientRow& one : rows) {
    EXPECT_FALSE(one.rule);
    EXPECT_GT(one.statistics.maximum, 0);
    EXPECT_TRUE(one.statistics.ln_sigma);
  }
}

}  // namespace
}  // namespace quatrain::emu
