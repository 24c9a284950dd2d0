#include "traces/encoding/float_formats.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace quatrain::traces {
namespace {

int bias_of(const FloatFormatInfo& info) { return (1 << (info.exponent_bits - 1)) - 1; }

}  // namespace

float float_value(FloatFormat format, std::uint16_t code) {
  const FloatFormatInfo info = info_of(format);
  const int ones = (1 << info.exponent_bits) - 1, hidden = 1 << info.fraction_bits;
  const int fraction = code & (hidden - 1), field = code >> info.fraction_bits & ones;
  const bool negative = (code >> (info.bits - 1) & 1) != 0;
  float magnitude = 0;
  if (field == 0)
    magnitude = std::ldexp(static_cast<float>(fraction), 1 - bias_of(info) - info.fraction_bits);
  else
    magnitude = std::ldexp(static_cast<float>(hidden + fraction), field - bias_of(info) - info.fraction_bits);
  if (field == ones && magnitude > info.largest)
    magnitude =
        fraction == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  return negative ? -magnitude : magnitude;
}

std::uint16_t float_code(FloatFormat format, float x) {
  const FloatFormatInfo info = info_of(format);
  const int sign = std::signbit(x) ? 1 << (info.bits - 1) : 0;
  const double magnitude = std::fmin(std::fabs(x), info.largest);
  if (magnitude == 0) return static_cast<std::uint16_t>(sign);
  const int least = 1 - bias_of(info);  // exponent of the smallest normal number
  const int exponent = std::max(std::ilogb(magnitude), least);
  const double units = std::nearbyint(std::ldexp(magnitude, info.fraction_bits - exponent));
  // The hidden bit adds 1 to the exponent field, and so does the carry of a significand of ones.
  const int above = (exponent - least) << info.fraction_bits;
  return static_cast<std::uint16_t>(sign | (above + static_cast<int>(units)));
}

}  // namespace quatrain::traces
