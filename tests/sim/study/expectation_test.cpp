/// The probabilities of LUQ's rounding, against a count over all draws in exact rational arithmetic.
#include "sim/study/expectation.hpp"

#include "tests/support/exact_oracle.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

namespace quatrain::sim::study {
namespace {

using traces::Alpha;

/// Levels, ties, both sides of thresholds, the dead zone, elements beyond the maximum.
std::vector<float> elements(float maximum) {
  std::vector<float> x = {maximum, -maximum, 0, -0.0F, 2 * maximum};
  for (const float part : {0.9F, 0.5F, 0.37F, 0.125F, 0.03F, 1.0F / 64, 0.0101F, 1.0F / 128, 0.0051F, 0.0005F,
                           1.0F / 64 / 32, 1.0F / 64 / 512, 1e-7F}) {
    const float value = part * maximum;
    for (const float near : {value, std::nextafter(value, 0.0F), std::nextafter(value, maximum)})
      x.push_back(-near);
  }
  return x;
}

TEST(LuqMoments, AreThoseOfAllDraws) {
  for (const float maximum : {64.0F, 0.37F, 3.0e-7F})
    for (const Alpha alpha : {Alpha::exact, Alpha::pow2})
      for (const unsigned bits : {4U, 8U}) {
        SCOPED_TRACE(fmt::format("maximum {}, alpha {}, {} bits", maximum, traces::name_of(alpha), bits));
        const std::vector<float> x = elements(maximum);
        const RoundingMoments moments = luq_moments(x, maximum, bits, alpha);
        const float used = tests::exact::maximum_used(maximum, alpha);
        const double scale = static_cast<double>(used) / 64, draws = std::ldexp(1.0, static_cast<int>(bits));
        for (std::size_t i = 0; i < x.size(); ++i) {
          const float y = tests::exact::product(std::fabs(x[i]), tests::exact::quotient(64, used));
          double low = 0, high = 1;
          for (; y >= high && high < 64; high *= 2) low = high;
          if (y >= 64) low = high = 64;
          const double up = low == high ? 0 : tests::exact::draws_upward(x[i], maximum, alpha, bits) / draws;
          const double mean = scale * (low + up * (high - low)), gap = scale * (high - low);
          EXPECT_DOUBLE_EQ(std::fabs(moments.mean[i]), mean) << x[i];
          if (mean != 0) {
            EXPECT_EQ(std::signbit(moments.mean[i]), std::signbit(x[i]));
          }
          EXPECT_DOUBLE_EQ(moments.variance[i], up * (1 - up) * gap * gap) << x[i];
          EXPECT_DOUBLE_EQ(moments.zero[i], low == 0 ? 1 - up : 0) << x[i];
        }
      }
}

TEST(LuqMoments, BelowTheSmallestMaximumAllIsZero) {
  const std::vector<float> x = {0x1p-101F, 0};
  const RoundingMoments moments = luq_moments(x, 0x1p-101F, 16, Alpha::exact);
  EXPECT_EQ(moments.mean, (std::vector<double>{0, 0}));
  EXPECT_EQ(moments.zero, (std::vector<double>{1, 1}));
}

}  // namespace
}  // namespace quatrain::sim::study
