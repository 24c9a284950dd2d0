/// Every dataflow on arrays and GEMMs of all proportions: all fidelities, the closed form and the formula of
/// docs/hardware-model.md, typed here as a walk over tiles, give the same cycles; bits equal the exact sums,
/// and the activity is the same. 7 dataflows with their drains and preloads x 38 GEMMs x 8 arrays: 2,128
/// cases.
#include "sim/accelerator/cycles.hpp"
#include "sim/accelerator/replay.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/sharp_gemms.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <variant>
#include <vector>

namespace quatrain::tests {
namespace {

using rtl_models::ArrayShape;
using rtl_models::Drain;
using rtl_models::Fidelity;
using Int = std::int64_t;

struct Size {
  Int m, n, k, samples = 1, groups = 1;
};

/// Ones, primes, ragged tiles, streams shorter and longer than the arrays, samples, groups.
constexpr std::array<Size, 38> sizes = {
    {{1, 1, 1},        {1, 1, 9},      {1, 7, 1},   {7, 1, 2},       {2, 3, 5},        {5, 7, 11},
     {13, 3, 2},       {3, 13, 1},     {8, 8, 8},   {9, 9, 9},       {16, 4, 3},       {17, 5, 3},
     {31, 2, 4},       {4, 31, 2},     {33, 33, 1}, {12, 20, 37},    {41, 1, 3},       {1, 67, 2},
     {1, 1, 2},        {1, 2, 1},      {2, 1, 1},   {1, 1, 40},      {1, 33, 1},       {37, 1, 1},
     {2, 2, 64},       {3, 5, 7},      {11, 11, 2}, {7, 7, 7},       {15, 17, 1},      {16, 16, 5},
     {9, 65, 2},       {65, 9, 2},     {33, 2, 33}, {6, 5, 3, 4, 1}, {6, 10, 4, 1, 2}, {9, 34, 2, 2, 1},
     {3, 1, 17, 8, 1}, {5, 9, 1, 1, 3}}};
constexpr std::array<ArrayShape, 8> arrays = {
    {{1, 1}, {1, 8}, {8, 1}, {3, 5}, {7, 7}, {8, 8}, {16, 4}, {32, 32}}};

/// Tiles of r x c results in their order, one after the other.
Int typed_cycles(Drain drain, ArrayShape array, const Size& s) {
  const Int stream = s.samples * s.k, n = s.n / s.groups, rows = array.rows, columns = array.columns;
  Int begin = 0, end = 0, last_r = 0;
  for (Int group = 0; group < s.groups; ++group)
    for (Int j = 0; j < n; j += columns)
      for (Int i = 0; i < s.m; i += rows) {
        const Int r = std::min(rows, s.m - i), c = std::min(columns, n - j);
        if (drain == Drain::serial) begin = end;
        if (drain == Drain::skewed && last_r > 0) begin += std::max(stream + last_r - 1, 2 * last_r - r);
        if (drain == Drain::shadow && last_r > 0) begin += std::max({stream, last_r, 2 * last_r - r});
        end = std::max(end, begin + stream + 2 * r + c - 2);
        last_r = r;
      }
  return end;
}

/// The GEMM as a linear layer: forward, or backward_weight where there are samples.
GemmCase case_of(const Size& s, unsigned seed) {
  const Mode& mode = s.samples > 1 ? uint4_fp4 : seed % 2 == 0 ? uint4_int4 : int4_int4;
  traces::Geometry g = linear_geometry(mode.phase, s.m, s.n, s.k * s.groups);
  g.groups = s.groups;
  return random_case({mode.phase, g}, mode.left, mode.right, static_cast<unsigned>(s.samples), seed);
}

struct Models {
  ArrayShape shape;
  std::unique_ptr<rtl_models::ArrayModel> array, tile, pe;  ///< pe: up to 8 x 8
};

void expect_all_equal(const rtl_models::Dataflow& dataflow, const auto& typed) {
  std::vector<Models> models;
  for (const ArrayShape shape : arrays) {
    models.push_back({shape, rtl_models::make_array_model(shape, Fidelity::array, dataflow),
                      rtl_models::make_array_model(shape, Fidelity::tile, dataflow), nullptr});
    if (shape.rows * shape.columns <= 64)
      models.back().pe = rtl_models::make_array_model(shape, Fidelity::pe, dataflow);
  }
  unsigned seed = 1;
  for (const Size& s : sizes) {
    const GemmCase c = case_of(s, seed++);
    const std::vector<std::int32_t> expected = exact::accumulators(c);
    const auto right = right_operands(c);
    const traces::GemmSize size = traces::gemm_size(c.gemm.phase, c.gemm.geometry);
    ASSERT_EQ(size.m * size.n * size.k * size.groups, s.m * s.n * s.k);
    for (const Models& m : models) {
      SCOPED_TRACE(testing::Message() << s.m << " x " << s.n << " x " << s.k << " on " << m.shape.rows
                                      << " x " << m.shape.columns);
      sim::Mapping mapping{size, static_cast<unsigned>(s.samples), m.shape};
      mapping.dataflow = dataflow;
      const auto schedule = schedule_of(mapping);
      const auto cycles = static_cast<std::uint64_t>(typed(m.shape, s));
      ASSERT_EQ(sim::cycles_of(mapping), cycles);
      const auto found = m.array->replay(c.gemm, left_operand(c), right, schedule);
      ASSERT_EQ(found.cycles, cycles);
      ASSERT_EQ(found.accumulators, expected);
      ASSERT_EQ(found.activity.macs, mapping.macs());
      const auto at_once = m.tile->replay(c.gemm, left_operand(c), right, schedule);
      ASSERT_EQ(at_once.cycles, cycles);
      ASSERT_EQ(at_once.accumulators, expected);
      ASSERT_EQ(at_once.activity.zero_operand_macs, found.activity.zero_operand_macs);
      ASSERT_EQ(at_once.activity.left_toggles, found.activity.left_toggles);
      ASSERT_EQ(at_once.activity.right_toggles, found.activity.right_toggles);
      ASSERT_EQ(at_once.activity.accumulator_toggles, found.activity.accumulator_toggles);
      ASSERT_EQ(at_once.activity, found.activity);
      if (!m.pe) continue;
      const auto golden = m.pe->replay(c.gemm, left_operand(c), right, schedule);
      ASSERT_EQ(golden.cycles, cycles);
      ASSERT_EQ(golden.accumulators, expected);
      ASSERT_EQ(golden.activity, found.activity);
    }
  }
}

void expect_all_equal(Drain drain) {
  expect_all_equal(rtl_models::OutputStationary{drain},
                   [&](ArrayShape array, const Size& s) { return typed_cycles(drain, array, s); });
}

/// Folds of kr x c held operands in their order: parts of n (or m) outside, parts of k inside, of each part
/// the samples of the weights.
Int typed_cycles(const rtl_models::Dataflow& dataflow, ArrayShape array, const Size& s) {
  const auto* weights = std::get_if<rtl_models::WeightStationary>(&dataflow);
  const bool is_hidden =
      (weights ? weights->preload : std::get<rtl_models::InputStationary>(dataflow).preload) ==
      rtl_models::Preload::hidden;
  const Int n = s.n / s.groups, rows = array.rows, columns = array.columns;
  const Int stream = weights ? s.m : s.samples * n, width = weights ? n : s.m,
            times = weights ? s.samples : 1;
  Int end = 0, begin = 0, last_rows = 0;  // begin: of the fold's stream
  for (Int group = 0; group < s.groups; ++group)
    for (Int j = 0; j < width; j += columns)
      for (Int i = 0; i < s.k; i += rows)
        for (Int time = 0; time < times; ++time) {
          const Int kr = std::min(rows, s.k - i), c = std::min(columns, width - j);
          if (!is_hidden)
            begin = end + kr;
          else
            begin = last_rows == 0 ? kr : begin + std::max({stream, kr, stream + last_rows - kr});
          end = std::max(end, begin + kr + c + stream - 2);
          last_rows = kr;
        }
  return end;
}

void expect_stationary_equal(const rtl_models::Dataflow& dataflow) {
  expect_all_equal(dataflow,
                   [&](ArrayShape array, const Size& s) { return typed_cycles(dataflow, array, s); });
}

TEST(DataflowCases, WeightStationaryHidden) {
  expect_stationary_equal(rtl_models::WeightStationary{rtl_models::Preload::hidden});
}
TEST(DataflowCases, WeightStationaryExposed) {
  expect_stationary_equal(rtl_models::WeightStationary{rtl_models::Preload::exposed});
}
TEST(DataflowCases, InputStationaryHidden) {
  expect_stationary_equal(rtl_models::InputStationary{rtl_models::Preload::hidden});
}
TEST(DataflowCases, InputStationaryExposed) {
  expect_stationary_equal(rtl_models::InputStationary{rtl_models::Preload::exposed});
}

TEST(DataflowCases, OutputStationarySerial) { expect_all_equal(Drain::serial); }
TEST(DataflowCases, OutputStationarySkewed) { expect_all_equal(Drain::skewed); }
TEST(DataflowCases, OutputStationaryShadow) { expect_all_equal(Drain::shadow); }

/// Blocks of k with tiles in any order: streams of different lengths follow each other.
void expect_blocks_equal(Drain drain) {
  const rtl_models::Dataflow dataflow = rtl_models::OutputStationary{drain};
  const auto array = rtl_models::make_array_model({3, 5}, Fidelity::array, dataflow),
             tile = rtl_models::make_array_model({3, 5}, Fidelity::tile, dataflow),
             pe = rtl_models::make_array_model({3, 5}, Fidelity::pe, dataflow);
  std::mt19937 random(4);
  for (unsigned round = 0; round < 60; ++round) {
    const auto pick = [&](Int most) { return static_cast<Int>(1 + random() % static_cast<unsigned>(most)); };
    const Size s{pick(14), pick(17), pick(23)};
    const GemmCase c = case_of(s, round);
    sim::Mapping mapping{traces::gemm_size(c.gemm.phase, c.gemm.geometry), 1, {3, 5}};
    mapping.dataflow = dataflow;
    mapping.blocks =
        sim::Blocks{sim::all_loop_orders[random() % 6], static_cast<std::uint64_t>(3 * pick(3)),
                    static_cast<std::uint64_t>(5 * pick(3)), static_cast<std::uint64_t>(pick(20))};
    const auto schedule = schedule_of(mapping);
    const auto right = right_operands(c);
    const auto found = array->replay(c.gemm, left_operand(c), right, schedule);
    ASSERT_EQ(found.accumulators, exact::accumulators(c));
    ASSERT_EQ(found.cycles, sim::cycles_of(mapping)) << round;
    const auto golden = pe->replay(c.gemm, left_operand(c), right, schedule);
    ASSERT_EQ(golden.accumulators, found.accumulators);
    ASSERT_EQ(golden.cycles, found.cycles);
    ASSERT_EQ(golden.activity, found.activity);
    const auto at_once = tile->replay(c.gemm, left_operand(c), right, schedule);
    ASSERT_EQ(at_once.accumulators, found.accumulators);
    ASSERT_EQ(at_once.cycles, found.cycles);
    ASSERT_EQ(at_once.activity, found.activity);
  }
}

TEST(DataflowCases, BlocksWithSkewedDrain) { expect_blocks_equal(Drain::skewed); }
TEST(DataflowCases, BlocksWithShadowRegisters) { expect_blocks_equal(Drain::shadow); }

}  // namespace
}  // namespace quatrain::tests
