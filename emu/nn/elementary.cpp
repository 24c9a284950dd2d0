#include "emu/nn/elementary.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <limits>

namespace quatrain::emu {
namespace {

// ln 2 in two parts: the first has 21 significant bits, so that k times it is exact for |k| < 2^11.
constexpr double ln2_high = 0x1.62e42p-1;
constexpr double ln2_low = 0x1.fdf473de6af28p-22;  // ln 2 - ln2_high, rounded to fp64
constexpr double log2_e = 0x1.71547652b82fep+0;

/// 2^k for a normal result.
double power_of_two(std::int64_t k) { return std::bit_cast<double>((k + 1023) << 52); }

}  // namespace

float exponential(float x) {
  if (x != x) return x;
  if (x > 88.8F) return std::numeric_limits<float>::infinity();
  if (x < -104.0F) return 0.0F;
  constexpr double to_integer = 0x1.8p52;  // adding and subtracting it rounds to an integer, ties to even
  const double wide = x;
  const double k = (wide * log2_e + to_integer) - to_integer;
  const double r = (wide - k * ln2_high) - k * ln2_low;  // |r| <= 0.347
  // 1/10!, 1/9!, ..., 1/1!, 1/0!
  constexpr std::array<double, 11> coefficients = {1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
                                                   1.0 / 720,     1.0 / 120,    1.0 / 24,    1.0 / 6,
                                                   1.0 / 2,       1.0,          1.0};
  double p = coefficients[0];
  for (std::size_t i = 1; i < coefficients.size(); ++i) p = p * r + coefficients[i];
  return static_cast<float>(p * power_of_two(static_cast<std::int64_t>(k)));
}

float logarithm(float x) {
  if (x == 0) return -std::numeric_limits<float>::infinity();
  if (!(x > 0)) return std::numeric_limits<float>::quiet_NaN();
  if (x == std::numeric_limits<float>::infinity()) return x;
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(static_cast<double>(x));  // normal in fp64
  std::int64_t k = static_cast<std::int64_t>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0xFFFFFFFFFFFFFULL) | (1023ULL << 52));  // in [1, 2)
  if (m > 0x1.6a09e6p+0) {                                                          // about sqrt(2)
    m = m * 0.5;
    k = k + 1;
  }
  const double s = (m - 1.0) / (m + 1.0);  // log m = 2 atanh s, |s| <= 0.1716
  const double s2 = s * s;
  double p = 1.0 / 17;
  for (const double odd : {15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0}) p = p * s2 + 1.0 / odd;
  const double wide_k = static_cast<double>(k);
  return static_cast<float>(wide_k * ln2_high + (wide_k * ln2_low + 2.0 * s * p));
}

double cosine_of_turns(double x) {
  constexpr double two_pi = 0x1.921fb54442d18p+2;
  const bool is_near_end = x > 0.125;  // there the sine of what is left to a quarter
  const double z = two_pi * (is_near_end ? 0.25 - x : x);
  const double z2 = z * z;
  // (-1)^i / (2 i)! for the cosine, (-1)^i / (2 i + 1)! for the sine, from i = 8 down
  constexpr std::array<double, 9> cosine = {1.0 / 20922789888000,
                                            -1.0 / 87178291200,
                                            1.0 / 479001600,
                                            -1.0 / 3628800,
                                            1.0 / 40320,
                                            -1.0 / 720,
                                            1.0 / 24,
                                            -1.0 / 2,
                                            1.0};
  constexpr std::array<double, 9> sine = {1.0 / 355687428096000,
                                          -1.0 / 1307674368000,
                                          1.0 / 6227020800,
                                          -1.0 / 39916800,
                                          1.0 / 362880,
                                          -1.0 / 5040,
                                          1.0 / 120,
                                          -1.0 / 6,
                                          1.0};
  const std::array<double, 9>& coefficients = is_near_end ? sine : cosine;
  double p = coefficients[0];
  for (std::size_t i = 1; i < coefficients.size(); ++i) p = p * z2 + coefficients[i];
  return is_near_end ? z * p : p;
}

}  // namespace quatrain::emu
