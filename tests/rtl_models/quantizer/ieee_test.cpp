/// The bit-level units against the processor's IEEE 754 arithmetic: every pair of the edges, and random
/// numbers of every exponent.
#include "rtl_models/quantizer/digit_unit.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

namespace quatrain::tests {
namespace {

using rtl_models::DigitUnit;
using rtl_models::Fp32;
using rtl_models::Fp64;

template <typename Format>
struct Native;
template <>
struct Native<Fp32> {
  using Type = float;
};
template <>
struct Native<Fp64> {
  using Type = double;
};

template <typename Format>
typename Native<Format>::Type native(typename Format::Bits bits) {
  return std::bit_cast<typename Native<Format>::Type>(bits);
}
template <typename Float>
auto bits_of(Float x) {
  return std::bit_cast<std::conditional_t<sizeof(Float) == 4, std::uint32_t, std::uint64_t>>(x);
}

/// Both zeros, the ends and the middle of the subnormal and the normal numbers, powers of two with their
/// neighbours, and numbers whose products and quotients are ties.
template <typename Format>
std::vector<typename Format::Bits> edges() {
  using Bits = typename Format::Bits;
  const Bits one = rtl_models::hidden_bit<Format>, infinity = rtl_models::infinity_bits<Format>;
  std::vector<Bits> all{0, 1, 2, 3, one / 2, one - 1, one, one + 1, infinity - 1, infinity - 2};
  for (const int exponent : {-60, -24, -1, 0, 1, 7, 24, 60}) {
    const Bits power = bits_of(static_cast<typename Native<Format>::Type>(std::ldexp(1.0, exponent)));
    for (const Bits near :
         {power - 2, power - 1, power, power + 1, power + 2, power + one / 2, power + one / 4})
      all.push_back(near);
  }
  const std::size_t positive = all.size();
  for (std::size_t i = 0; i < positive; ++i) all.push_back(all[i] | rtl_models::sign_bit<Format>);
  return all;
}

template <typename Format>
class Numbers {
 public:
  /// Finite; half of the time near 1, where results keep every bit.
  typename Format::Bits next() {
    for (;;) {
      auto bits = static_cast<typename Format::Bits>(random_());
      if (random_() % 2 == 0) {
        const auto one = static_cast<typename Format::Bits>(rtl_models::bias<Format>)
                         << Format::fraction_bits;
        bits = rtl_models::fraction<Format>(bits) | one;
        bits += static_cast<typename Format::Bits>(random_() % 5) << Format::fraction_bits;
      }
      if ((bits & rtl_models::infinity_bits<Format>) != rtl_models::infinity_bits<Format>) return bits;
    }
  }

 private:
  std::mt19937_64 random_{7};
};

/// check(a, b) for every pair of edges, then for random numbers.
template <typename Format, typename Check>
void for_pairs(const Check& check) {
  for (const auto a : edges<Format>())
    for (const auto b : edges<Format>()) check(a, b);
  Numbers<Format> numbers;
  for (int i = 0; i < 100'000 && !testing::Test::HasFailure(); ++i) {
    const auto a = numbers.next();
    check(a, numbers.next());
  }
}

template <typename Format>
typename Format::Bits finished(DigitUnit<Format> unit, int expected_steps) {
  int steps = 0;
  for (; !unit.finished(); ++steps) unit.step();
  EXPECT_EQ(steps, expected_steps);
  return unit.result();
}

template <typename Format>
void expect_quotients_products_roots(int quotient_steps, int product_steps) {
  for_pairs<Format>([&](auto a, auto b) {
    const auto x = native<Format>(a), y = native<Format>(b);
    EXPECT_EQ(finished(DigitUnit<Format>::product(a, b), product_steps), bits_of(x * y)) << x << " * " << y;
    if (y != 0) {
      EXPECT_EQ(finished(DigitUnit<Format>::quotient(a, b), quotient_steps), bits_of(x / y))
          << x << " / " << y;
    }
    if (x > 0) {
      EXPECT_EQ(finished(DigitUnit<Format>::root(a), quotient_steps), bits_of(std::sqrt(x))) << x;
    }
  });
}

TEST(DigitUnit, Fp32EqualsTheProcessor) { expect_quotients_products_roots<Fp32>(25, 24); }
TEST(DigitUnit, Fp64EqualsTheProcessor) { expect_quotients_products_roots<Fp64>(54, 53); }

TEST(Ieee, ProductsEqualTheProcessor) {
  for_pairs<Fp32>([](std::uint32_t a, std::uint32_t b) {
    const float x = native<Fp32>(a), y = native<Fp32>(b);
    EXPECT_EQ(rtl_models::product(a, b), bits_of(x * y)) << x << " * " << y;
  });
}

template <typename Format>
void expect_differences() {
  for_pairs<Format>([](auto a, auto b) {
    const auto positive = static_cast<typename Format::Bits>(~rtl_models::sign_bit<Format>);
    a &= positive, b &= positive;
    const auto x = native<Format>(a), y = native<Format>(b);
    EXPECT_EQ(rtl_models::difference<Format>(a, b), bits_of(x - y)) << x << " - " << y;
    const auto close = static_cast<typename Format::Bits>(a ^ (b & 3));  // digits cancel
    EXPECT_EQ(rtl_models::difference<Format>(a, close), bits_of(x - native<Format>(close))) << x;
  });
}

TEST(Ieee, DifferencesEqualTheProcessor) {
  expect_differences<Fp32>();
  expect_differences<Fp64>();
}

TEST(Ieee, IntegersBecomeTheNearestFp64) {
  std::mt19937_64 random(3);
  for (const std::uint64_t integer :
       {0UL, 1UL, 2UL, (1UL << 53) - 1, 1UL << 53, (1UL << 53) + 1, (1UL << 53) + 2, (1UL << 53) + 3,
        (1UL << 54) + 2, (1UL << 54) + 6, ~0UL, ~0UL - 1023, ~0UL - 1024, 1UL << 63})
    EXPECT_EQ(rtl_models::fp64_of(integer), bits_of(static_cast<double>(integer))) << integer;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t integer = random() >> (random() % 64);
    ASSERT_EQ(rtl_models::fp64_of(integer), bits_of(static_cast<double>(integer))) << integer;
  }
}

/// Beyond both ends of fp32, and over its subnormal numbers. 2^shift is exact in fp64 here.
TEST(Ieee, NarrowedEqualsTheProcessor) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 200'000; ++i) {
    std::uint64_t a = rtl_models::fraction<Fp64>(random());
    if (i % 4 == 0) a &= ~std::uint64_t{0} << 28;  // ties, and numbers that fp32 has
    a |= (random() % 400 + 823) << 52 | (random() & rtl_models::sign_bit<Fp64>);
    const int shift = static_cast<int>(random() % 230) - 115;
    ASSERT_EQ(rtl_models::narrowed(a, shift), bits_of(static_cast<float>(std::ldexp(native<Fp64>(a), shift))))
        << native<Fp64>(a) << ' ' << shift;
  }
  EXPECT_EQ(rtl_models::narrowed(0, 5), 0U);
}

}  // namespace
}  // namespace quatrain::tests
