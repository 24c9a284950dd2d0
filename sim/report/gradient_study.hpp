#pragma once
/// What a trace says of its gradients: which codes they became, and what rounding did to each weight
/// gradient.

#include "sim/report/gradient_fidelity.hpp"
#include "traces/base/progress.hpp"
#include "traces/format/reader.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace quatrain::sim::report {

struct LayerFidelity {
  std::string layer;
  std::uint32_t step = 0;
  std::int64_t images = 0, batch = 0;  ///< the first `images` of the batch are compared
  unsigned random_bits = 0;            ///< of LUQ's draws; the record's, or 16 where its rule draws none
  traces::Alpha alpha = traces::Alpha::exact;
  traces::Maximum maximum = traces::Maximum::measured;
  std::vector<RoundingEffect> effects;
};

/// Gradient codes of a layer over all traced training steps and samples, by value: -64, -32, .., -1, 0, 1,
/// .., 64.
struct CodeHistogram {
  static constexpr std::array<int, 15> values = {-64, -32, -16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 16, 32, 64};
  std::string layer;
  std::array<std::uint64_t, 15> counts{};
  std::uint64_t total() const;
};

/// A record that cannot be read; it is left out of the figures.
struct UnreadableRecord {
  std::string layer;
  std::uint32_t step = 0;
  std::string why;
};

struct GradientStudy {
  std::string rule;               ///< that made the trace's codes; several are joined by ", "
  std::set<std::uint32_t> steps;  ///< traced training steps
  std::vector<CodeHistogram> histograms;
  std::vector<LayerFidelity> fidelity;  ///< layers in the network's order, steps by number
  std::vector<UnreadableRecord> unreadable;
};

struct StudyOptions {
  /// Multiply-adds of one dW; a record with more takes only the first images of its batch.
  std::int64_t most_macs = 200'000'000;
  std::function<bool()> stops = {};  ///< polled while it computes; true throws Interrupted
};

GradientStudy study_gradients(const traces::TraceReader& trace, base::ThreadPool& pool,
                              base::Progress& progress, const StudyOptions& options = {});

}  // namespace quatrain::sim::report
