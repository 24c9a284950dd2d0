#pragma once
/// What rounding does to a layer's weight gradient. dW = X^T dZ is computed in fp64 from the unquantized
/// gradient dZ, and again from its quantized codes: with LUQ (the mean over N samples) and to the nearest
/// level. X is the decoded quantized input of the record in all of them, so that only the gradient's rounding
/// differs. A statistic: nothing here is compared bit for bit.

#include "traces/base/parallel_for.hpp"
#include "traces/geometry.hpp"
#include "traces/machine.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quatrain::sim::report {

/// X [B, C, H, W] as real values, dZ [B, O, Ho, Wo], and how dZ is quantized. Both may have more images than
/// the geometry's batch: dZ is then quantized whole, and the first images are compared.
struct GradientCase {
  traces::Geometry geometry;
  std::span<const double> input;
  std::span<const float> gradient;
  traces::DrawKey draws = {};  ///< its sample numbers are 0..15
  unsigned random_bits = 16;
  traces::Alpha alpha = traces::Alpha::exact;
  std::optional<float> maximum = {};  ///< hindsight
  std::function<bool()> stops = {};   ///< polled while it computes; true throws Interrupted
};

/// One rule on one tensor. A trial is an independent mean of `samples` quantizations.
struct RoundingEffect {
  std::string rule;  ///< "luq" or "nearest"
  unsigned samples = 1, trials = 1;
  double dead_share = 0;  ///< of the non-zero elements of dZ, those that are zero in every sample of a trial
  double gain = 0;        ///< <dW_q, dW> / <dW, dW>, mean over the trials; 1 is unbiased along dW
  /// Standard deviation of one trial's gain about the mean gain (divided by trials - 1). It says how far a
  /// single trial lies from the mean, not how well the mean is known. Nothing for one trial.
  std::optional<double> gain_deviation = {};
  double relative_error = 0;  ///< ||dW_q - dW|| / ||dW||, root of the mean square over the trials
};

/// LUQ with 1 (16 trials), 4 (4 trials) and 16 samples (1 trial), and nearest. Empty when the square of dW's
/// norm is zero or infinite in fp64: then no ratio exists.
std::vector<RoundingEffect> rounding_effects(const GradientCase& tensor, base::ThreadPool& pool);

/// Code value x scale; one code per byte.
std::vector<double> decoded(traces::Encoding encoding, std::span<const std::uint8_t> codes, float scale);

/// dW [O, C/g, kh, kw] = X^T dZ in fp64, one for each dZ; every element is one sum in a fixed order.
std::vector<std::vector<double>> weight_gradients(const traces::Geometry& geometry,
                                                  std::span<const double> input,
                                                  std::span<const std::vector<double>> gradients,
                                                  base::ThreadPool& pool,
                                                  const std::function<bool()>& stops = {});

}  // namespace quatrain::sim::report
