/// Accumulators of numerics.md section 7 on every machine that has them, against the oracle: all widths of
/// integers, fp16, fp32 and chunks, every kind of overflow and pair of encodings, convolutions with windows,
/// groups and samples.
#include "tests/exact/machines.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/natural_terms.hpp"

#include <random>

namespace quatrain::tests {
namespace {

using traces::Accumulator;
using traces::Overflow;
using traces::SumFormat;

class AccumulatorsOn : public EveryMachine {
 protected:
  /// Accumulators of both sides; counts the results that an exact sum, or one cut at the end, would not have.
  void expect_equal(GemmCase c) {
    ASSERT_EQ(machine().refuses(c.gemm, c.left_encoding, c.right_encoding), std::nullopt);
    const auto expected = exact::multiply(c), found = multiply(machine(), c);
    ASSERT_EQ(difference(found, expected), "") << text_of(c.gemm.accumulator);
    const Accumulator narrow = c.gemm.accumulator;
    c.gemm.accumulator = {};
    const auto sums = exact::accumulators(c);
    const std::int32_t most = (std::int32_t{1} << (narrow.bits - 1)) - 1;
    for (std::size_t i = 0; i < sums.size(); ++i) {
      not_exact += sums[i] != expected.accumulators[i];
      not_cut_at_the_end += narrow.overflow == Overflow::saturate &&
                            expected.accumulators[i] != std::clamp(sums[i], -most - 1, most);
    }
  }
  int not_exact = 0, not_cut_at_the_end = 0;
};

TEST_P(AccumulatorsOn, EveryWidthWrapsAndSaturatesAfterEveryTerm) {
  unsigned seed = 1;
  for (unsigned bits = traces::narrowest_accumulator; bits < traces::widest_accumulator; ++bits)
    for (const Overflow overflow : {Overflow::wrap, Overflow::saturate})
      for (const Mode& mode : five_modes) {
        GemmCase c =
            random_case({mode.phase, linear_geometry(mode.phase, 3, 4, 60), {bits, overflow}}, mode.left,
                        mode.right, mode.phase == traces::Phase::backward_weight ? 2 : 1, seed++);
        expect_equal(std::move(c));
      }
  EXPECT_GT(not_exact, 300);
  EXPECT_GT(not_cut_at_the_end, 30);
}

TEST_P(AccumulatorsOn, ConvolutionsTakeTheirTermsInOrder) {
  std::mt19937 random(5);
  for (unsigned round = 0; round < 40; ++round) {
    const Mode& mode = five_modes[round % five_modes.size()];
    const Overflow overflow = round % 2 == 0 ? Overflow::saturate : Overflow::wrap;
    expect_equal(random_case({mode.phase, random_geometry(random), {8 + round % 3, overflow}}, mode.left,
                             mode.right, mode.phase == traces::Phase::backward_weight ? 4 : 1, round));
  }
  EXPECT_GT(not_exact, 100);
  EXPECT_GT(not_cut_at_the_end, 30);
}

/// Up to a limit and one beyond it, on both sides.
TEST_P(AccumulatorsOn, LimitsThemselvesAreHeld) {
  for (const auto& [code, terms] : {std::pair{7U, 127 / 7 + 1}, std::pair{9U, 128 / 7 + 1}})  // 7 and -7
    for (const Overflow overflow : {Overflow::wrap, Overflow::saturate})
      for (std::int64_t k = 1; k <= terms + 1; ++k)
        for (unsigned last = 0; last < 16; ++last) {
          if (last == 8) continue;
          const Mode& mode = int4_int4;
          GemmCase c{{mode.phase, linear_geometry(mode.phase, 1, 1, k), {8, overflow}},
                     mode.left,
                     mode.right,
                     {},
                     {}};
          c.left = codes_but(k, static_cast<std::uint8_t>(code), {{k - 1, static_cast<std::uint8_t>(last)}});
          c.right = {codes_but(k, 1, {})};
          expect_equal(std::move(c));
        }
}

// ---- floating point, and chunks

constexpr SumFormat floating = SumFormat::floating;
constexpr Accumulator half{16, Overflow::infinity, floating},
    half_saturated{16, Overflow::saturate, floating}, single{32, Overflow::wrap, floating};

Accumulator in_chunks(Accumulator accumulator, unsigned chunk) {
  accumulator.chunk = chunk;
  return accumulator;
}

class OtherAccumulatorsOn : public EveryMachine {
 protected:
  /// The oracle's bits; counts the results that another accumulator would not have.
  void expect_equal(GemmCase c, const Accumulator& other) {
    ASSERT_EQ(machine().refuses(c.gemm, c.left_encoding, c.right_encoding), std::nullopt);
    const auto expected = exact::multiply(c);
    ASSERT_EQ(difference(multiply(machine(), c), expected), "") << text_of(c.gemm.accumulator);
    c.gemm.accumulator = other;
    const auto others = exact::multiply(c).output;
    for (std::size_t i = 0; i < others.size(); ++i) unlike += others[i] != expected.output[i];
  }
  int unlike = 0;
};

/// Of 70 terms of up to 960 in one direction: past 2048, where fp16 rounds, and past its largest number.
TEST_P(OtherAccumulatorsOn, EveryKindAndChunkOfEveryPairOfEncodings) {
  unsigned seed = 1;
  for (const Accumulator& kind :
       {half, half_saturated, single, Accumulator{8, Overflow::wrap}, Accumulator{11, Overflow::saturate}})
    for (const unsigned chunk : {0U, 1U, 3U, 35U, 64U, 65536U})
      for (const Mode& mode : five_modes) {
        const bool is_weight = mode.phase == traces::Phase::backward_weight;
        GemmCase c = random_case(
            {mode.phase, linear_geometry(mode.phase, 5, 3, is_weight ? 35 : 70), in_chunks(kind, chunk)},
            mode.left, mode.right, is_weight ? 2 : 1, seed++);
        if (seed % 2 == 0)  // magnitudes alone
          for (auto* codes : {&c.left, &c.right[0]})
            for (std::uint8_t& pair : *codes) pair &= 0x77;
        expect_equal(std::move(c), {});
      }
  EXPECT_GT(unlike, 100);
}

TEST_P(OtherAccumulatorsOn, ChunksOfConvolutionsCountTermsOutsideATensor) {
  std::mt19937 random(5);
  for (unsigned round = 0; round < 30; ++round) {
    const Mode& mode = five_modes[round % five_modes.size()];
    const Accumulator kind = round % 3 == 0 ? Accumulator{8, Overflow::saturate} : half;
    expect_equal(random_case({mode.phase, random_geometry(random), in_chunks(kind, 1 + round % 7)}, mode.left,
                             mode.right, mode.phase == traces::Phase::backward_weight ? 4 : 1, round),
                 kind);
  }
  EXPECT_GT(unlike, 100);
}

/// X [k, 15] and dZ [k, 14]: `before` terms of 15 x 64 each, then every product of two codes but zero.
GemmCase every_last_term(std::int64_t before, const Accumulator& kind) {
  const Mode& mode = uint4_fp4;
  GemmCase c{
      {mode.phase, linear_geometry(mode.phase, 15, 14, before + 1), kind}, mode.left, mode.right, {}, {}};
  std::vector<std::uint8_t> x(static_cast<std::size_t>(before) * 15, 15),
      dz(static_cast<std::size_t>(before) * 14, 7);
  for (std::uint8_t m = 1; m <= 15; ++m) x.push_back(m);
  for (std::uint8_t n = 1; n <= 15; ++n)
    if (n != 8) dz.push_back(n);
  c.left = traces::pack_nibbles(x);
  c.right = {traces::pack_nibbles(dz)};
  return c;
}

/// 68 x 960 is 65280: 224 more is the largest number, 240 more the tie behind it.
TEST_P(OtherAccumulatorsOn, EveryTermAtTheLargestHalf) {
  for (const Accumulator& kind : {half, half_saturated})
    for (const unsigned chunk : {0U, 69U, 68U}) expect_equal(every_last_term(68, in_chunks(kind, chunk)), {});
  EXPECT_GT(unlike, 100);
}

/// Every sum of two products, ties of all kinds among them.
TEST_P(OtherAccumulatorsOn, EveryPairOfTermsRounds) {
  for (std::int64_t before = 2; before < 5; ++before) expect_equal(every_last_term(before, half), {});
  EXPECT_GT(unlike, 20);
}

/// Up to infinity and down again: it stays, a saturated sum comes back, and two infinite chunks are a NaN.
TEST_P(OtherAccumulatorsOn, SumsThatLeaveHalfAndWouldComeBack) {
  for (const Accumulator& kind :
       {half, half_saturated, in_chunks(half, 70), in_chunks(half, 140), in_chunks(half, 100)}) {
    const Mode& mode = uint4_fp4;
    GemmCase c{{mode.phase, linear_geometry(mode.phase, 1, 1, 140), kind},
               mode.left,
               mode.right,
               {},
               {},
               0.5F,
               0.25F};
    c.left = codes_but(140, 15, {});
    std::vector<std::uint8_t> dz(140, 7);
    std::fill(dz.begin() + 70, dz.end(), std::uint8_t{15});
    c.right = {traces::pack_nibbles(dz)};
    expect_equal(c, {});
    c.left_scale = c.right_scale = 0x1p-80F;  // the scale is 0
    expect_equal(std::move(c), {});
  }
  EXPECT_GE(unlike, 6);
}

/// 17,476 x 960 is 2^24 - 256. The last terms make 2^24 and 1, -1 or 2 beyond it.
TEST_P(OtherAccumulatorsOn, OrderShowsBeyondTwentyFourBits) {
  for (const bool is_late : {false, true})
    for (const unsigned chunk : {0U, 2U, 17'478U}) {
      const Mode& mode = uint4_fp4;
      const std::size_t k = 17'479, small = is_late ? k - 2 : 0;
      GemmCase c{{mode.phase, linear_geometry(mode.phase, 1, 3, static_cast<std::int64_t>(k)),
                  in_chunks(single, chunk)},
                 mode.left,
                 mode.right,
                 {},
                 {}};
      std::vector<std::uint8_t> x(k, 15), dz(3 * k, 7);
      x[is_late ? k - 3 : k - 1] = 4;  // 4 x 64
      for (const std::size_t at : {small, small + 1}) {
        x[at] = 1;
        for (std::size_t n = 0; n < 3; ++n) dz[3 * at + n] = std::array<std::uint8_t, 3>{1, 9, 2}[n];
      }
      c.left = traces::pack_nibbles(x);
      c.right = {traces::pack_nibbles(dz)};
      expect_equal(std::move(c), half);
    }
  EXPECT_EQ(unlike, 18);
}

INSTANTIATE_TEST_SUITE_P(, AccumulatorsOn,
                         testing::Values("emu.naive", "systemc.pe", "systemc.array", "systemc.tile",
                                         "simt.literal", "cuda.literal"),
                         parameter_name);

INSTANTIATE_TEST_SUITE_P(, OtherAccumulatorsOn,
                         testing::Values("emu.naive", "systemc.pe", "systemc.array", "systemc.tile",
                                         "simt.literal", "cuda.literal"),
                         parameter_name);

}  // namespace
}  // namespace quatrain::tests
