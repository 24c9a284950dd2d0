#pragma once
/// What a step's gradient of a layer's output looks like before it is rounded, and what rounding did to it
/// (docs/guides/gradients.md). Counts are exact. Sums are fp64 in one fixed order, so that the figures are
/// equal for any number of threads and any SIMD path.

#include "emu/quant/quantizer.hpp"
#include "traces/base/parallel_for.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace quatrain::emu {

/// x is the gradient, q the decoded codes. A figure that does not exist is absent: one that divides by zero,
/// and what needs codes where there are none.
struct GradientStatistics {
  /// Values of the codes in units of alpha, from the lowest.
  static constexpr std::array<int, 15> values = {-64, -32, -16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 16, 32, 64};

  std::uint64_t elements = 0, nonzero = 0;
  float maximum = 0;                            ///< max |x|
  float alpha = 0;                              ///< the scale of the codes; maximum / 64 where there are none
  std::optional<float> below_alpha_share = {};  ///< of the non-zero elements, those with |x| < alpha
  std::optional<float> ln_mean = {};            ///< of ln |x| over the non-zero elements
  std::optional<float> ln_sigma = {};           ///< its standard deviation (divided by their number)
  std::optional<float> top_code_share = {};     ///< of the non-zero elements, those whose code is 64 or -64
  std::optional<float> snr_db = {};             ///< 10 log10(<x, x> / <q - x, q - x>); infinite for q = x
  std::optional<float> cosine = {};             ///< <q, x> / (norm of q * norm of x)
  std::optional<float> gain = {};               ///< <q, x> / <x, x>; unbiased rounding gives 1 on average
  std::optional<std::array<std::uint64_t, 15>> codes = {};  ///< how often each of `values` occurs

  friend bool operator==(const GradientStatistics&, const GradientStatistics&) = default;
};

/// `quantized`: FP4 codes of `source`, or null. At least one element; all are finite.
GradientStatistics gradient_statistics(std::span<const float> source, const QuantizedTensor* quantized,
                                       base::ThreadPool& pool);

}  // namespace quatrain::emu
