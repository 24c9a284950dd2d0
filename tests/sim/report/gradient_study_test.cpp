#include "sim/report/gradient_study.hpp"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <string>

namespace quatrain::sim::report {
namespace {

GradientStudy study_of(const traces::TraceReader& trace, std::int64_t most_macs) {
  traces::ThreadPool pool(1);
  traces::SilentProgress progress;
  return study_gradients(trace, pool, progress, {.most_macs = most_macs});
}

/// Its gradient is all zero in every traced step.
const std::string all_zero_layer = "linear_zero";
/// An all-zero gradient, or an all-zero input.
bool has_no_ratio(const std::string& layer) { return layer == all_zero_layer || layer == "linear_dead"; }
const std::string outside_trace = QUATRAIN_SOURCE_DIR "/tests/data/outside_trace";

TEST(GradientStudy, HistogramCountsEveryGradientCode) {
  const traces::TraceReader trace(outside_trace);
  std::map<std::string, std::uint64_t> codes;
  for (const traces::QuantizerRecord& record : trace.manifest().quantizers)
    if (record.role == traces::Role::gradient)
      codes[trace.manifest().layer(record.layer).name] +=
          static_cast<std::uint64_t>(traces::element_count(trace.manifest().tensors.at(record.codes).shape));
  ASSERT_FALSE(codes.empty());
  const GradientStudy study = study_of(trace, 1'000'000);
  ASSERT_EQ(study.histograms.size(), codes.size());
  for (const CodeHistogram& histogram : study.histograms) {
    EXPECT_EQ(std::accumulate(histogram.counts.begin(), histogram.counts.end(), std::uint64_t{0}),
              codes.at(histogram.layer));
    EXPECT_GT(histogram.counts[7], 0U) << "zeros of " << histogram.layer;
    EXPECT_EQ(histogram.counts[0] + histogram.counts[14] > 0, histogram.layer != all_zero_layer)
        << histogram.layer;
  }
}

TEST(GradientStudy, EveryTracedBackwardWeightIsCompared) {
  const traces::TraceReader trace(outside_trace);
  std::size_t expected = 0;
  for (const traces::GemmRecord& gemm : trace.manifest().gemms)
    expected += gemm.phase == traces::Phase::backward_weight;
  const GradientStudy study = study_of(trace, 200'000'000);
  EXPECT_EQ(study.fidelity.size(), expected);
  for (const LayerFidelity& record : study.fidelity) {
    EXPECT_EQ(record.images, record.batch);
    ASSERT_EQ(record.effects.size(), has_no_ratio(record.layer) ? 0U : 4U);
    if (record.effects.empty()) continue;
    EXPECT_LT(record.effects[2].relative_error, record.effects[0].relative_error) << record.layer;
  }
}

TEST(GradientStudy, ABoundTakesFewerImages) {
  const traces::TraceReader trace(outside_trace);
  const GradientStudy study = study_of(trace, 1);
  ASSERT_FALSE(study.fidelity.empty());
  for (const LayerFidelity& record : study.fidelity) {
    EXPECT_EQ(record.images, 1);
    EXPECT_GE(record.batch, record.images);
  }
}

}  // namespace
}  // namespace quatrain::sim::report
