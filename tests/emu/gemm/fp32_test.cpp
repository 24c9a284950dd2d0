#include "emu/gemm/fp32.hpp"

#include "tests/emu/gemm/fp32_reference.hpp"
#include "tests/emu/gemm/layers_at_tile_edges.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace quatrain::tests {
namespace {

using emu::SimdPath;
using traces::Phase;

constexpr Phase phases[] = {Phase::forward, Phase::backward_data, Phase::backward_weight};

std::vector<std::uint32_t> bits_of(const std::vector<float>& values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values)  // NaNs are one value: their payload is nobody's rule
    bits.push_back(std::isnan(value) ? 0x7FC00000U : std::bit_cast<std::uint32_t>(value));
  return bits;
}

struct Fp32Case {
  traces::Gemm gemm;
  std::vector<float> left, right;
};

/// Values from `draw`, one after the other.
template <typename Draw>
Fp32Case fp32_case(Phase phase, const traces::Geometry& geometry, Draw&& draw) {
  Fp32Case c{{phase, geometry}, {}, {}};
  c.left.resize(static_cast<std::size_t>(traces::left_elements(phase, geometry)));
  c.right.resize(static_cast<std::size_t>(traces::right_elements(phase, geometry)));
  for (float& value : c.left) value = draw();
  for (float& value : c.right) value = draw();
  return c;
}

std::vector<float> result_of(const Fp32Case& c) {
  return std::vector<float>(static_cast<std::size_t>(traces::result_elements(c.gemm.phase, c.gemm.geometry)),
                            99.0F);
}

std::vector<float> reference(const Fp32Case& c) {
  std::vector<float> result = result_of(c);
  multiply_fp32_reference(c.gemm, c.left, c.right, result);
  return result;
}

struct Fp32Path {
  SimdPath path;
  unsigned threads;
  base::ThreadPool pool{threads};
  emu::GemmWorkspace workspace{};  // used by all cases: what one leaves behind must not reach the next

  std::string name() const {
    return std::string(emu::name_of(path)) + "_" + std::to_string(threads) + "_threads";
  }
  std::vector<float> operator()(const Fp32Case& c) {
    std::vector<float> result = result_of(c);
    emu::multiply_fp32(c.gemm, c.left, c.right, result, path, pool, workspace);
    return result;
  }
};

/// All layers and phases, each against one reference, on every path with several numbers of threads.
template <typename Draw>
void expect_equal_to_the_reference(Draw&& draw, bool has_sums) {
  struct Expected {
    std::string name;
    Fp32Case c;
    std::vector<std::uint32_t> bits;
  };
  std::vector<Expected> cases;
  for (const NamedLayer& layer : layers_at_tile_edges())
    for (const Phase phase : phases) {
      const Fp32Case c = fp32_case(phase, layer.geometry, draw);
      const auto expected = reference(c);
      if (has_sums && layer.name == "conv3x3") {
        ASSERT_THAT(expected, testing::Each(testing::Ne(0.0F)));
      }
      cases.push_back({layer.name + " phase " + std::to_string(int(phase)), c, bits_of(expected)});
    }
  for (const SimdPath path : emu::supported_paths())
    for (const unsigned threads : {1U, 2U, 7U}) {
      Fp32Path fast{path, threads};
      for (const Expected& expected : cases)
        ASSERT_EQ(bits_of(fast(expected.c)), expected.bits) << expected.name << " " << fast.name();
    }
}

TEST(Fp32, EveryPathEqualsTheReferenceBitByBit) {
  std::mt19937 random(11);
  std::normal_distribution<float> normal;
  expect_equal_to_the_reference([&] { return normal(random); }, true);
}

TEST(Fp32, EveryPathEqualsTheReferenceForAnyBits) {
  // Any exponent, subnormals, infinities, NaNs and both zeros: underflow to -0 in front of a border, where
  // adding 0 * w would change the sign, and infinity in front of a border, where it would make a NaN.
  std::mt19937 random(12);
  const std::uint32_t special[] = {0,          0x80000000, 1,          0x80000001, 0x00800000, 0x7F7FFFFF,
                                   0x7F800000, 0xFF800000, 0x7FC00000, 0x7FF0A5A5, 0x1F800000, 0x9F800000};
  expect_equal_to_the_reference(
      [&] {
        const auto word = static_cast<std::uint32_t>(random());
        return std::bit_cast<float>(word % 3 == 0 ? special[random() % std::size(special)] : word);
      },
      false);
}

TEST(Fp32, EveryPathEqualsTheReferenceWhereSumsUnderflow) {
  // Products around 2^-149: sums round to subnormals, to +0 and to -0.
  std::mt19937 random(13);
  expect_equal_to_the_reference(
      [&] {
        const auto word = static_cast<std::uint32_t>(random());
        return std::bit_cast<float>((word & 0x807FFFFF) | (0x34U + word % 5) << 23);
      },
      false);
}

