#pragma once
/// What a trace says of its gradients: which codes they became, and what each rule does to them or to the
/// weight gradient that is made of them (docs/guides/gradients.md).

#include "sim/study/rounding.hpp"
#include "traces/base/progress.hpp"
#include "traces/format/reader.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::sim::study {

/// What R is: see rounding.hpp. `gradient` where the trace holds no input of the layer at this step.
enum class Compared : std::uint8_t { weight_gradient, gradient };
constexpr std::string_view name_of(Compared compared) {
  switch (compared) {
    case Compared::weight_gradient:
      return "weight_gradient";
    case Compared::gradient:
      return "gradient";
  }
  return {};
}

/// One gradient of the trace.
struct StudiedGradient {
  std::string layer;
  std::uint32_t step = 0;
  std::int64_t images = 0, batch = 0;  ///< the first `images` of the batch are compared
  Compared compared = Compared::weight_gradient;
  traces::Maximum maximum = traces::Maximum::measured;
  std::vector<RoundingEffect> effects;  ///< none where R has no norm
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

/// What is studied of each gradient.
struct StudyRequest {
  std::vector<unsigned> samples = {1, 4, 16};
  unsigned trials = 8;
  std::vector<unsigned> random_bits = {};  ///< empty: the record's own; 16 where its rule draws none
  std::vector<traces::Alpha> alphas = {};  ///< empty: the record's own
  /// Multiply-adds of one dW; a record with more takes only the first images of its batch.
  std::int64_t most_macs = 200'000'000;
};

struct GradientStudy {
  std::string manifest_sha256, model;  ///< of the trace
  StudyRequest asked;
  std::string rule;               ///< that made the trace's codes; several are joined by ", "
  std::set<std::uint32_t> steps;  ///< training steps
  std::vector<CodeHistogram> histograms;
  std::vector<StudiedGradient> gradients;  ///< layers in the network's order, steps by number
  std::vector<UnreadableRecord> unreadable;
};

struct StudyOptions {
  StudyRequest asked = {};
  std::function<bool()> stops = {};  ///< polled while it computes; true throws Interrupted
};

/// A record that cannot be read is named in the result, and the others are studied.
GradientStudy study_gradients(const traces::TraceReader& trace, base::ThreadPool& pool,
                              base::Progress& progress, const StudyOptions& options = {});

}  // namespace quatrain::sim::study
