/// Narrow accumulators on every machine that has them, against the oracle: all widths, both kinds of
/// overflow, every pair of encodings, convolutions with windows, groups and samples.
#include "tests/exact/machines.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/natural_terms.hpp"

#include <random>

namespace quatrain::tests {
namespace {

using traces::Accumulator;
using traces::Overflow;

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

INSTANTIATE_TEST_SUITE_P(, AccumulatorsOn,
                         testing::Values("emu.naive", "systemc.pe", "systemc.array", "simt.literal",
                                         "cuda.literal"),
                         parameter_name);

}  // namespace
}  // namespace quatrain::tests
