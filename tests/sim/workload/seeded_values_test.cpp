#include "sim/workload/seeded_values.hpp"

#include "traces/encoding/nibbles.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace quatrain::sim {
namespace {

using traces::Encoding;
using traces::Role;

/// Share of a normal distribution below z.
double below(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

double share(double probability) { return std::nearbyint(std::ldexp(probability, 32)); }

/// SAWB's step for a normal distribution of unit scale: the moments of |x| are 1 and sqrt(2 / pi).
double sawb_step(double c1, double c2, int largest) {
  return (c1 - c2 * std::sqrt(2 / std::acos(-1.0))) / largest;
}

TEST(SeededValues, SharesAreThoseOfTheDistributionsThatTheyAreSaidToHave) {
  for (const Encoding encoding : {Encoding::int4, Encoding::uint4}) {
    const int largest = largest_magnitude(encoding);
    const double step = encoding == Encoding::int4 ? sawb_step(12.035, 12.03, 7) : sawb_step(11.5, 10.25, 15);
    const auto shares = drawn_shares(encoding);
    EXPECT_EQ(std::accumulate(shares.begin(), shares.end(), std::uint64_t{0}), std::uint64_t{1} << 32);
    for (int code = 1; code <= largest; ++code) {
      const double above = code == largest ? 1 : below((code + 0.5) * step);
      EXPECT_EQ(static_cast<double>(shares[code]), share(above - below((code - 0.5) * step))) << code;
      if (encoding == Encoding::int4) {
        EXPECT_EQ(shares[16 - code], shares[code]);
      }
    }
  }
  EXPECT_EQ(drawn_shares(Encoding::int4)[8], 0U);
}

/// Log-normal, cut where the largest code stands, rounded without bias; half of the elements are zero.
TEST(SeededValues, SharesOfGradientsAreThoseOfLuq) {
  const double sigma = 1.5, cut = 3, log_alpha = sigma * cut - std::log(64);
  const auto z = [&](double y) {  // y in units of alpha
    return y == 0 ? -std::numeric_limits<double>::infinity() : (std::log(y) + log_alpha) / sigma;
  };
  const auto mass = [&](double from, double to) { return (below(z(to)) - below(z(from))) / below(cut); };
  const auto sum = [&](double from, double to) {  // of the elements between them, in units of alpha
    return std::exp(sigma * sigma / 2 - log_alpha) * (below(z(to) - sigma) - below(z(from) - sigma)) /
           below(cut);
  };
  const auto shares = drawn_shares(Encoding::fp4_e3m0);
  const traces::CodeValues& values = traces::fp4_e3m0_values;
  EXPECT_EQ(std::accumulate(shares.begin(), shares.end(), std::uint64_t{0}), std::uint64_t{1} << 32);
  for (std::size_t code = 1; code < 8; ++code) {
    const double low = values[code - 1], level = values[code];
    double probability = (sum(low, level) - low * mass(low, level)) / (level - low);
    if (code < 7) {
      const double high = values[code + 1];
      probability += (high * mass(level, high) - sum(level, high)) / (high - level);
    }
    EXPECT_EQ(static_cast<double>(shares[code]), share(probability / 4)) << code;  // two signs, half are zero
    EXPECT_EQ(shares[8 + code], shares[code]);
  }
  EXPECT_EQ(shares[8], 0U);
}

std::string text_of(const SeededTensor& tensor, Encoding encoding, std::uint64_t elements) {
  const std::vector<std::uint8_t> packed = drawn_codes(tensor, encoding, elements);
  EXPECT_EQ(packed.size(), (elements + 1) / 2);
  std::string text;
  for (std::size_t i = 0; i < 2 * packed.size(); ++i)
    text += "0123456789abcdef"[traces::nibble_at(packed, i)];
  return text;
}

/// Computed by 20 lines of Python (hashlib, integers), from the header's text alone. The last nibble is
/// unused.
TEST(SeededValues, AreTheSameOnEveryComputer) {
  EXPECT_EQ(text_of({7, "conv1", Role::weight, 0}, Encoding::int4, 31), "3344630110433df01102d44dc2f9fde0");
  EXPECT_EQ(text_of({7, "conv1", Role::input, 0}, Encoding::uint4, 31), "00000100010708026100000005001000");
  EXPECT_EQ(text_of({4294967295, "fc", Role::gradient, 3}, Encoding::fp4_e3m0, 31),
            "0b020000102010192ba00a0005009920");
}

/// Each count lies within five standard deviations of what its share says.
TEST(SeededValues, CountsFollowTheShares) {
  constexpr std::size_t elements = 400'001;
  for (const Encoding encoding : {Encoding::int4, Encoding::uint4, Encoding::fp4_e3m0}) {
    const auto packed = drawn_codes({1, "layer", Role::input, 0}, encoding, elements);
    std::array<double, 16> counts = {};
    for (std::size_t i = 0; i < elements; ++i) ++counts[traces::nibble_at(packed, i)];
    const auto shares = drawn_shares(encoding);
    for (std::size_t code = 0; code < 16; ++code) {
      const double p = std::ldexp(static_cast<double>(shares[code]), -32);
      EXPECT_LE(std::abs(counts[code] - elements * p), 5 * std::sqrt(elements * p * (1 - p)))
          << name_of(encoding) << " " << code;
    }
  }
}

TEST(SeededValues, EveryPartOfTheKeyCounts) {
  const SeededTensor one{7, "a", Role::input, 0};
  const auto codes = [](const SeededTensor& tensor) { return drawn_codes(tensor, Encoding::int4, 64); };
  EXPECT_EQ(codes(one), codes(one));
  for (const SeededTensor& other :
       {SeededTensor{8, "a", Role::input, 0}, SeededTensor{7, "b", Role::input, 0},
        SeededTensor{7, "a", Role::weight, 0}, SeededTensor{7, "a", Role::input, 1}})
    EXPECT_NE(codes(other), codes(one));
}

}  // namespace
}  // namespace quatrain::sim
