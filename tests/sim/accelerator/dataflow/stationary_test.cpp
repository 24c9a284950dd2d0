#include "sim/accelerator/dataflow/stationary.hpp"

#include "sim/accelerator/cycles.hpp"
#include "sim/accelerator/events.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/natural_terms.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace quatrain::tests {
namespace {

using namespace rtl_models;
using sim::Access;
using sim::Component;
using sim::Mapping;
using sim::SramWord;
using sim::TechnologyRow;
using sim::Traffic;
using Int = std::int64_t;
using U = std::uint64_t;

traces::Geometry linear_layer(Int batch, Int in, Int out) {
  traces::Geometry g;
  g.batch = batch, g.in_channels = in, g.out_channels = out;
  return g;
}

Mapping mapping_of(const traces::Gemm& gemm, unsigned samples, ArrayShape array, const Dataflow& dataflow) {
  Mapping mapping{traces::gemm_size(gemm.phase, gemm.geometry), samples, array};
  mapping.dataflow = dataflow;
  return mapping;
}

/// Elements of the left operand in rows m .. m_end - 1 and terms k .. k_end - 1.
U distinct(const traces::Gemm& gemm, Int group, Int m, Int m_end, Int k, Int k_end) {
  std::set<Int> seen;
  for (Int i = m; i < m_end; ++i)
    for (Int t = k; t < k_end; ++t)
      if (const auto element = left_element(gemm, group, i, t)) seen.insert(*element);
  return seen.size();
}

/// Bits that come from DRAM when the folds are walked one by one, and bytes of unfinished sums.
Traffic walked(const traces::Gemm& gemm, const Mapping& mapping, const sim::OperandBuffers& buffers) {
  const bool holds_left = std::holds_alternative<InputStationary>(mapping.dataflow);
  const Int m = mapping.size.m, n = mapping.size.n, k = mapping.size.k, samples = mapping.samples;
  const Int rows = mapping.array.rows, columns = mapping.array.columns, width = holds_left ? m : n;
  U left = 0, right = 0, sums = 0;
  for (Int group = 0; group < mapping.size.groups; ++group) {
    const U all_left = 4 * distinct(gemm, group, 0, m, 0, k), all_right = static_cast<U>(4 * n * k * samples);
    U largest_slice = 0;
    for (Int t = 0; t < k; t += rows)
      largest_slice = std::max(largest_slice, 4 * distinct(gemm, group, 0, m, t, std::min(t + rows, k)));
    if (all_left <= buffers.half_bits) left += all_left;
    if (holds_left && all_right <= buffers.half_bits) right += all_right;
    for (Int first = 0; first < width; first += columns) {
      const Int end = std::min(first + columns, width);
      if (holds_left && all_right > buffers.half_bits) right += all_right;
      const Int lines = holds_left ? n : m;
      Int passes = 0;
      for (Int t = 0; t < k; t += rows) {
        const Int t_end = std::min(t + rows, k);
        for (Int sample = 0; sample < samples; ++sample) {
          ++passes;
          if (!holds_left) right += static_cast<U>(4 * (t_end - t) * (end - first));
          const bool stays = sample > 0 && (holds_left || largest_slice <= buffers.half_bits);
          if (all_left > buffers.half_bits && !stays)
            left += 4 * (holds_left ? distinct(gemm, group, first, end, t, t_end)
                                    : distinct(gemm, group, 0, m, t, t_end));
        }
      }
      if (static_cast<U>(32 * lines * (end - first)) > buffers.accumulator_bits)
        sums += static_cast<U>(8 * lines * (end - first) * (passes - 1));
    }
  }
  return {(left + 7) / 8, (right + 7) / 8, static_cast<U>(4 * m * n * mapping.size.groups), 0, sums};
}

TEST(StationaryTraffic, EqualsAWalkOverTheFolds) {
  std::mt19937 random(5);
  const auto pick = [&](unsigned most) { return static_cast<Int>(1 + random() % most); };
  std::set<int> seen;  // which things came again
  for (int round = 0; round < 300; ++round) {
    traces::Geometry g = linear_layer(pick(9), pick(9), pick(9));
    const bool has_windows = round % 3 == 0;
    if (has_windows) {
      g.batch = pick(2), g.height = 2 + pick(3), g.width = 2 + pick(3), g.kernel_height = g.kernel_width = 2;
      g.padding_height = static_cast<Int>(random() % 2);
      g = with_output(g);
    }
    const traces::Phase phase = random() % 2 == 0 ? traces::Phase::forward : traces::Phase::backward_weight;
    const unsigned samples = phase == traces::Phase::forward ? 1 : static_cast<unsigned>(pick(3));
    const traces::Gemm gemm{phase, g};
    const Dataflow dataflow = random() % 2 == 0 ? Dataflow(WeightStationary{}) : Dataflow(InputStationary{});
    const Mapping mapping = mapping_of(
        gemm, samples, {static_cast<std::uint32_t>(pick(4)), static_cast<std::uint32_t>(pick(4))}, dataflow);
    // Windows: slices of any size stay, so that the bound on the largest one decides nothing.
    const U half = has_windows ? (random() % 2 == 0 ? 4 : 1 << 20) : static_cast<U>(4 * pick(60));
    const sim::OperandBuffers buffers{samples > 1 && has_windows ? 1 << 20 : half, 4,
                                      static_cast<U>(32 * pick(20))};
    const Traffic expected = walked(gemm, mapping, buffers),
                  found = stationary_traffic(gemm, mapping, buffers);
    ASSERT_EQ(found, expected) << "round " << round << ": left " << found.left_bytes << " for "
                               << expected.left_bytes << ", right " << found.right_bytes << " for "
                               << expected.right_bytes << ", sums " << found.accumulator_bytes << " for "
                               << expected.accumulator_bytes;
    const auto once = [](U elements) { return (4 * elements + 7) / 8; };
    if (found.left_bytes > once(distinct(gemm, 0, 0, mapping.size.m, 0, mapping.size.k))) seen.insert(1);
    if (found.right_bytes > once(mapping.n() * mapping.stream_length())) seen.insert(2);
    if (found.accumulator_bytes > 0) seen.insert(3);
  }
  EXPECT_EQ(seen, (std::set<int>{1, 2, 3}));
}

U events(const sim::EventCounts& counts, Component component, const sim::Price& price) {
  for (const sim::EventCount& entry : counts.entries())
    if (entry.component == component && entry.price == price) return entry.events;
  return 0;
}

sim::EventCounts events_of_design(const Mapping& mapping, const Traffic& traffic) {
  sim::AcceleratorConfig config;
  config.array = mapping.array;
  config.dataflow = mapping.dataflow;
  config.operand_kib = 16, config.accumulator_kib = 8;
  return events_of(config, mapping, use_of_array(mapping), traffic, {}, 0);
}

/// m 5, n 7, k 10 on 4 x 3: k in 4 + 4 + 2, n in 3 + 3 + 1, 9 folds that 5 rows stream past. The interval is
/// 5, and 5 + 4 - 2 behind the second part of k but for the parts before; the last part has 2 rows before 4
/// of the next.
TEST(StationaryEvents, WeightStationaryByHand) {
  const Mapping mapping =
      mapping_of({traces::Phase::forward, linear_layer(5, 10, 7)}, 1, {4, 3}, WeightStationary{});
  const sim::UseOfArray use = use_of_array(mapping);
  // Begins of streams: 4, 9, 16 | 21, 26, 33 | 38, 43, 50; the last fold ends 2 + 1 + 5 - 2 later.
  EXPECT_EQ(use.cycles, 56U);
  EXPECT_EQ(use.tiles, 9U);
  EXPECT_EQ(use.outputs, 35U);
  EXPECT_EQ(use.streamed_cycles, 45U);
  EXPECT_EQ(use.macs, 350U);
  EXPECT_EQ(use.used_pes, 70U);
  EXPECT_DOUBLE_EQ(use.spatial(), 70.0 / (9 * 12));
  EXPECT_DOUBLE_EQ(use.temporal(), 45.0 / 56);
  EXPECT_DOUBLE_EQ(use.overall(), 350.0 / (56 * 12));
  const auto counts = events_of_design(mapping, {100, 70, 140, 0, 0});
  EXPECT_EQ(events(counts, Component::pe_combinational, sim::operation_row("pe_dual_int32")), 350U);
  EXPECT_EQ(events(counts, Component::pe_flip_flops, TechnologyRow::flipflop_bit_clock), 12U * 50 * 56);
  EXPECT_EQ(events(counts, Component::skew_flip_flops, TechnologyRow::flipflop_bit_clock),
            (6U * 7 + 3 * 7) * 56);
  // 45 times a row of the moving operand, 3 x 10 rows of weights.
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{8, 16, Access::read}), 45U);
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{8, 12, Access::read}), 30U);
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{8, 16, Access::write}), 50U);
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{8, 12, Access::write}), 47U);
  // In each of the 9 folds 5 rows of sums.
  EXPECT_EQ(events(counts, Component::accumulator_sram, SramWord{8, 96, Access::read}), 45U);
  EXPECT_EQ(events(counts, Component::accumulator_sram, SramWord{8, 96, Access::write}), 45U);
  EXPECT_EQ(events(counts, Component::epilogue, TechnologyRow::fp32_mul), 35U);
  // The sums of the two whole parts of n go through DRAM twice each way: 2 x 2 x 5 rows more.
  const auto spilled = events_of_design(mapping, {100, 70, 140, 0, 8 * 5 * 6 * 2});
  EXPECT_EQ(events(spilled, Component::accumulator_sram, SramWord{8, 96, Access::read}), 45U + 20);
}

