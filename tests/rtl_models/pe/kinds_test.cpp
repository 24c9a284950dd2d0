/// Every kind of PE in every dataflow and at every fidelity: sums equal the exact ones, activity is the
/// same; what the operands of a kind toggle is counted by hand.
#include "rtl_models/array_model.hpp"
#include "rtl_models/schedule/tile_schedule.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/sharp_gemms.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace quatrain::tests {
namespace {

using rtl_models::ArrayShape;
using rtl_models::Dataflow;
using rtl_models::Drain;
using rtl_models::Fidelity;
using rtl_models::Preload;

struct Kind {
  const rtl_models::PeModel& (*model)();
  bool has_fp4;
  unsigned operand_bits;
};
const Kind kinds[] = {{rtl_models::dual_int4_fp4_pe, true, 4},
                      {rtl_models::int4_pe, false, 4},
                      {rtl_models::fp7_pe, true, 4},
                      {rtl_models::int8_pe, true, 8}};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.model().name; }

const Dataflow dataflows[] = {
    rtl_models::OutputStationary{Drain::serial}, rtl_models::OutputStationary{Drain::shadow},
    rtl_models::WeightStationary{Preload::hidden}, rtl_models::InputStationary{Preload::exposed}};

bool has_fp4(const Mode& mode) {
  return mode.left == traces::Encoding::fp4_e3m0 || mode.right == traces::Encoding::fp4_e3m0;
}

class EveryPeKind : public testing::TestWithParam<Kind> {};

TEST_P(EveryPeKind, ComputeExactSumsWithTheSameActivityAtAllFidelities) {
  constexpr ArrayShape shape{4, 5};
  struct Pair {
    Dataflow dataflow;
    std::unique_ptr<rtl_models::ArrayModel> pe, array, tile;
  };
  std::vector<Pair> pairs;  // SystemC wants all of them before the first replay
  for (const Dataflow& dataflow : dataflows)
    pairs.push_back({dataflow,
                     rtl_models::make_array_model(shape, Fidelity::pe, dataflow, GetParam().model()),
                     rtl_models::make_array_model(shape, Fidelity::array, dataflow, GetParam().model()),
                     rtl_models::make_array_model(shape, Fidelity::tile, dataflow, GetParam().model())});
  for (const auto& [dataflow, pe, array, tile] : pairs) {
    unsigned seed = 1;
    for (const Mode& mode : five_modes) {
      const unsigned samples = mode.phase == traces::Phase::backward_weight ? 2 : 1;
      const GemmCase c = random_case({mode.phase, linear_geometry(mode.phase, 7, 6, 23)}, mode.left,
                                     mode.right, samples, seed++);
      if (has_fp4(mode) && !GetParam().has_fp4) {
        EXPECT_EQ(array->refuses(c.gemm, mode.left, mode.right),
                  "the PE " + std::string(GetParam().model().name) + " has no mode for " +
                      std::string(name_of(mode.left)) + " x " + std::string(name_of(mode.right)));
        continue;
      }
      ASSERT_EQ(array->refuses(c.gemm, mode.left, mode.right), std::nullopt);
      const auto schedule =
          whole_gemm_schedule(traces::gemm_size(c.gemm.phase, c.gemm.geometry), samples, shape, dataflow);
      const auto right = right_operands(c);
      const auto found = array->replay(c.gemm, left_operand(c), right, schedule),
                 golden = pe->replay(c.gemm, left_operand(c), right, schedule);
      const auto expected = exact::accumulators(c);
      EXPECT_EQ(found.accumulators, expected);
      EXPECT_EQ(golden.accumulators, expected);
      EXPECT_EQ(found.cycles, golden.cycles);
      EXPECT_EQ(found.activity, golden.activity);
      const auto quick = tile->replay(c.gemm, left_operand(c), right, schedule);
      EXPECT_EQ(quick.accumulators, expected);
      EXPECT_EQ(quick.cycles, golden.cycles);
      EXPECT_EQ(quick.activity, golden.activity);
    }
  }
}

/// One PE: its registers take the operands one after the other, then 0.
TEST_P(EveryPeKind, ToggleTheBitsOfTheirOperands) {
  const auto array = rtl_models::make_array_model({1, 1}, Fidelity::array, {}, GetParam().model()),
             tile = rtl_models::make_array_model({1, 1}, Fidelity::tile, {}, GetParam().model());
  std::vector<std::uint8_t> left, right;
  for (std::uint8_t code = 0; code < 16; ++code)
    if (code != 8) left.push_back(code), right.push_back(static_cast<std::uint8_t>(code * 7 % 15));
  const auto on_wires = [](const std::int8_t(&values)[16], const std::vector<std::uint8_t>& codes) {
    std::uint64_t toggles = 0;
    std::uint8_t before = 0;
    for (std::size_t i = 0; i <= codes.size(); ++i) {
      const std::uint8_t now = i == codes.size()              ? std::uint8_t{0}
                               : GetParam().operand_bits == 8 ? static_cast<std::uint8_t>(values[codes[i]])
                                                              : codes[i];
      toggles += static_cast<std::uint64_t>(std::popcount(static_cast<std::uint8_t>(before ^ now)));
      before = now;
    }
    return toggles;
  };
  // Typed from numerics.md section 1.
  constexpr std::int8_t int4[16] = {0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1};
  constexpr std::int8_t fp4[16] = {0, 1, 2, 4, 8, 16, 32, 64, 0, -1, -2, -4, -8, -16, -32, -64};
  for (std::uint8_t& code : right)
    if (code == 8) code = 9;
  for (const Mode& mode : {int4_int4, fp4_int4}) {
    if (has_fp4(mode) && !GetParam().has_fp4) continue;
    const auto k = static_cast<std::int64_t>(left.size());
    const traces::Gemm gemm{mode.phase, linear_geometry(mode.phase, 1, 1, k)};
    const auto packed_left = traces::pack_nibbles(left), packed_right = traces::pack_nibbles(right);
    const std::vector<traces::Operand> operands = {{mode.right, 1.0F, packed_right}};
    for (const auto& model : {array.get(), tile.get()}) {
      const auto run = model->replay(gemm, {mode.left, 1.0F, packed_left}, operands,
                                     rtl_models::whole_gemm_schedule({1, 1, k, 1}, 1, {1, 1}));
      EXPECT_EQ(run.activity.left_toggles, on_wires(has_fp4(mode) ? fp4 : int4, left));
      EXPECT_EQ(run.activity.right_toggles, on_wires(int4, right));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryPeKind, testing::ValuesIn(kinds),
                         [](const auto& kind) { return std::string(kind.param.model().name); });

}  // namespace
}  // namespace quatrain::tests
