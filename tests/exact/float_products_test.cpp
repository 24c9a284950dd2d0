/// PEs of floating-point operands: the multiply-add on bits against the processor's, and arrays of them
/// against the emulator's fp32 products of the same numbers.
#include "emu/gemm/fp32.hpp"
#include "rtl_models/array_model.hpp"
#include "rtl_models/float_array.hpp"
#include "rtl_models/pe/float_mac.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/natural_terms.hpp"
#include "tests/support/sharp_gemms.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace quatrain::tests {
namespace {

using rtl_models::ArrayShape;
using traces::FloatFormat;

float on_bits(FloatFormat format, float sum, std::uint16_t a, std::uint16_t b) {
  return std::bit_cast<float>(rtl_models::with_format(format, [&]<typename Format>() {
    using Bits = typename Format::Bits;
    return rtl_models::multiply_add<Format>(std::bit_cast<std::uint32_t>(sum), static_cast<Bits>(a),
                                            static_cast<Bits>(b));
  }));
}

void expect_fma(FloatFormat format, float sum, std::uint16_t a, std::uint16_t b) {
  const float expected = std::fma(traces::float_value(format, a), traces::float_value(format, b), sum);
  ASSERT_EQ(std::bit_cast<std::uint32_t>(on_bits(format, sum, a, b)), std::bit_cast<std::uint32_t>(expected))
      << name_of(format) << " " << sum << " + " << a << " x " << b;
}

bool is_number(FloatFormat format, std::uint16_t code) {
  return std::isfinite(traces::float_value(format, code));
}

/// Sums beside which a product vanishes, is rounded off, cancels, or underflows.
TEST(FloatMac, EveryPairOfEightBitCodes) {
  for (const FloatFormat format : {FloatFormat::fp8_e4m3, FloatFormat::fp8_e5m2})
    for (const float sum :
         {0.0F, -0.0F, 1.0F, -1.0F, 0x1.FFFFFEp0F, -0x1.000002p20F, 0x1p-24F, -0x1p-149F, 0x1.FFFFFEp127F})
      for (std::uint16_t a = 0; a < 256; ++a)
        for (std::uint16_t b = 0; b < 256; ++b)
          if (is_number(format, a) && is_number(format, b)) {
            ASSERT_NO_FATAL_FAILURE(expect_fma(format, sum, a, b));
          }
}

/// Any bits; half of the sums lie near the negative of the product.
TEST(FloatMac, RandomBf16) {
  std::mt19937 random(3);
  const auto bits = [&] { return static_cast<std::uint16_t>(random() >> 16); };
  for (int round = 0; round < 500'000; ++round) {
    const std::uint16_t a = bits(), b = bits();
    if (!is_number(FloatFormat::bf16, a) || !is_number(FloatFormat::bf16, b)) continue;
    auto sum = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (round % 2 == 0)
      sum = std::bit_cast<float>(std::bit_cast<std::uint32_t>(-traces::float_value(FloatFormat::bf16, a) *
                                                              traces::float_value(FloatFormat::bf16, b)) ^
                                 static_cast<std::uint32_t>(random() & 7U));
    if (std::isfinite(sum)) {
      ASSERT_NO_FATAL_FAILURE(expect_fma(FloatFormat::bf16, sum, a, b));
    }
  }
}

struct FloatCase {
  traces::Gemm gemm;
  std::vector<std::uint16_t> left, right;
};

FloatCase random_floats(const traces::Gemm& gemm, FloatFormat format, std::mt19937& random) {
  std::normal_distribution<float> normal(0, 1);
  const auto tensor = [&](std::int64_t elements) {
    std::vector<std::uint16_t> codes;
    for (std::int64_t i = 0; i < elements; ++i)
      codes.push_back(traces::float_code(format, random() % 8 == 0 ? 0.0F : normal(random)));
    return codes;
  };
  return {gemm, tensor(traces::left_elements(gemm.phase, gemm.geometry)),
          tensor(traces::right_elements(gemm.phase, gemm.geometry))};
}

std::vector<float> values_of(FloatFormat format, const std::vector<std::uint16_t>& codes) {
  std::vector<float> values;
  for (const std::uint16_t code : codes) values.push_back(traces::float_value(format, code));
  return values;
}

/// Every fidelity, elaborated before the first replay.
std::vector<std::unique_ptr<rtl_models::FloatArrayModel>> all_models(ArrayShape shape, FloatFormat format,
                                                                     rtl_models::OutputStationary dataflow) {
  std::vector<std::unique_ptr<rtl_models::FloatArrayModel>> models;
  for (const auto fidelity :
       {rtl_models::Fidelity::pe, rtl_models::Fidelity::array, rtl_models::Fidelity::tile})
    models.push_back(rtl_models::make_float_array_model(shape, format, fidelity, dataflow));
  return models;
}

void expect_bits(const std::vector<float>& found, const std::vector<float>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    ASSERT_EQ(std::bit_cast<std::uint32_t>(found[i]), std::bit_cast<std::uint32_t>(expected[i])) << i;
}

/// K + 2 r + c - 2 for every tile, drained before the next.
std::uint64_t serial_cycles(const rtl_models::TileSchedule& schedule) {
  std::uint64_t cycles = 0;
  for (const auto& tile : schedule.tiles)
    cycles += (tile.k ? tile.k->count() : schedule.stream_length) + 2 * tile.rows + tile.columns - 2;
  return cycles;
}

/// All tiles with the first part of k, then all with the rest: sums come back and go on.
void cut_in_two(rtl_models::TileSchedule& schedule, std::uint64_t k) {
  if (k < 2) return;
  const std::vector<rtl_models::Tile> whole = schedule.tiles;
  for (rtl_models::Tile& tile : schedule.tiles) tile.k = rtl_models::KRange{0, k / 2};
  for (rtl_models::Tile tile : whole) {
    tile.k = rtl_models::KRange{k / 2, k};
    schedule.tiles.push_back(tile);
  }
}

/// All phases; strides, padding, groups and ragged tiles in all ways of draining.
TEST(FloatArray, EveryFidelityGivesTheEmulatorsBitsInTheSameCycles) {
  using rtl_models::Drain;
  constexpr ArrayShape shape{4, 3};
  struct Models {
    FloatFormat format;
    Drain drain;
    std::vector<std::unique_ptr<rtl_models::FloatArrayModel>> all;
  };
  std::vector<Models> designs;
  for (const FloatFormat format : {FloatFormat::bf16, FloatFormat::fp8_e4m3, FloatFormat::fp8_e5m2})
    for (const Drain drain : {Drain::serial, Drain::skewed, Drain::shadow})
      designs.push_back({format, drain, all_models(shape, format, {drain})});
  std::mt19937 random(9);
  base::ThreadPool pool(1);
  emu::GemmWorkspace workspace;
  for (int round = 0; round < 54; ++round) {
    const auto& [format, drain, models] = designs[static_cast<std::size_t>(round) % designs.size()];
    const auto phase = static_cast<traces::Phase>(round / 9 % 3);
    const FloatCase c = random_floats({phase, random_geometry(random)}, format, random);
    std::vector<float> expected(static_cast<std::size_t>(traces::result_elements(phase, c.gemm.geometry)));
    emu::multiply_fp32(c.gemm, values_of(format, c.left), values_of(format, c.right), expected,
                       emu::SimdPath::portable, pool, workspace);
    const traces::GemmSize size = traces::gemm_size(phase, c.gemm.geometry);
    auto schedule = rtl_models::whole_gemm_schedule(size, 1, shape, rtl_models::OutputStationary{drain});
    if (drain == Drain::serial && round % 2 == 0) cut_in_two(schedule, static_cast<std::uint64_t>(size.k));
    std::optional<rtl_models::FloatRun> first;
    for (const auto& model : models) {
      SCOPED_TRACE(testing::Message() << "round " << round << " fidelity " << int(model->fidelity()));
      const auto found = model->replay(c.gemm, c.left, c.right, schedule);
      expect_bits(found.sums, expected);
      EXPECT_EQ(found.activity.macs, static_cast<std::uint64_t>(traces::mac_count(size)));
      if (drain == Drain::serial) {
        EXPECT_EQ(found.cycles, serial_cycles(schedule));
      }
      if (!first) first = found;
      EXPECT_EQ(found.cycles, first->cycles);
      EXPECT_EQ(found.activity, first->activity);
    }
  }
}

/// Small codes stand in its registers as those of 4 bits do in an array of integer PEs: cycles, products and
/// toggles of operands are the same numbers.
TEST(FloatArray, OperandsMoveAsThoseOfAnArrayOfIntegers) {
  constexpr ArrayShape shape{4, 3};
  const rtl_models::OutputStationary skewed{rtl_models::Drain::skewed};
  const auto models = all_models(shape, FloatFormat::fp8_e4m3, skewed);
  const auto clocked = rtl_models::make_array_model(shape, rtl_models::Fidelity::array, skewed);
  std::mt19937 random(2);
  for (unsigned seed = 0; seed < 6; ++seed) {
    const GemmCase c = random_case({traces::Phase::forward, random_geometry(random)}, traces::Encoding::uint4,
                                   traces::Encoding::int4, 1, seed);
    const auto wide = [](const std::vector<std::uint8_t>& packed, std::int64_t elements) {
      const auto codes = traces::unpack_nibbles(packed, static_cast<std::size_t>(elements));
      return std::vector<std::uint16_t>(codes.begin(), codes.end());
    };
    const auto left = wide(c.left, traces::left_elements(c.gemm.phase, c.gemm.geometry)),
               right = wide(c.right[0], traces::right_elements(c.gemm.phase, c.gemm.geometry));
    const auto schedule =
        rtl_models::whole_gemm_schedule(traces::gemm_size(c.gemm.phase, c.gemm.geometry), 1, shape, skewed);
    const auto expected = clocked->replay(c.gemm, left_operand(c), right_operands(c), schedule);
    for (const auto& model : models) {
      const auto found = model->replay(c.gemm, left, right, schedule);
      EXPECT_EQ(found.cycles, expected.cycles);
      EXPECT_EQ(found.activity.macs, expected.activity.macs);
      EXPECT_EQ(found.activity.zero_operand_macs, expected.activity.zero_operand_macs);
      EXPECT_EQ(found.activity.left_toggles, expected.activity.left_toggles);
      EXPECT_EQ(found.activity.right_toggles, expected.activity.right_toggles);
      EXPECT_GT(found.activity.accumulator_toggles, 0U);
    }
  }
}

/// 1, 1 + 1, 3 x 1 in one PE, then one of 2: fp32 bits counted by hand. 0, 3f800000, 40000000, 40400000.
TEST(FloatArray, AccumulatorBitsByHand) {
  traces::Gemm gemm;
  gemm.geometry.in_channels = 3;
  const std::vector<std::uint16_t> ones(3, traces::float_code(FloatFormat::bf16, 1));
  for (const auto& model : all_models({1, 1}, FloatFormat::bf16, {})) {
    const auto found =
        model->replay(gemm, ones, ones, rtl_models::whole_gemm_schedule({1, 1, 3, 1}, 1, {1, 1}));
    EXPECT_EQ(found.sums, std::vector<float>{3});
    EXPECT_EQ(found.activity.accumulator_toggles, 7U + 8 + 1);
    EXPECT_EQ(found.activity.left_toggles, 7U + 7);
    EXPECT_EQ(found.activity.zero_operand_macs, 0U);
  }
}

/// One element under a kernel of two, padding 1: -2^-76 x 2^-76 is less than fp32 holds and leaves -0. The
/// term behind it lies outside the tensor. Added as 0 x 0 it would make +0 of it.
TEST(FloatArray, ATermOutsideItsTensorIsNotAdded) {
  const auto models = all_models({2, 2}, FloatFormat::bf16, {});
  traces::Gemm gemm;
  gemm.geometry.width = 1, gemm.geometry.kernel_width = 2, gemm.geometry.padding_width = 1;
  gemm.geometry.out_width = 2;
  const std::vector<std::uint16_t> left = {traces::float_code(FloatFormat::bf16, -0x1p-76F)},
                                   right = {traces::float_code(FloatFormat::bf16, 0x1p-76F), 0};
  for (const auto& model : models) {
    const auto found =
        model->replay(gemm, left, right, rtl_models::whole_gemm_schedule({2, 1, 2, 1}, 1, {2, 2}));
    ASSERT_EQ(found.sums.size(), 2U);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(found.sums[1]), 0x80000000U) << int(model->fidelity());
    EXPECT_EQ(found.activity.macs, 4U);
  }
}

}  // namespace
}  // namespace quatrain::tests
