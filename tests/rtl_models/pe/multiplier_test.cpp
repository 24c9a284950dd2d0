#include "rtl_models/machine.hpp"
#include "rtl_models/pe/dual_int4_fp4.hpp"
#include "rtl_models/pe/fp7.hpp"
#include "rtl_models/pe/int4.hpp"
#include "rtl_models/pe/int8.hpp"
#include "tests/support/gemm_cases.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ostream>

namespace quatrain::tests {
namespace {

using rtl_models::Fidelity;
using rtl_models::PeMode;
using traces::Encoding;
using traces::Phase;

// Typed from numerics.md section 1, code by code.
constexpr int int4[16] = {0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1};
constexpr int uint4[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
constexpr int fp4[16] = {0,  1,  2,  4,  8,   16,  32, 64, /* 0x8 has no value: gated */ 0,
                         -1, -2, -4, -8, -16, -32, -64};

struct Mode {
  const char* name;
  PeMode mode;
  Phase phase;  ///< one in which the pair occurs
  Encoding left, right;
  const int (&left_values)[16];
  const int (&right_values)[16];
};

void PrintTo(const Mode& mode, std::ostream* out) { *out << mode.name; }

const Mode modes[] = {
    {"int4_int4", PeMode::int4_int4, Phase::forward, Encoding::int4, Encoding::int4, int4, int4},
    {"uint4_int4", PeMode::uint4_int4, Phase::forward, Encoding::uint4, Encoding::int4, uint4, int4},
    {"fp4_int4", PeMode::fp4_int4, Phase::backward_data, Encoding::fp4_e3m0, Encoding::int4, fp4, int4},
    {"int4_fp4", PeMode::int4_fp4, Phase::backward_weight, Encoding::int4, Encoding::fp4_e3m0, int4, fp4},
    {"uint4_fp4", PeMode::uint4_fp4, Phase::backward_weight, Encoding::uint4, Encoding::fp4_e3m0, uint4, fp4},
};

class EveryPair : public testing::TestWithParam<Mode> {};

template <typename Kind, typename Lane>
int product_of(PeMode mode, int left, int right) {
  return rtl_models::with_mode<Kind>(mode, [&]<PeMode m>() {
    const auto on_left = Kind::template operand<rtl_models::left_encoding(m)>(static_cast<Lane>(left)),
               on_right = Kind::template operand<rtl_models::right_encoding(m)>(static_cast<Lane>(right));
    return static_cast<int>(Kind::template product<m>(on_left, on_right));
  });
}

template <typename Kind>
void expect_products_of_values(const Mode& mode) {
  for (int a = 0; a < 16; ++a)
    for (int b = 0; b < 16; ++b) {
      const int expected = mode.left_values[a] * mode.right_values[b];
      EXPECT_EQ((product_of<Kind, int>(mode.mode, a, b)), expected) << fmt::format("codes {:x} {:x}", a, b);
      EXPECT_EQ((product_of<Kind, std::int16_t>(mode.mode, a, b)), expected)
          << fmt::format("codes {:x} {:x}", a, b);
    }
}

/// All kinds of PE.
TEST_P(EveryPair, ProductIsTheProductOfTheValues) {
  const Mode& mode = GetParam();
  EXPECT_EQ(rtl_models::pe_mode(mode.left, mode.right), mode.mode);
  EXPECT_EQ(rtl_models::left_encoding(mode.mode), mode.left);
  EXPECT_EQ(rtl_models::right_encoding(mode.mode), mode.right);
  expect_products_of_values<rtl_models::DualInt4Fp4>(mode);
  expect_products_of_values<rtl_models::Fp7>(mode);
  expect_products_of_values<rtl_models::Int8>(mode);
  const bool is_integer = mode.left != Encoding::fp4_e3m0 && mode.right != Encoding::fp4_e3m0;
  EXPECT_EQ(rtl_models::Int4::has(mode.mode), is_integer);
  if (is_integer) expect_products_of_values<rtl_models::Int4>(mode);
}

TEST_P(EveryPair, ZeroMasksFindTheValueZero) {
  const Mode& mode = GetParam();
  for (unsigned code = 0; code < 16; ++code) {
    EXPECT_EQ((code & rtl_models::code_zero_mask(mode.left)) == 0, mode.left_values[code] == 0) << code;
    EXPECT_EQ((code & rtl_models::code_zero_mask(mode.right)) == 0, mode.right_values[code] == 0) << code;
  }
}

/// All 16 left codes on the rows, all 16 right codes on the columns, k = 1: a tile of the 256 products.
TEST_P(EveryPair, PassesThroughTheArrayAtBothFidelities) {
  const Mode& mode = GetParam();
  traces::Geometry g;
  g.batch = mode.phase == Phase::backward_weight ? 1 : 16;
  g.in_channels = mode.phase == Phase::forward ? 1 : 16;
  g.out_channels = mode.phase == Phase::backward_data ? 1 : 16;
  std::vector<std::uint8_t> codes;
  for (std::uint8_t code = 0; code < 16; ++code) codes.push_back(code);
  const auto packed = traces::pack_nibbles(codes);
  const std::vector<traces::Operand> right = {{mode.right, 1.0F, packed}};
  const auto pe = rtl_models::make_array_model({16, 16}, Fidelity::pe);
  const auto array = rtl_models::make_array_model({16, 16}, Fidelity::array);
  for (const auto& model : {pe.get(), array.get()}) {
    const traces::Gemm gemm{mode.phase, g};
    const auto size = traces::gemm_size(mode.phase, g);
    const auto result = model->replay(gemm, {mode.left, 1.0F, packed}, right,
                                      rtl_models::whole_gemm_schedule(size, 1, {16, 16}));
    for (std::size_t m = 0; m < 16; ++m)
      for (std::size_t n = 0; n < 16; ++n) {
        const std::size_t at = mode.phase == Phase::backward_weight ? n * 16 + m : m * 16 + n;
        EXPECT_EQ(result.accumulators[at], mode.left_values[m] * mode.right_values[n])
            << fmt::format("codes {:x} {:x}", m, n);
      }
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, EveryPair, testing::ValuesIn(modes),
                         [](const auto& mode) { return std::string(mode.param.name); });

TEST(PeModes, OtherPairsHaveNone) {
  EXPECT_FALSE(rtl_models::pe_mode(Encoding::int4, Encoding::uint4).has_value());
  EXPECT_FALSE(rtl_models::pe_mode(Encoding::fp4_e3m0, Encoding::uint4).has_value());
  EXPECT_FALSE(rtl_models::pe_mode(Encoding::fp4_e3m0, Encoding::fp4_e3m0).has_value());
  EXPECT_FALSE(rtl_models::pe_mode(Encoding::fp32, Encoding::int4).has_value());
}

}  // namespace
}  // namespace quatrain::tests