/// The same GEMM with its operands exchanged: m in 3 + 2, 6 folds that 7 columns stream past.
TEST(StationaryEvents, InputStationaryByHand) {
  const Mapping mapping = mapping_of({traces::Phase::forward, linear_layer(5, 10, 7)}, 1, {4, 3},
                                     InputStationary{Preload::exposed});
  const sim::UseOfArray use = use_of_array(mapping);
  EXPECT_EQ(use.cycles, (8U + 3 + 7 - 2) * 2 + (4 + 3 + 7 - 2) + (8 + 2 + 7 - 2) * 2 + (4 + 2 + 7 - 2));
  EXPECT_EQ(use.tiles, 6U);
  EXPECT_EQ(use.streamed_cycles, 42U);
  EXPECT_EQ(use.used_pes, 50U);
  const auto counts = events_of_design(mapping, {100, 70, 140, 0, 0});
  EXPECT_EQ(events(counts, Component::pe_flip_flops, TechnologyRow::flipflop_bit_clock),
            12U * 44 * use.cycles);
  EXPECT_EQ(events(counts, Component::skew_flip_flops, TechnologyRow::flipflop_bit_clock),
            (6U * 6 + 3 * 7) * use.cycles);
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{8, 12, Access::read}), 20U);
  EXPECT_EQ(events(counts, Component::operand_sram, SramWord{8, 16, Access::read}), 42U);
  EXPECT_EQ(events(counts, Component::accumulator_sram, SramWord{8, 96, Access::read}), 42U);
}

}  // namespace
}  // namespace quatrain::tests
