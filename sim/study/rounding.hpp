#pragma once
/// What a rule that rounds gradients does to what is made of them. R, the reference, is the weight gradient
/// dW = X^T dZ in fp64 of the unquantized gradient dZ, or dZ itself where X is not known. R_q is the same of
/// the decoded codes, averaged over N samples. X is the same in both, so that only the gradient's rounding
/// differs. Statistics in fp64: nothing here is compared bit for bit.

#include "sim/study/weight_gradient.hpp"
#include "traces/machine.hpp"

#include <functional>
#include <optional>
#include <vector>

namespace quatrain::sim::study {

/// A rule with what it takes.
struct Setting {
  traces::Rule rule = traces::Rule::luq_fp4;
  unsigned random_bits = 16;  ///< 0 for a rule that draws none
  traces::Alpha alpha = traces::Alpha::exact;
  friend bool operator==(const Setting&, const Setting&) = default;
};

/// dZ [B, O, Ho, Wo], and how it is quantized.
struct GradientCase {
  /// dZ may have more images than its batch: dZ is then quantized whole, and the first images are compared.
  traces::Geometry geometry;
  std::span<const double> input;  ///< X [B, C, H, W]; empty: dZ itself is compared
  std::span<const float> gradient;
  traces::DrawKey draws = {};         ///< its sample numbers are those of the trials
  std::optional<float> maximum = {};  ///< hindsight
  std::function<bool()> stops = {};   ///< polled while it computes; true throws Interrupted
};

/// A mean over trials, and the standard error of this mean: their standard deviation (divided by trials - 1)
/// divided by the square root of their number. Nothing for one trial.
struct Estimate {
  double mean = 0;
  std::optional<double> standard_error = {};
};

/// What the rule gives on average over all draws, computed from its probabilities (numerics.md section 3) and
/// not from codes.
struct Expectation {
  double gain = 0;
  double relative_error = 0;  ///< root of the mean square
  double error_floor = 0;     ///< of infinitely many samples: what the bias of the rounding leaves
  double dead_share = 0;
};

/// One setting, N samples. Trial t takes the samples t N .. t N + N - 1.
struct RoundingEffect {
  Setting setting;
  unsigned samples = 1, trials = 1;
  Estimate gain;            ///< <R_q, R> / <R, R>; 1 is unbiased along R
  Estimate relative_error;  ///< norm of R_q - R over norm of R: root of the mean square over the trials
  Estimate dead_share;      ///< of the non-zero elements of dZ, those that are zero in every sample
  std::optional<Expectation> expected = {};  ///< of a rule that draws
};

struct StudyPlan {
  std::vector<Setting> settings;
  std::vector<unsigned> samples = {1, 4, 16};  ///< N; a rule that draws nothing has one trial of one sample
  unsigned trials = 8;
};

/// One effect for each setting and N. Empty when the square of R's norm is zero or infinite in fp64: then no
/// ratio exists.
std::vector<RoundingEffect> rounding_effects(const GradientCase& tensor, const StudyPlan& plan,
                                             base::ThreadPool& pool);

}  // namespace quatrain::sim::study