class Fp32OnOnePath : public testing::TestWithParam<SimdPath> {
 protected:
  std::vector<float> fast(const Fp32Case& c) { return path_(c); }

  Fp32Path path_{GetParam(), 2};
};

TEST_P(Fp32OnOnePath, BorderDoesNotTurnMinusZeroIntoPlusZero) {
  // The one term of the middle tap underflows to -0; all other taps of a 1 x 1 plane are border.
  const Fp32Case c{{Phase::forward, conv_layer(1, {1, 1, 1}, 1, {3, 3}, {1, 1}, {1, 1})},
                   {-0x1p-100F},
                   {1, 1, 1, 1, 0x1p-100F, 1, 1, 1, 1}};
  EXPECT_EQ(bits_of(fast(c)), (std::vector<std::uint32_t>{0x80000000}));
}

TEST_P(Fp32OnOnePath, BorderTimesInfinityIsNoTerm) {
  const float infinity = std::numeric_limits<float>::infinity();
  const Fp32Case c{{Phase::forward, conv_layer(1, {1, 1, 1}, 1, {3, 3}, {1, 1}, {1, 1})},
                   {2},
                   {infinity, 1, 1, 1, 3, 1, 1, 1, -infinity}};
  EXPECT_EQ(bits_of(fast(c)), bits_of({6}));
}

TEST_P(Fp32OnOnePath, BorderTimesInfinityIsNoTermInALargeTensor) {
  // The infinite weight stands before the last 65,536 elements.
  Fp32Case c{{Phase::forward, conv_layer(1, {1, 1, 1}, 8192, {3, 3}, {1, 1}, {1, 1})}, {2}, {}};
  c.right.assign(8192 * 9, 1.0F);
  c.right[0] = std::numeric_limits<float>::infinity();
  c.right[4] = 3;
  std::vector<float> expected(8192, 2.0F);
  expected[0] = 6;
  EXPECT_EQ(bits_of(fast(c)), bits_of(expected));
}

TEST_P(Fp32OnOnePath, ASumMayBecomeMinusZeroInFrontOfTheBorder) {
  // 2^-104 (1 + 2^-22), then - 2^-104 (1 + 2^-22 + 2^-46): what is left, -2^-150, rounds to -0. The third tap
  // meets the border.
  const Fp32Case c{{Phase::forward, conv_layer(1, {1, 1, 2}, 1, {1, 3}, {1, 1}, {0, 1})},
                   {0x1p-52F, -0x1.000002p-52F},
                   {0x1.000004p-52F, 0x1.000002p-52F, 0x1p-52F}};
  const std::vector<std::uint32_t> bits = bits_of(fast(c));
  EXPECT_EQ(bits[1], 0x80000000U);
}

TEST_P(Fp32OnOnePath, ASumBesideATieRoundsToItsOwnSide) {
  // 1 + 2^-24 is half way between 1 and its neighbour 1 + 2^-23. The exact sums lie so close to it, 2^-57
  // above and 2^-60 below, that fp64 gives the half way itself.
  const Fp32Case c{{Phase::forward, linear_layer(1, 2, 2)}, {1, 0x1p-24F}, {1, 0, 1, 0}};
  Fp32Case above = c, below = c;
  above.left[1] = 0x1.002p-24F,
  above.right[1] = 0x0.ffe004p0F;  // (1 + 2^-11) (1 - 2^-11 + 2^-22) = 1 + 2^-33
  below.left[1] = 0x1.00004p-24F, below.right[1] = 0x0.ffffc0p0F;  // (1 + 2^-18) (1 - 2^-18) = 1 - 2^-36
  EXPECT_EQ(bits_of(fast(above))[0], 0x3F800001U);
  EXPECT_EQ(bits_of(fast(below))[0], 0x3F800000U);
}

TEST_P(Fp32OnOnePath, SumsAreFusedAndInOrder) {
  // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24: the last bit survives only in a fused sum with -1. And 2^24 + 1 + 1
  // is 2^24 from the left, 2^24 + 2 from the right.
  const Fp32Case fused{{Phase::forward, linear_layer(1, 2, 1)}, {-1, 0x1.001p0F}, {1, 0x1.001p0F}};
  EXPECT_EQ(bits_of(fast(fused)), bits_of({0x1.0008p-11F}));
  const Fp32Case ordered{{Phase::forward, linear_layer(1, 3, 2)}, {1, 1, 1}, {0x1p24F, 1, 1, 1, 1, 0x1p24F}};
  EXPECT_EQ(bits_of(fast(ordered)), bits_of({0x1p24F, 0x1.000002p24F}));
}

INSTANTIATE_TEST_SUITE_P(Fp32, Fp32OnOnePath, testing::ValuesIn(emu::supported_paths()),
                         [](const auto& which) { return std::string(emu::name_of(which.param)); });

}  // namespace
}  // namespace quatrain::tests
