#include "rtl_models/array/array_step.hpp"

#include "rtl_models/array/stationary/step.hpp"
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

/// Registers of `shape` after each of 400 edges with random operands and control bits, compiled for a path
/// and for the portable one.
void expect_same_steps(SimdPath path, ArrayShape shape, PeMode mode, Drain drain, unsigned seed) {
  const ArrayStep step = array_step(SimdPath::portable), wide_step = array_step(path);
  std::mt19937 random(seed);
  ArrayState now(shape.rows, shape.columns, drain), next = now, wide_now = now, wide_next = now;
  Activity activity, wide_activity;
  for (int edge = 0; edge < 400; ++edge) {
    const EdgeWord left = random_edge(shape.rows, random), right = random_edge(shape.columns, random);
    step(now, next, left, right, mode, activity);
    wide_step(wide_now, wide_next, left, right, mode, wide_activity);
    ASSERT_EQ(next.left, wide_next.left);
    ASSERT_EQ(next.right, wide_next.right);
    ASSERT_EQ(next.accumulators, wide_next.accumulators) << "seed " << seed << " edge " << edge;
    ASSERT_EQ(next.shadows, wide_next.shadows);
    ASSERT_EQ(next.drain, wide_next.drain);
    ASSERT_EQ(activity, wide_activity);
    std::swap(now, next);
    std::swap(wide_now, wide_next);
  }
  EXPECT_GT(activity.accumulator_toggles, 0U);
}

class ArrayStepOn : public testing::TestWithParam<SimdPath> {};

TEST_P(ArrayStepOn, EveryPathAgreesWithThePortableOneInEveryMode) {
  unsigned seed = 1;
  for (const PeMode mode :
       {PeMode::int4_int4, PeMode::uint4_int4, PeMode::fp4_int4, PeMode::int4_fp4, PeMode::uint4_fp4})
    for (const ArrayShape shape :
         {ArrayShape{32, 32}, ArrayShape{1, 1}, ArrayShape{5, 3}, ArrayShape{37, 70}})
      for (const Drain drain : {Drain::serial, Drain::shadow})
        expect_same_steps(GetParam(), shape, mode, drain, seed++);
}

/// The same of a stationary array: words enter its top at random, some with `load` or `last`.
void expect_same_stationary_steps(SimdPath path, ArrayShape shape, PeMode mode, Preload preload, Held held,
                                  unsigned seed) {
  const StationaryStep step = stationary_step(SimdPath::portable), wide_step = stationary_step(path);
  std::mt19937 random(seed);
  StationaryState now(shape, preload, held), next = now, wide_now = now, wide_next = now;
  Activity activity, wide_activity;
  for (int edge = 0; edge < 400; ++edge) {
    EdgeWord left = random_edge(shape.rows, random), top = random_edge(shape.columns, random);
    if (random() % 2 == 0) top.clear();
    step(now, next, left, top, mode, activity);
    wide_step(wide_now, wide_next, left, top, mode, wide_activity);
    ASSERT_EQ(next.moving, wide_next.moving);
    ASSERT_EQ(next.chain, wide_next.chain) << "seed " << seed << " edge " << edge;
    ASSERT_EQ(next.held, wide_next.held);
    ASSERT_EQ(next.took, wide_next.took);
    ASSERT_EQ(next.sums, wide_next.sums);
    ASSERT_EQ(activity, wide_activity);
    std::swap(now, next);
    std::swap(wide_now, wide_next);
  }
  EXPECT_GT(activity.left_toggles, 0U);
  EXPECT_GT(activity.right_toggles, 0U);
}

TEST_P(ArrayStepOn, EveryPathAgreesInAStationaryArray) {
  unsigned seed = 1;
  for (const PeMode mode :
       {PeMode::int4_int4, PeMode::uint4_int4, PeMode::fp4_int4, PeMode::int4_fp4, PeMode::uint4_fp4})
    for (const ArrayShape shape : {ArrayShape{1, 1}, ArrayShape{5, 3}, ArrayShape{67, 70}})
      for (const Preload preload : {Preload::hidden, Preload::exposed})
        expect_same_stationary_steps(GetParam(), shape, mode, preload,
                                     seed / 2 % 2 == 0 ? Held::left : Held::right, seed),
            ++seed;
}

INSTANTIATE_TEST_SUITE_P(Paths, ArrayStepOn, testing::ValuesIn(supported_paths()),
                         [](const auto& path) { return std::string(name_of(path.param)); });

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
