#include "sim/study/expectation.hpp"

#include <cmath>

namespace quatrain::sim::study {
namespace {

/// Magnitudes in units of alpha.
struct TwoLevels {
  double low = 0, high = 0, up = 0;  ///< the probability of `high`
};

/// Of 2^r draws, floor(g 2^r + 1/2) lift an element at place g of its gap.
double probability(double place, unsigned random_bits) {
  const double draws = std::ldexp(1.0, static_cast<int>(random_bits));
  return std::floor(place * draws + 0.5) / draws;
}

TwoLevels levels_of(float y, unsigned random_bits) {
  if (y >= 64) return {64, 64, 0};
  if (y < 1) return {0, 1, probability(static_cast<double>(y), random_bits)};
  const double low = std::ldexp(1.0, std::ilogb(y));
  return {low, 2 * low, probability(static_cast<double>(y) / low - 1, random_bits)};
}

}  // namespace

RoundingMoments luq_moments(std::span<const float> gradient, float maximum, unsigned random_bits,
                            traces::Alpha alpha) {
  RoundingMoments moments;
  const std::size_t size = gradient.size();
  moments.mean.resize(size);
  moments.variance.resize(size);
  moments.zero.assign(size, 1);
  if (maximum < 0x1p-100F) return moments;
  int exponent = 0;
  if (alpha == traces::Alpha::pow2 && std::frexp(maximum, &exponent) != 0.5F)
    maximum = std::ldexp(1.0F, exponent);
  const float inverse = 64.0F / maximum;
  const double scale = std::ldexp(static_cast<double>(maximum), -6);
  for (std::size_t i = 0; i < size; ++i) {
    const TwoLevels levels = levels_of(std::fabs(gradient[i]) * inverse, random_bits);
    const double gap = (levels.high - levels.low) * scale;
    moments.mean[i] = std::copysign(levels.low * scale + levels.up * gap, static_cast<double>(gradient[i]));
    moments.variance[i] = levels.up * (1 - levels.up) * gap * gap;
    moments.zero[i] = levels.low == 0 ? 1 - levels.up : 0;
  }
  return moments;
}

}  // namespace quatrain::sim::study
