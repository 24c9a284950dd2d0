#include "rtl_models/array/array_step.hpp"

#include "rtl_models/array/stationary/step.hpp"
#include "rtl_models/pe/dual_int4_fp4.hpp"
#include "rtl_models/pe/fp7.hpp"
#include "rtl_models/pe/int8.hpp"
#include "rtl_models/schedule/tile_schedule.hpp"
#include "tests/support/forced_path.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace quatrain::tests {
namespace {

using namespace rtl_models;

EdgeWord random_edge(std::uint32_t lanes, std::mt19937& random) {
  EdgeWord word(lanes);
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    const auto bits = static_cast<unsigned>(random());
    word.words[lane] = static_cast<Link>(
        (bits & 0xF) | ((bits & 0x30) != 0 ? valid_bit : 0) | ((bits & 0x1F00) == 0 ? first_bit : 0) |
        ((bits & 0x30000) == 0 ? last_bit : 0) | ((bits & 0x300000) == 0 ? bottom_bit : 0));
  }
  return word;
}

constexpr PeMode modes[] = {PeMode::int4_int4, PeMode::uint4_int4, PeMode::fp4_int4, PeMode::int4_fp4,
                            PeMode::uint4_fp4};

/// The same multiplier, read from its products.
PeTable looked_up(PeTable table) {
  table.looks_up = true;
  for (int code = 0; code < static_cast<int>(all_codes); ++code) {
    table.left.values[static_cast<std::size_t>(code)] = code * static_cast<int>(all_codes);
    table.right.values[static_cast<std::size_t>(code)] = code;
  }
  return table;
}

/// Registers of `shape` after each of 400 edges with random operands and control bits: a path and its table
/// beside the portable path and its own.
void expect_same_steps(SimdPath path, ArrayShape shape, const PeTable& table, const PeTable& golden_table,
                       const traces::Accumulator& accumulator, Drain drain, unsigned seed) {
  const ArrayStep golden_step = array_step(SimdPath::portable), step = array_step(path);
  std::mt19937 random(seed);
  ArrayState golden(shape, shape, drain), state = golden;
  Activity golden_activity, activity;
  for (int edge = 0; edge < 400; ++edge) {
    const EdgeWord left = random_edge(shape.rows, random), right = random_edge(shape.columns, random);
    golden_step(golden, left, right, golden_table, accumulator, golden_activity);
    step(state, left, right, table, accumulator, activity);
    ASSERT_EQ(golden.accumulators, state.accumulators) << "seed " << seed << " edge " << edge;
    ASSERT_EQ(golden.parts, state.parts);
    ASSERT_EQ(golden.shadows, state.shadows);
    ASSERT_EQ(golden.drain, state.drain);
    ASSERT_EQ(golden_activity, activity);
  }
  EXPECT_GT(activity.accumulator_toggles, 0U);
}

class ArrayStepOn : public testing::TestWithParam<SimdPath> {};

TEST_P(ArrayStepOn, EveryPathAgreesWithThePortableOneInEveryMode) {
  unsigned seed = 1;
  for (const PeMode mode : modes)
    for (const ArrayShape shape :
         {ArrayShape{32, 32}, ArrayShape{1, 1}, ArrayShape{5, 3}, ArrayShape{37, 70}})
      for (const Drain drain : {Drain::serial, Drain::shadow}) {
        const PeTable table = pe_table<DualInt4Fp4>(mode);
        expect_same_steps(GetParam(), shape, table, table, {}, drain, seed++);
      }
}

/// Accumulators of every kind, and multipliers whose products are read from a table.
TEST_P(ArrayStepOn, MultipliersThatAreLookedUpGiveTheSame) {
  unsigned seed = 1;
  for (const traces::Accumulator& accumulator :
       {traces::Accumulator{}, traces::Accumulator{12, traces::Overflow::saturate},
        traces::Accumulator{10, traces::Overflow::wrap},
        traces::Accumulator{16, traces::Overflow::infinity, traces::SumFormat::floating}})
    for (const PeMode mode : modes) {
      const PeTable table = pe_table<Int8>(mode);
      expect_same_steps(GetParam(), {5, 19}, looked_up(table), table, accumulator, Drain::serial, seed++);
    }
}

