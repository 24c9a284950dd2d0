/// Blocks and their search against walks over every block with sets of elements, and the ratios that
/// docs/results/mapping.md states.
#include "sim/accelerator/cycles.hpp"
#include "sim/accelerator/mapping/block_traffic.hpp"
#include "tests/support/natural_terms.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

namespace quatrain::tests {
namespace {

using sim::Blocks;
using sim::BlockTraffic;
using sim::Mapping;
using sim::OperandBuffers;
using sim::Traffic;
using traces::Gemm;
using U = std::uint64_t;

traces::Geometry linear(std::int64_t m, std::int64_t n, std::int64_t k) {
  traces::Geometry g;
  g.batch = m, g.in_channels = k, g.out_channels = n;
  return g;
}

Mapping mapping_of(const Gemm& gemm, unsigned samples, rtl_models::ArrayShape array) {
  return {traces::gemm_size(gemm.phase, gemm.geometry), samples, array, {}};
}

/// Elements of one block of a side.
using Elements = std::set<std::int64_t>;

/// What a block walk moves: each side holds the last block, or everything where the whole operand fits.
struct Walk {
  Traffic traffic;
  U largest_left = 0;  ///< elements
};

/// Visits every block of group 0 in the order, with sets.
Walk walk(const Gemm& gemm, const Mapping& mapping, const OperandBuffers& buffers, const Blocks& blocks) {
  const auto m = mapping.size.m, n = mapping.size.n, k = mapping.size.k;
  const auto block_m = static_cast<std::int64_t>(std::min(blocks.m, static_cast<U>(m))),
             block_n = static_cast<std::int64_t>(std::min(blocks.n, static_cast<U>(n))),
             block_k = static_cast<std::int64_t>(std::min(blocks.k, static_cast<U>(k)));
  const auto left_of = [&](std::int64_t m0, std::int64_t k0, std::int64_t m1, std::int64_t k1) {
    Elements elements;
    for (std::int64_t i = m0; i < std::min(m1, m); ++i)
      for (std::int64_t t = k0; t < std::min(k1, k); ++t)
        if (const auto at = left_element(gemm, 0, i, t)) elements.insert(*at);
    return static_cast<U>(elements.size());
  };
  const auto right_of = [&](std::int64_t n0, std::int64_t k0, std::int64_t n1, std::int64_t k1) {
    Elements elements;
    for (std::int64_t j = n0; j < std::min(n1, n); ++j)
      for (std::int64_t t = k0; t < std::min(k1, k); ++t) elements.insert(right_element(gemm, 0, j, t));
    return static_cast<U>(elements.size()) * mapping.samples;
  };
  const U bits = buffers.element_bits;
  const bool left_stays = left_of(0, 0, m, k) * bits <= buffers.half_bits,
             right_stays = right_of(0, 0, n, k) * bits <= buffers.half_bits,
             results_stay = static_cast<U>(m * n) * 32 <= buffers.accumulator_bits;
  Walk found;
  U left = left_stays ? left_of(0, 0, m, k) : 0, right = right_stays ? right_of(0, 0, n, k) : 0, words = 0;
  std::pair<std::int64_t, std::int64_t> held_left{-1, -1}, held_right{-1, -1}, held_result{-1, -1};
  std::set<std::pair<std::int64_t, std::int64_t>> begun;
  std::array<std::int64_t, 3> at{};
  const std::string_view order = name_of(blocks.order);
  const auto size_of = [&](char axis) { return axis == 'm' ? m : axis == 'n' ? n : k; };
  const auto block_of = [&](char axis) { return axis == 'm' ? block_m : axis == 'n' ? block_n : block_k; };
  const auto visit = [&] {
    const auto of = [&](char axis) { return at.at(order.find(axis) / 2); };
    const std::int64_t i = of('m'), j = of('n'), t = of('k');
    const U elements = left_of(i, t, i + block_m, t + block_k);
    found.largest_left = std::max(found.largest_left, elements);
    if (!left_stays && held_left != std::pair{i, t}) left += elements;
    if (!right_stays && held_right != std::pair{j, t}) right += right_of(j, t, j + block_n, t + block_k);
    held_left = {i, t}, held_right = {j, t};
    const std::pair result{i, j};
    if (!results_stay && held_result != result && !begun.insert(result).second)
      words += 2 * static_cast<U>(std::min(block_m, m - i) * std::min(block_n, n - j));
    held_result = result;
  };
  for (at[0] = 0; at[0] < size_of(order[0]); at[0] += block_of(order[0]))
    for (at[1] = 0; at[1] < size_of(order[2]); at[1] += block_of(order[2]))
      for (at[2] = 0; at[2] < size_of(order[4]); at[2] += block_of(order[4])) visit();
  const U groups = mapping.groups();
  found.traffic = {(groups * left * bits + 7) / 8, (groups * right * bits + 7) / 8,
                   groups * static_cast<U>(m * n) * 4, 0, groups * words * 4};
  return found;
}

struct Problem {
  Gemm gemm;
  Mapping mapping;
  OperandBuffers buffers;
};

Problem random_problem(std::mt19937& random, traces::Phase phase) {
  const Gemm gemm{phase, random_geometry(random)};
  const auto samples = static_cast<unsigned>(phase == traces::Phase::backward_weight ? 1 + random() % 3 : 1);
  return {gemm,
          mapping_of(
              gemm, samples,
              {static_cast<std::uint32_t>(1 + random() % 6), static_cast<std::uint32_t>(1 + random() % 3)}),
          {40 + random() % 1500, 4, 32 * (6 + random() % 60)}};
}

TEST(Mapping, BytesOfBlocksEqualAWalkWithSets) {
  std::mt19937 random(5);
  int refused = 0, came_back = 0, windows = 0;
  for (int round = 0; round < 40; ++round)
    for (const traces::Phase phase : all_phases) {
      const Problem p = random_problem(random, phase);
      BlockTraffic traffic(p.gemm, p.mapping, p.buffers);
      const Blocks blocks{sim::all_loop_orders[random() % 6], p.mapping.array.rows * (1 + random() % 5),
                          p.mapping.array.columns * (1 + random() % 3), 1 + random() % 20};
      const Walk expected = walk(p.gemm, p.mapping, p.buffers, blocks);
      sim::LeftElements left(p.gemm);
      ASSERT_GE(left.blocks(blocks.m, blocks.k).largest, expected.largest_left);
      if (traffic.refuses(blocks)) {
        ++refused;
        continue;
      }
      ASSERT_EQ(traffic.traffic(blocks), expected.traffic) << round;
      came_back += expected.traffic.accumulator_bytes > 0;
      windows += !left.is_plain();
      const Walk endless = walk(p.gemm, p.mapping, {UINT64_MAX, 4, UINT64_MAX}, blocks);
      ASSERT_EQ(traffic.compulsory(), endless.traffic) << round;
    }
  EXPECT_GT(refused, 10);
  EXPECT_GT(came_back, 5);
  EXPECT_GT(windows, 20);
}

/// The blocks that docs/hardware-model.md names, and for linear layers every multiple.
U least_by_brute_force(const Problem& p) {
  BlockTraffic traffic(p.gemm, p.mapping, p.buffers);
  const auto sizes = [](U size, U unit) {
    std::vector<U> all;
    for (U block = unit; block < size; block += unit) all.push_back(block);
    all.push_back(size);
    return all;
  };
  U least = UINT64_MAX;
  for (const U m : sizes(p.mapping.m(), p.mapping.array.rows))
    for (const U n : sizes(p.mapping.n(), p.mapping.array.columns))
      for (const U k : sizes(static_cast<U>(p.mapping.size.k), p.mapping.array.rows))
        for (const sim::LoopOrder order : sim::all_loop_orders)
          if (const Blocks blocks{order, m, n, k}; !traffic.refuses(blocks))
            least = std::min(least, walk(p.gemm, p.mapping, p.buffers, blocks).traffic.gemm_bytes());
  return least;
}

TEST(Mapping, SearchIsNeverWorseThanBruteForce) {
  std::mt19937 random(6);
  int found = 0;
  for (int round = 0; round < 60; ++round) {
    const auto size = [&] { return static_cast<std::int64_t>(1 + random() % 11); };
    const Gemm gemm{all_phases[random() % 3], linear(size(), size(), size())};
    const Problem p{gemm,
                    mapping_of(gemm,
                               1 + static_cast<unsigned>(random() % 2) *
                                       (gemm.phase == traces::Phase::backward_weight ? 1U : 0U),
                               {static_cast<std::uint32_t>(1 + random() % 3),
                                static_cast<std::uint32_t>(1 + random() % 3)}),
                    {16 + random() % 250, 4, 32 * (1 + random() % 50)}};
    BlockTraffic traffic(p.gemm, p.mapping, p.buffers);
    const auto blocks = traffic.least_bytes();
    const U least = least_by_brute_force(p);
    ASSERT_EQ(blocks.has_value(), least != UINT64_MAX) << round;
    if (!blocks) continue;
    ++found;
    ASSERT_EQ(walk(p.gemm, p.mapping, p.buffers, *blocks).traffic.gemm_bytes(), least) << round;
  }
  EXPECT_GT(found, 30);
}

TEST(Mapping, ALargerBufferNeverMovesMore) {
  std::mt19937 random(7);
  int less = 0;
  for (int round = 0; round < 150; ++round)
    for (const traces::Phase phase : all_phases) {
      Problem p = random_problem(random, phase);
      p.buffers.half_bits = 20 + p.buffers.half_bits / 6;
      OperandBuffers larger = p.buffers;
      (random() % 2 == 0 ? larger.half_bits : larger.accumulator_bits) += 1 + random() % 1000;
      BlockTraffic small(p.gemm, p.mapping, p.buffers), large(p.gemm, p.mapping, larger);
      const auto in_small = small.least_bytes(), in_large = large.least_bytes();
      if (!in_small) continue;
      ASSERT_TRUE(in_large);
      EXPECT_EQ(small.refuses(*in_small), std::nullopt);
      const U before = small.traffic(*in_small).gemm_bytes(), after = large.traffic(*in_large).gemm_bytes();
      ASSERT_LE(after, before) << round;
      ASSERT_GE(after, large.compulsory().gemm_bytes());
      less += after < before;
    }
  EXPECT_GT(less, 30);
}

/// Tiles of the schedule, one after the other, give the closed form; each (row, column, k) is in one tile.
TEST(Mapping, TheScheduleCoversEveryTermOnceInTheCyclesOfTheClosedForm) {
  std::mt19937 random(8);
  int interrupted = 0;
  for (int round = 0; round < 60; ++round) {
    const Gemm gemm{traces::Phase::forward, linear(static_cast<std::int64_t>(1 + random() % 20),
                                                   static_cast<std::int64_t>(1 + random() % 9),
                                                   static_cast<std::int64_t>(1 + random() % 12))};
    Mapping mapping = mapping_of(gemm, 1 + static_cast<unsigned>(random() % 2), {3, 2});
    mapping.blocks = Blocks{sim::all_loop_orders[random() % 6], 3 * (1 + random() % 3),
                            2 * (1 + random() % 3), 1 + random() % 6};
    std::set<std::tuple<U, U, U>> seen;
    U cycles = 0;
    for (const rtl_models::Tile& tile : schedule_of(mapping).tiles) {
      const auto k = tile.k.value_or(rtl_models::KRange{0, static_cast<U>(mapping.size.k)});
      cycles += mapping.samples * k.count() + 2 * tile.rows + tile.columns - 2;
      for (U i = 0; i < tile.rows; ++i)
        for (U j = 0; j < tile.columns; ++j)
          for (U t = k.first; t < k.end; ++t)
            ASSERT_TRUE(seen.emplace(tile.first_row + i, tile.first_column + j, t).second);
    }
    ASSERT_EQ(seen.size(), mapping.m() * mapping.n() * static_cast<U>(mapping.size.k));
    ASSERT_EQ(cycles, cycles_of(mapping)) << round;
    interrupted += mapping.passes() > 1;
  }
  EXPECT_GT(interrupted, 10);
}

/// 6 x 5 x 10 on 4 x 4 by hand: panels of 40 and 50 elements do not fit 100 bits, blocks of 4 x 5 and 5 x 4
/// do.
TEST(Mapping, BlocksByHand) {
  const Gemm gemm{traces::Phase::forward, linear(6, 5, 10)};
  BlockTraffic traffic(gemm, mapping_of(gemm, 1, {4, 4}), {100, 4, 512});
  EXPECT_EQ(traffic.traffic({sim::LoopOrder::m_n_k, 4, 4, 5}), (Traffic{60, 50, 120, 0, 0}));
  EXPECT_EQ(traffic.traffic({sim::LoopOrder::k_m_n, 4, 4, 5}), (Traffic{30, 50, 120, 0, 240}));
  EXPECT_EQ(traffic.compulsory(), (Traffic{30, 25, 120, 0, 0}));
  EXPECT_EQ(
      traffic.refuses({sim::LoopOrder::m_n_k, 4, 8, 5}).value(),
      "/mapping/m: 4 x 5 results need 0.078125 KiB; expected at most 0.0625 KiB, /buffers/accumulator_kib");
  EXPECT_EQ(traffic.refuses({sim::LoopOrder::m_n_k, 4, 4, 10}).value(),
            "/mapping/k: a left block of 4 x 10 needs 0.0195312 KiB; expected at most 0.012207 KiB, half of "
            "/buffers/operand_kib");
}

TEST(Mapping, DoubleBufferingHalvesWhatABlockMayHave) {
  const Gemm gemm{traces::Phase::forward, linear(6, 5, 10)};
  BlockTraffic traffic(gemm, mapping_of(gemm, 1, {4, 4}), {80, 4, 512, 2});
  EXPECT_EQ(traffic.refuses({sim::LoopOrder::m_n_k, 4, 4, 4}), std::nullopt);
  EXPECT_EQ(traffic.refuses({sim::LoopOrder::m_n_k, 4, 8, 4}).value(),
            "/mapping/m: 4 x 5 results need 0.078125 KiB; expected at most 0.0625 KiB, half of "
            "/buffers/accumulator_kib (double buffering)");
  EXPECT_EQ(
      traffic.refuses({sim::LoopOrder::m_n_k, 4, 4, 10}).value(),
      "/mapping/k: a left block of 4 x 10 needs 0.0195312 KiB; expected at most 0.00976562 KiB, a quarter "
      "of /buffers/operand_kib (double buffering)");
  EXPECT_EQ(
      traffic.refuses({sim::LoopOrder::m_n_k, 4, 4, 6}).value(),
      "/mapping/k: a left block of 4 x 6 needs 0.0117188 KiB; expected at most 0.00976562 KiB, a quarter "
      "of /buffers/operand_kib (double buffering)");
}

}  // namespace
}  // namespace quatrain::tests
