#include "sim/report/gradient_study.hpp"

#include "tests/sim/report/gradient_recount.hpp"
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

namespace quatrain::sim::report {
namespace {

GradientStudy study_of(const traces::TraceReader& trace, std::int64_t most_macs) {
  base::ThreadPool pool(1);
  base::SilentProgress progress;
  return study_gradients(trace, pool, progress, {.most_macs = most_macs});
}

const std::string outside_trace = QUATRAIN_SOURCE_DIR "/tests/data/outside_trace";

void expect_equal(const GradientStudy& study, const std::vector<tests::RecountedRecord>& expected) {
  ASSERT_EQ(study.fidelity.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const LayerFidelity& record = study.fidelity[i];
    SCOPED_TRACE(fmt::format("{}, step {}", expected[i].layer, expected[i].step));
    EXPECT_EQ(record.layer, expected[i].layer);
    EXPECT_EQ(record.step, expected[i].step);
    EXPECT_EQ(record.batch, expected[i].batch);
    EXPECT_EQ(record.random_bits, expected[i].random_bits);
    EXPECT_EQ(name_of(record.alpha), expected[i].alpha);
    EXPECT_EQ(name_of(record.maximum), expected[i].maximum);
    ASSERT_EQ(record.effects.size(), expected[i].effects.size());
    for (std::size_t rule = 0; rule < record.effects.size(); ++rule) {
      const RoundingEffect& effect = record.effects[rule];
      const tests::RecountedEffect& wanted = expected[i].effects[rule];
      SCOPED_TRACE(fmt::format("{}, {} samples", wanted.rule, wanted.samples));
      EXPECT_EQ(effect.rule, wanted.rule);
      EXPECT_EQ(effect.samples, wanted.samples);
      EXPECT_EQ(effect.trials, wanted.trials);
      EXPECT_NEAR(effect.gain, wanted.gain, 1e-11);
      EXPECT_NEAR(effect.relative_error, wanted.relative_error, 1e-11);
      EXPECT_NEAR(effect.dead_share, wanted.dead_share, 1e-14);
      ASSERT_EQ(effect.gain_deviation.has_value(), wanted.gain_deviation.has_value());
      if (wanted.gain_deviation) {
        EXPECT_NEAR(*effect.gain_deviation, *wanted.gain_deviation, 1e-11);
      }
    }
  }
}

/// A trace made outside of this project: strides, paddings, groups, samples, hindsight, powers of two, zeros.
TEST(GradientStudy, EveryFigureIsThatOfARecountInExactArithmetic) {
  const auto expected = tests::recount_gradients(outside_trace);
  ASSERT_EQ(expected.size(), 15U);
  expect_equal(study_of(traces::TraceReader(outside_trace), 200'000'000), expected);
}

/// The scale is that of the whole batch, the sums those of its first image.
TEST(GradientStudy, ABoundTakesFewerImages) {
  const GradientStudy study = study_of(traces::TraceReader(outside_trace), 1);
  for (const LayerFidelity& record : study.fidelity) EXPECT_EQ(record.images, 1);
  expect_equal(study, tests::recount_gradients(outside_trace, 1));
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
  auto expected = tests::recount_gradients(outside_trace);
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
}  // namespace quatrain::sim::report