/// The same of a stationary array: words enter its top at random, some with `load` or `last`.
void expect_same_stationary_steps(SimdPath path, ArrayShape shape, const PeTable& table,
                                  const PeTable& golden_table, Preload preload, Held held, unsigned seed) {
  const StationaryStep golden_step = stationary_step(SimdPath::portable), step = stationary_step(path);
  std::mt19937 random(seed);
  StationaryState golden(shape, shape, preload, held), state = golden;
  Activity golden_activity, activity;
  for (int edge = 0; edge < 400; ++edge) {
    EdgeWord left = random_edge(shape.rows, random), top = random_edge(shape.columns, random);
    if (random() % 2 == 0) top.clear();
    golden_step(golden, left, top, golden_table, {}, golden_activity);
    step(state, left, top, table, {}, activity);
    ASSERT_EQ(golden.chain.bits, state.chain.bits) << "seed " << seed << " edge " << edge;
    ASSERT_EQ(golden.held.bits, state.held.bits);
    ASSERT_EQ(golden.took, state.took);
    ASSERT_EQ(golden.sums, state.sums);
    ASSERT_EQ(golden_activity, activity);
    const Link enters = left.words[0];
    ExitWords golden_exits(shape.columns), exits(shape.columns);
    show_sums(golden, shape.rows - 1, enters, golden_table, {}, golden_exits);
    show_sums(state, shape.rows - 1, enters, table, {}, exits);
    ASSERT_EQ(golden_exits, exits);
  }
  EXPECT_GT(activity.left_toggles, 0U);
  EXPECT_GT(activity.right_toggles, 0U);
}

TEST_P(ArrayStepOn, EveryPathAgreesInAStationaryArray) {
  unsigned seed = 1;
  for (const PeMode mode : modes)
    for (const ArrayShape shape : {ArrayShape{1, 1}, ArrayShape{5, 3}, ArrayShape{67, 70}})
      for (const Preload preload : {Preload::hidden, Preload::exposed}) {
        const PeTable table = pe_table<DualInt4Fp4>(mode);
        expect_same_stationary_steps(GetParam(), shape, seed % 3 == 0 ? looked_up(table) : table, table,
                                     preload, seed / 2 % 2 == 0 ? Held::left : Held::right, seed);
        ++seed;
      }
}

INSTANTIATE_TEST_SUITE_P(Paths, ArrayStepOn, testing::ValuesIn(supported_paths()),
                         [](const auto& path) { return std::string(name_of(path.param)); });

/// Every kind that computes exactly multiplies two values, however it does so; one that does not is seen.
TEST(PeTable, AMultiplierIsSeenByItsProducts) {
  for (const PeMode mode : modes) {
    EXPECT_FALSE(pe_table<DualInt4Fp4>(mode).looks_up);
    EXPECT_FALSE(pe_table<Fp7>(mode).looks_up);
    EXPECT_FALSE(pe_table<Int8>(mode).looks_up);
    PeTable table = pe_table<DualInt4Fp4>(mode);
    ++table.products[7 * all_codes + 5];
    find_values(table);
    EXPECT_TRUE(table.looks_up);
    EXPECT_EQ(table.left.values[3] + table.right.values[2], 3 * static_cast<int>(all_codes) + 2);
  }
}

TEST(ArrayStep, TheWidestThatRunsHereIsChosen) {
  const SimdPath widest = supported_paths().back();
  EXPECT_EQ(array_step(), array_step(widest));
  EXPECT_EQ(stationary_step(), stationary_step(widest));
  EXPECT_NE(array_step(SimdPath::avx512), array_step(SimdPath::avx2));
}

TEST(ArrayStep, AForcedPathIsTaken) {
  for (const SimdPath path : supported_paths()) {
    const ForcedPath forced(name_of(path));
    EXPECT_EQ(array_step(), array_step(path));
    EXPECT_EQ(stationary_step(), stationary_step(path));
  }
}

}  // namespace
}  // namespace quatrain::tests
