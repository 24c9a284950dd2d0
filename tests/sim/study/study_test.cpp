#include "sim/study/study.hpp"

#include "tests/sim/study/gradient_recount.hpp"
#include "tests/support/folder.hpp"
#include "traces/base/error.hpp"
#include "traces/base/files.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

namespace quatrain::sim::study {
namespace {

const std::vector<unsigned> samples = {1, 2, 5};
constexpr unsigned trials = 3;

GradientStudy study_of(const traces::TraceReader& trace, std::int64_t most_macs) {
  base::ThreadPool pool(1);
  base::SilentProgress progress;
  return study_gradients(trace, pool, progress,
                         {.asked = {.samples = samples, .trials = trials, .most_macs = most_macs}});
}

std::vector<tests::RecountedRecord> recount(const std::string& trace, std::int64_t most_images = INT64_MAX) {
  return tests::recount_gradients(trace, {.samples = samples, .trials = trials, .most_images = most_images});
}

const std::string outside_trace = QUATRAIN_SOURCE_DIR "/tests/data/outside_trace";

void expect_estimate(const Estimate& estimate, double mean, const std::optional<double>& error) {
  EXPECT_NEAR(estimate.mean, mean, 1e-11);
  ASSERT_EQ(estimate.standard_error.has_value(), error.has_value());
  if (error) {
    EXPECT_NEAR(*estimate.standard_error, *error, 1e-11);
  }
}

void expect_equal(const RoundingEffect& effect, const tests::RecountedEffect& wanted) {
  EXPECT_EQ(effect.setting.rule == traces::Rule::luq_fp4 ? "luq" : "nearest", wanted.rule);
  EXPECT_EQ(effect.samples, wanted.samples);
  EXPECT_EQ(effect.trials, wanted.trials);
  expect_estimate(effect.gain, wanted.gain, wanted.gain_error);
  expect_estimate(effect.relative_error, wanted.relative_error, wanted.relative_error_error);
  expect_estimate(effect.dead_share, wanted.dead_share, wanted.dead_share_error);
  ASSERT_EQ(effect.expected.has_value(), wanted.expected_gain.has_value());
  if (!effect.expected) return;
  EXPECT_NEAR(effect.expected->gain, *wanted.expected_gain, 1e-11);
  EXPECT_NEAR(effect.expected->relative_error, *wanted.expected_error, 1e-11);
  EXPECT_NEAR(effect.expected->error_floor, *wanted.error_floor, 1e-11);
  EXPECT_NEAR(effect.expected->dead_share, *wanted.expected_dead_share, 1e-11);
}

void expect_equal(const GradientStudy& study, const std::vector<tests::RecountedRecord>& expected) {
  ASSERT_EQ(study.gradients.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const StudiedGradient& gradient = study.gradients[i];
    SCOPED_TRACE(fmt::format("{}, step {}", expected[i].layer, expected[i].step));
    EXPECT_EQ(gradient.layer, expected[i].layer);
    EXPECT_EQ(gradient.step, expected[i].step);
    EXPECT_EQ(gradient.batch, expected[i].batch);
    EXPECT_EQ(name_of(gradient.maximum), expected[i].maximum);
    EXPECT_EQ(gradient.compared, Compared::weight_gradient);
    ASSERT_EQ(gradient.effects.size(), expected[i].effects.size());
    for (std::size_t rule = 0; rule < gradient.effects.size(); ++rule) {
      const RoundingEffect& effect = gradient.effects[rule];
      const tests::RecountedEffect& wanted = expected[i].effects[rule];
      SCOPED_TRACE(fmt::format("{}, {} samples", wanted.rule, wanted.samples));
      EXPECT_EQ(name_of(effect.setting.alpha), expected[i].alpha);
      EXPECT_EQ(effect.setting.random_bits, wanted.rule == "luq" ? expected[i].random_bits : 0);
      expect_equal(effect, wanted);
    }
  }
}

/// A trace made outside of this project: strides, paddings, groups, samples, hindsight, powers of two, zeros.
TEST(GradientStudy, EveryFigureIsThatOfARecountInExactArithmetic) {
  const auto expected = recount(outside_trace);
  ASSERT_EQ(expected.size(), 15U);
  expect_equal(study_of(traces::TraceReader(outside_trace), 200'000'000), expected);
}

/// The scale is that of the whole batch, the sums those of its first image.
TEST(GradientStudy, ABoundTakesFewerImages) {
  const GradientStudy study = study_of(traces::TraceReader(outside_trace), 1);
  for (const StudiedGradient& gradient : study.gradients) EXPECT_EQ(gradient.images, 1);
  expect_equal(study, recount(outside_trace, 1));
}

TEST(GradientStudy, HistogramCountsEveryGradientCodeUnderItsValue) {
  const auto expected = tests::recount_gradient_codes(outside_trace);
  const GradientStudy study = study_of(traces::TraceReader(outside_trace), 1);
  ASSERT_EQ(study.histograms.size(), expected.size());
  for (const CodeHistogram& histogram : study.histograms)
    for (std::size_t place = 0; place < 15; ++place) {
      const auto& counts = expected.at(histogram.layer);
      const int value = CodeHistogram::values[place];
      EXPECT_EQ(histogram.counts[place], counts.contains(value) ? counts.at(value) : 0)
          << histogram.layer << " " << value;
    }
}

/// A byte of a file is changed: the records that read it are named, the others keep their figures.
TEST(GradientStudy, ARecordThatCannotBeReadCostsItsRow) {
  const tests::Folder folder;
  std::filesystem::copy(outside_trace, folder / "trace");
  const auto manifest = folder / "trace/manifest.json";
  auto json = nlohmann::json::parse(base::read_whole_file(manifest));
  const std::string tensor = "0/train/conv_gaps/gradient/source";
  json["tensors"][tensor]["crc32c"] = "00000000";
  base::write_whole_file(manifest, json.dump());
  const GradientStudy study = study_of(traces::TraceReader((folder / "trace").string()), 200'000'000);
  ASSERT_EQ(study.unreadable.size(), 1U);
  EXPECT_EQ(study.unreadable[0].layer, "conv_gaps");
  EXPECT_EQ(study.unreadable[0].step, 0U);
  EXPECT_THAT(study.unreadable[0].why, testing::HasSubstr(tensor));
  auto expected = recount(outside_trace);
  std::erase_if(expected, [](const auto& record) { return record.layer == "conv_gaps"; });
  expect_equal(study, expected);
}

TEST(GradientStudy, StopsWhenItIsTold) {
  base::ThreadPool pool(2);
  base::SilentProgress progress;
  std::atomic<int> polls = 0;
  const traces::TraceReader trace(outside_trace);
  EXPECT_THROW(study_gradients(trace, pool, progress, {.stops = [&] { return ++polls > 40; }}),
               base::Interrupted);
}

}  // namespace
}  // namespace quatrain::sim::study
