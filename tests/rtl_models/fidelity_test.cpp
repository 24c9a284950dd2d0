#include "rtl_models/array_model.hpp"
#include "rtl_models/schedule/sum_order.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/sharp_gemms.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace quatrain::tests {
namespace {

using rtl_models::ArrayShape;
using rtl_models::Fidelity;
using rtl_models::Tile;
using rtl_models::TileSchedule;
using traces::Encoding;
using traces::Phase;

traces::Geometry small_convolution() {
  traces::Geometry g;
  g.batch = 2, g.in_channels = 3, g.height = 6, g.width = 5, g.out_channels = 7;
  g.kernel_height = g.kernel_width = 3, g.stride_height = 2, g.padding_height = g.padding_width = 1;
  return with_output(g);
}

traces::Geometry few_positions() {
  traces::Geometry g = small_convolution();
  g.batch = 1, g.height = 3, g.in_channels = 4;
  return with_output(g);
}

/// K + 2 r + c - 2 for every tile, drained before the next.
std::uint64_t serial_cycles(const TileSchedule& schedule) {
  std::uint64_t cycles = 0;
  for (const Tile& tile : schedule.tiles) cycles += schedule.stream_length + 2 * tile.rows + tile.columns - 2;
  return cycles;
}

struct Run {
  Phase phase;
  Encoding left, right;
  unsigned samples;
};

void expect_equal_fidelities(ArrayShape shape) {
  const auto pe = rtl_models::make_array_model(shape, Fidelity::pe);
  const auto array = rtl_models::make_array_model(shape, Fidelity::array);
  const auto tile = rtl_models::make_array_model(shape, Fidelity::tile);
  unsigned seed = 7;
  for (const Run& run : {Run{Phase::forward, Encoding::uint4, Encoding::int4, 1},
                         Run{Phase::backward_data, Encoding::fp4_e3m0, Encoding::int4, 1},
                         Run{Phase::backward_weight, Encoding::uint4, Encoding::fp4_e3m0, 2}}) {
    SCOPED_TRACE(testing::Message() << "phase " << int(run.phase) << " seed " << seed);
    const GemmCase c =
        random_case({run.phase, small_convolution()}, run.left, run.right, run.samples, seed++);
    const auto right = right_operands(c);
    const traces::GemmSize size = traces::gemm_size(run.phase, c.gemm.geometry);
    TileSchedule schedule = rtl_models::whole_gemm_schedule(size, run.samples, shape);
    const auto expected = array->replay(c.gemm, left_operand(c), right, schedule);
    const auto found = pe->replay(c.gemm, left_operand(c), right, schedule);
    EXPECT_EQ(expected.accumulators, exact::accumulators(c));
    EXPECT_EQ(found.accumulators, expected.accumulators);
    EXPECT_EQ(expected.cycles, serial_cycles(schedule));
    EXPECT_EQ(found.cycles, expected.cycles);
    EXPECT_EQ(expected.activity.macs, static_cast<std::uint64_t>(traces::mac_count(size)) * run.samples);
    EXPECT_GT(expected.activity.zero_operand_macs, 0U);
    EXPECT_EQ(found.activity.zero_operand_macs, expected.activity.zero_operand_macs);
    EXPECT_EQ(found.activity.left_toggles, expected.activity.left_toggles);
    EXPECT_EQ(found.activity.right_toggles, expected.activity.right_toggles);
    EXPECT_EQ(found.activity.accumulator_toggles, expected.activity.accumulator_toggles);
    EXPECT_EQ(found.activity, expected.activity);
    const auto at_once = tile->replay(c.gemm, left_operand(c), right, schedule);
    EXPECT_EQ(at_once.accumulators, expected.accumulators);
    EXPECT_EQ(at_once.cycles, expected.cycles);
    EXPECT_EQ(at_once.activity, expected.activity);
    schedule.tiles.resize(1 + schedule.tiles.size() / 2);  // a sample of tiles
    std::swap(schedule.tiles.front(), schedule.tiles.back());
    const auto some = array->replay(c.gemm, left_operand(c), right, schedule);
    for (const auto& model : {pe.get(), tile.get()}) {
      const auto other = model->replay(c.gemm, left_operand(c), right, schedule);
      EXPECT_EQ(other.accumulators, some.accumulators);
      EXPECT_EQ(other.cycles, some.cycles);
      EXPECT_EQ(other.activity, some.activity);
    }
  }
}

/// Registers of chunks and of floating-point sums, drained through either kind of chain.
TEST(Fidelities, OtherAccumulatorsHaveTheSameActivity) {
  using rtl_models::Drain;
  using traces::Overflow;
  constexpr traces::SumFormat floating = traces::SumFormat::floating;
  constexpr ArrayShape shape{4, 4};
  const rtl_models::Dataflow skewed = rtl_models::OutputStationary{Drain::skewed},
                             shadow = rtl_models::OutputStationary{Drain::shadow};
  const std::unique_ptr<rtl_models::ArrayModel> pes[] = {
      rtl_models::make_array_model(shape, Fidelity::pe, skewed),
      rtl_models::make_array_model(shape, Fidelity::pe, shadow)};
  const std::unique_ptr<rtl_models::ArrayModel> arrays[] = {
      rtl_models::make_array_model(shape, Fidelity::array, skewed),
      rtl_models::make_array_model(shape, Fidelity::array, shadow)};
  const std::unique_ptr<rtl_models::ArrayModel> tiles[] = {
      rtl_models::make_array_model(shape, Fidelity::tile, skewed),
      rtl_models::make_array_model(shape, Fidelity::tile, shadow)};
  const rtl_models::Dataflow dataflows[] = {skewed, shadow};
  std::set<std::uint64_t> toggles;
  for (const traces::Accumulator& accumulator : {traces::Accumulator{},
                                                 {9, Overflow::wrap},
                                                 {9, Overflow::wrap, traces::SumFormat::integer, 5},
                                                 {16, Overflow::infinity, floating},
                                                 {16, Overflow::infinity, floating, 5},
                                                 {32, Overflow::wrap, floating, 4}})
    for (std::size_t i = 0; i < 2; ++i) {
      const GemmCase c = random_case({Phase::backward_weight, small_convolution(), accumulator},
                                     Encoding::uint4, Encoding::fp4_e3m0, 2, 3);
      const auto right = right_operands(c);
      const TileSchedule schedule = rtl_models::whole_gemm_schedule(
          traces::gemm_size(c.gemm.phase, c.gemm.geometry), 2, shape, dataflows[i]);
      const auto found = pes[i]->replay(c.gemm, left_operand(c), right, schedule),
                 expected = arrays[i]->replay(c.gemm, left_operand(c), right, schedule);
      EXPECT_EQ(found.accumulators, exact::accumulators(c));
      EXPECT_EQ(expected.accumulators, found.accumulators);
      EXPECT_EQ(expected.cycles, found.cycles);
      EXPECT_EQ(expected.activity, found.activity) << text_of(accumulator);
      const auto at_once = tiles[i]->replay(c.gemm, left_operand(c), right, schedule);
      EXPECT_EQ(at_once.accumulators, found.accumulators);
      EXPECT_EQ(at_once.cycles, found.cycles);
      EXPECT_EQ(at_once.activity, found.activity) << text_of(accumulator);
      toggles.insert(found.activity.accumulator_toggles);
    }
  EXPECT_EQ(toggles.size(), 12U) << "each has registers of its own";
}

/// The tiles of a schedule with all of k in parts, a block of results after the other or part after part.
TileSchedule in_parts(TileSchedule schedule, std::uint64_t k, std::uint64_t part, bool k_is_outer) {
  const std::vector<Tile> whole = std::exchange(schedule.tiles, {});
  const auto add = [&](Tile tile, std::uint64_t first) {
    tile.k = rtl_models::KRange{first, std::min(first + part, k)};
    schedule.tiles.push_back(tile);
  };
  if (k_is_outer)
    for (std::uint64_t first = 0; first < k; first += part)
      for (const Tile& tile : whole) add(tile, first);
  else
    for (const Tile& tile : whole)
      for (std::uint64_t first = 0; first < k; first += part) add(tile, first);
  return schedule;
}

/// Sums that round, saturate or wrap go on from the one that comes back: the bits are those of one
/// accumulator that takes all of k (numerics.md section 7).
TEST(Fidelities, SumsThatComeBackGoOnInTheirOrder) {
  using traces::Overflow;
  constexpr traces::SumFormat floating = traces::SumFormat::floating;
  constexpr ArrayShape shape{4, 3};
  struct Design {
    rtl_models::Dataflow dataflow;
    std::vector<std::unique_ptr<rtl_models::ArrayModel>> models;
  };
  std::vector<Design> designs;
  for (const rtl_models::Dataflow& dataflow :
       {rtl_models::Dataflow{rtl_models::OutputStationary{}},
        rtl_models::Dataflow{rtl_models::WeightStationary{rtl_models::Preload::hidden}},
        rtl_models::Dataflow{rtl_models::WeightStationary{rtl_models::Preload::exposed}},
        rtl_models::Dataflow{rtl_models::InputStationary{rtl_models::Preload::hidden}},
        rtl_models::Dataflow{rtl_models::InputStationary{rtl_models::Preload::exposed}}}) {
    designs.push_back({dataflow, {}});
    for (const Fidelity fidelity : {Fidelity::pe, Fidelity::array, Fidelity::tile})
      designs.back().models.push_back(rtl_models::make_array_model(shape, fidelity, dataflow));
  }
  unsigned seed = 1, differ_from_parts = 0;
  for (const traces::Accumulator& accumulator : {traces::Accumulator{8, Overflow::saturate},
                                                 {9, Overflow::wrap},
                                                 {16, Overflow::infinity, floating},
                                                 {16, Overflow::saturate, floating},
                                                 {32, Overflow::wrap, floating},
                                                 {9, Overflow::saturate, traces::SumFormat::integer, 5},
                                                 {16, Overflow::infinity, floating, 5}})
    for (const Design& design : designs) {
      const bool is_output = std::holds_alternative<rtl_models::OutputStationary>(design.dataflow);
      for (const bool k_is_outer : {false, true}) {
        const GemmCase c = random_case({Phase::backward_data, few_positions(), accumulator},
                                       Encoding::fp4_e3m0, Encoding::int4, 1, seed++);
        SCOPED_TRACE(testing::Message() << text_of(accumulator) << " design " << &design - designs.data());
        const traces::GemmSize size = traces::gemm_size(c.gemm.phase, c.gemm.geometry);
        const auto k = static_cast<std::uint64_t>(size.k);
        TileSchedule schedule = rtl_models::whole_gemm_schedule(size, 1, shape, design.dataflow);
        if (is_output) schedule = in_parts(schedule, k, 10, k_is_outer);
        if (!is_output && accumulator.chunk != 0) {
          EXPECT_TRUE(design.models[1]->refuses(c.gemm, c.left_encoding, c.right_encoding).has_value());
          continue;
        }
        const auto golden = design.models[0]->replay(c.gemm, left_operand(c), right_operands(c), schedule);
        EXPECT_EQ(golden.accumulators, exact::accumulators(c));
        for (const auto& model : {design.models[1].get(), design.models[2].get()}) {
          const auto found = model->replay(c.gemm, left_operand(c), right_operands(c), schedule);
          EXPECT_EQ(found.accumulators, golden.accumulators) << int(model->fidelity());
          EXPECT_EQ(found.cycles, golden.cycles) << int(model->fidelity());
          EXPECT_EQ(found.activity, golden.activity) << int(model->fidelity());
        }
        if (!is_output || k_is_outer) continue;
        GemmCase exact = c;
        exact.gemm.accumulator = {};
        differ_from_parts += exact::accumulators(exact) != golden.accumulators ? 1 : 0;
        EXPECT_EQ(design.models[1]->replay(exact.gemm, left_operand(c), right_operands(c), schedule).cycles,
                  golden.cycles);
      }
    }
  EXPECT_GE(differ_from_parts, 3U) << "the accumulators matter";
}

/// Held weights of two samples with all of k: the second sample goes on from the first one's sums.
TEST(Fidelities, SamplesOfHeldWeightsFollowEachOther) {
  constexpr ArrayShape shape{4, 3};
  const rtl_models::Dataflow held = rtl_models::WeightStationary{rtl_models::Preload::hidden};
  std::vector<std::unique_ptr<rtl_models::ArrayModel>> models;
  for (const Fidelity fidelity : {Fidelity::pe, Fidelity::array, Fidelity::tile})
    models.push_back(rtl_models::make_array_model(shape, fidelity, held));
  const GemmCase c = random_case({Phase::backward_weight,
                                  linear_geometry(Phase::backward_weight, 5, 7, 4),
                                  {8, traces::Overflow::saturate}},
                                 Encoding::uint4, Encoding::fp4_e3m0, 2, 11);
  const TileSchedule schedule =
      rtl_models::whole_gemm_schedule(traces::gemm_size(c.gemm.phase, c.gemm.geometry), 2, shape, held);
  const auto golden = models[0]->replay(c.gemm, left_operand(c), right_operands(c), schedule);
  EXPECT_EQ(golden.accumulators, exact::accumulators(c));
  for (const auto& model : models) {
    const auto found = model->replay(c.gemm, left_operand(c), right_operands(c), schedule);
    EXPECT_EQ(found.accumulators, golden.accumulators);
    EXPECT_EQ(found.cycles, golden.cycles);
    EXPECT_EQ(found.activity, golden.activity);
  }
}

/// Parts of k that an array would add in another order.
TEST(Fidelities, SumsOutOfOrderAreRefused) {
  using rtl_models::Drain, rtl_models::Preload, rtl_models::sums_out_of_order;
  constexpr ArrayShape shape{8, 4};
  const traces::Accumulator narrow{9, traces::Overflow::saturate},
      chunks{9, traces::Overflow::saturate, traces::SumFormat::integer, 4};
  const auto reason = [&](const rtl_models::Dataflow& dataflow, const traces::Accumulator& accumulator,
                          traces::GemmSize size, unsigned samples, std::uint64_t part) {
    TileSchedule schedule = rtl_models::whole_gemm_schedule(size, samples, shape, dataflow);
    if (part != 0) schedule = in_parts(schedule, static_cast<std::uint64_t>(size.k), part, true);
    return sums_out_of_order(accumulator, dataflow, schedule, static_cast<std::uint64_t>(size.k))
        .value_or("");
  };
  const rtl_models::OutputStationary serial{Drain::serial}, skewed{Drain::skewed};
  const rtl_models::WeightStationary hidden{Preload::hidden}, exposed{Preload::exposed};
  EXPECT_EQ(reason(serial, narrow, {9, 9, 20, 1}, 1, 6), "");
  EXPECT_EQ(reason(serial, chunks, {9, 9, 20, 1}, 1, 8), "");
  EXPECT_EQ(reason(skewed, narrow, {9, 9, 20, 1}, 3, 0), "");
  EXPECT_EQ(reason(skewed, {}, {9, 9, 20, 1}, 3, 6), "") << "exact";
  EXPECT_EQ(reason(serial, chunks, {9, 9, 20, 1}, 1, 6),
            "a part of k that begins at 6, inside a chunk; expected a multiple of 4");
  EXPECT_EQ(reason(skewed, narrow, {9, 9, 20, 1}, 1, 6),
            "parts of k, whose sums have to be back before they go on; expected the drain 'serial', or all "
            "of k at once");
  EXPECT_EQ(reason(serial, narrow, {9, 9, 20, 1}, 3, 6),
            "3 samples, which follow each other over all of their k; expected all of k at once, or 1 sample");
  EXPECT_EQ(reason(hidden, narrow, {9, 9, 8, 1}, 3, 0), "") << "sample after sample, each of them whole";
  EXPECT_TRUE(reason(hidden, narrow, {9, 9, 9, 1}, 3, 0).starts_with("3 samples"));
  EXPECT_TRUE(reason(rtl_models::InputStationary{}, narrow, {9, 9, 8, 1}, 3, 0).starts_with("3 samples"));
  EXPECT_TRUE(reason(hidden, chunks, {9, 9, 8, 1}, 1, 0).starts_with("sums of chunks"));
  EXPECT_EQ(reason(hidden, narrow, {2, 9, 11, 1}, 1, 0),
            "a stream of 2 operands, behind which 3 rows follow 8 rows before their sums are back; expected "
            "a preload 'exposed', or at least 3 operands");
  EXPECT_EQ(reason(hidden, narrow, {3, 9, 11, 1}, 1, 0), "");
  EXPECT_EQ(reason(exposed, narrow, {2, 9, 11, 1}, 1, 0), "");
}

/// Counted by hand (docs/hardware-model.md, "Activity"), codes of one tile on 2 x 2 PEs, k = 3:
///     rows     3  0 -2 = 0011 0000 1110     columns  2  4 -3 = 0010 0100 1101
///              1  5 -1 = 0001 0101 1111              0  6  7 = 0000 0110 0111
/// Row 0 has a zero under both columns, column 1 beside both rows: 4 of the 12 MACs.
/// A register starts and ends at 0000: 2 + 2 + 3 + 3 bits in row 0 and 1 + 1 + 2 + 4 in row 1 change, in two
/// PEs each; 1 + 2 + 2 + 3 in column 0 and 0 + 2 + 1 + 3 in column 1, in two PEs each.
/// Accumulators, and what the drain shifts into the lower one:
///     0 -> 6 -> 6 -> 12           2 + 0 + 2        0 -> 0 -> 0 -> -14          0 + 0 + 29
///     0 -> 2 -> 22 -> 25 -> 12    1 + 2 + 4 + 3    0 -> 0 -> 30 -> 23 -> -14   0 + 4 + 2 + 29
TEST(Fidelities, ActivityIsWhatHandsCount) {
  GemmCase c{{Phase::forward, {}}, Encoding::int4, Encoding::int4, {}, {}, 1, 1};
  c.gemm.geometry.batch = 2, c.gemm.geometry.in_channels = 3, c.gemm.geometry.out_channels = 2;
  c.left = traces::pack_nibbles(std::vector<std::uint8_t>{0x3, 0x0, 0xE, 0x1, 0x5, 0xF});
  c.right = {traces::pack_nibbles(std::vector<std::uint8_t>{0x2, 0x4, 0xD, 0x0, 0x6, 0x7})};
  const auto right = right_operands(c);
  const TileSchedule schedule = rtl_models::whole_gemm_schedule({2, 2, 3, 1}, 1, {2, 2});
  const auto pe = rtl_models::make_array_model({2, 2}, Fidelity::pe);
  const auto array = rtl_models::make_array_model({2, 2}, Fidelity::array);
  const auto tile = rtl_models::make_array_model({2, 2}, Fidelity::tile);
  for (const auto& model : {pe.get(), array.get(), tile.get()}) {
    const auto result = model->replay(c.gemm, left_operand(c), right, schedule);
    EXPECT_EQ(result.accumulators, (std::vector<std::int32_t>{12, -14, 25, 23}));
    EXPECT_EQ(result.cycles, 3U + 2 * 2 + 2 - 2);
    EXPECT_EQ(result.activity.macs, 12U);
    EXPECT_EQ(result.activity.zero_operand_macs, 4U);
    EXPECT_EQ(result.activity.left_toggles, 2U * (10 + 8));
    EXPECT_EQ(result.activity.right_toggles, 2U * (8 + 6));
    EXPECT_EQ(result.activity.accumulator_toggles, 4U + 29 + 10 + 35);
  }
}

TEST(Fidelities, EqualBitsCyclesActivityOn4x4) { expect_equal_fidelities({4, 4}); }
TEST(Fidelities, EqualBitsCyclesActivityOn5x3) { expect_equal_fidelities({5, 3}); }
TEST(Fidelities, EqualBitsCyclesActivityOn2x9) { expect_equal_fidelities({2, 9}); }
TEST(Fidelities, EqualBitsCyclesActivityOn1x1) { expect_equal_fidelities({1, 1}); }
TEST(Fidelities, EqualBitsCyclesActivityOn16x40) { expect_equal_fidelities({16, 40}); }

}  // namespace
}  // namespace quatrain::tests
