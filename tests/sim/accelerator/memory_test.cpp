/// Blocks with their bytes, the DRAM's time, and the recurrence of stalls: against walks with sets, typed
/// figures and their laws. The simulated memory stands in memory_model_test.cpp.
#include "sim/accelerator/cycles.hpp"
#include "sim/accelerator/energy.hpp"
#include "sim/accelerator/least_energy.hpp"
#include "sim/accelerator/memory/block_visits.hpp"
#include "sim/accelerator/memory/dram_time.hpp"
#include "sim/accelerator/memory/gemm_stalls.hpp"
#include "sim/embedded/config_file.hpp"
#include "tests/sim/accelerator/clocked_memory.hpp"
#include "tests/support/message_of.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <random>
#include <string_view>

namespace quatrain::tests {
namespace {

using rtl_models::BlockVisit;
using rtl_models::DramTiming;
using sim::Buffering;
using sim::request_cycles;
using sim::StallRecurrence;
using sim::Stalls;
using U = std::uint64_t;

std::vector<BlockVisit> visits_of(const BlockProblem& p) {
  sim::BlockTraffic traffic(p.gemm, p.mapping, p.buffers);
  sim::BlockVisits blocks(traffic, p.mapping);
  std::vector<BlockVisit> visits;
  for (BlockVisit visit; blocks.next(visit);) visits.push_back(visit);
  return visits;
}

TEST(Memory, EveryBlockLoadsAndStoresWhatAWalkWithSetsFinds) {
  std::mt19937 random(21);
  int with_sums = 0, one_stream = 0, windows = 0, stays = 0;
  for (int round = 0; round < 300; ++round) {
    const BlockProblem p = random_block_problem(random);
    const std::vector<WalkedBlock> walked = walk_blocks(p);
    const std::vector<BlockVisit> visits = visits_of(p);
    ASSERT_EQ(visits.size(), walked.size()) << round;
    U cycles = 0, bytes = 0;
    for (std::size_t i = 0; i < visits.size(); ++i) {
      const BlockVisit& v = visits[i];
      ASSERT_EQ((WalkedBlock{v.left_bytes, v.right_bytes, v.sum_bytes, v.cycles, v.stored_bytes}), walked[i])
          << "round " << round << ", block " << i;
      ASSERT_EQ(v.number, i);
      cycles += v.cycles;
      bytes += v.left_bytes + v.right_bytes + v.sum_bytes + v.stored_bytes;
      with_sums += v.sum_bytes > 0;
      stays += v.whole_left || v.whole_right;
    }
    ASSERT_EQ(cycles, cycles_of(p.mapping)) << round;
    // Every run begins at a whole byte: at most half a byte more for each.
    const U closed = sim::BlockTraffic(p.gemm, p.mapping, p.buffers).traffic(*p.mapping.blocks).gemm_bytes();
    ASSERT_GE(bytes + 1, closed) << round;
    ASSERT_LE(bytes, closed + visits.size()) << round;
    one_stream += p.mapping.passes() == 1 && trips_of(*p.mapping.blocks, p.mapping.size).k > 1;
    windows += !sim::LeftElements(p.gemm).is_plain();
  }
  EXPECT_GT(with_sums, 100);
  EXPECT_GT(one_stream, 5);
  EXPECT_GT(windows, 100);
  EXPECT_GT(stays, 100);
}

TEST(Memory, BlocksThatAreAlikeMayBePassedOver) {
  std::mt19937 random(25);
  U passed_over = 0, windows = 0;
  for (int round = 0; round < 400; ++round) {
    const BlockProblem p = random_block_problem(random);
    const std::vector<BlockVisit> visits = visits_of(p);
    sim::BlockTraffic traffic(p.gemm, p.mapping, p.buffers);
    sim::BlockVisits blocks(traffic, p.mapping);
    std::size_t at = 0;
    for (BlockVisit v; blocks.next(v);) {
      ASSERT_EQ(v.number, at) << round;
      const U alike = blocks.skip_alike();
      passed_over += alike;
      windows += alike > 0 && !traffic.left_is_plain();
      for (U i = 0; i <= alike; ++i, ++at) {
        const BlockVisit& w = visits.at(at);
        ASSERT_EQ((WalkedBlock{v.left_bytes, v.right_bytes, v.sum_bytes, v.cycles, v.stored_bytes}),
                  (WalkedBlock{w.left_bytes, w.right_bytes, w.sum_bytes, w.cycles, w.stored_bytes}))
            << round << " " << at;
      }
    }
    ASSERT_EQ(at, visits.size()) << round;
  }
  EXPECT_GT(passed_over, 1000U);
  EXPECT_GT(windows, 10U);
}

TEST(Memory, ManyBlocksAtOnceAreOneAfterTheOther) {
  std::mt19937 random(26);
  for (int round = 0; round < 3000; ++round) {
    const Buffering buffering = round % 2 == 0 ? Buffering::single : Buffering::doubled;
    StallRecurrence at_once(buffering), one_by_one(buffering);
    for (int run = 0; run < 4; ++run) {
      const U load = random() % 30, compute = 1 + random() % 30, store = random() % 3 * (random() % 20),
              blocks = random() % (run == 2 ? 400 : 5);
      at_once.visits(load, compute, store, blocks);
      for (U i = 0; i < blocks; ++i) one_by_one.visit(load, compute, store);
    }
    ASSERT_EQ(at_once.end(), one_by_one.end()) << round;
  }
  int told = 0;
  StallRecurrence tells(Buffering::doubled,
                        [&](sim::BlockPart part, auto...) { told += part == sim::BlockPart::compute; });
  tells.visits(3, 5, 1, 1000);
  EXPECT_EQ(told, 1000) << "every block is told";
  StallRecurrence many(Buffering::doubled);
  many.visits(3, 5, 1, 1'000'000'000'000);
  EXPECT_EQ(many.end(), (Stalls{3, 1, 0})) << "not one by one";
}

/// Bits that the visits of a GEMM without windows fetch, keep and bring back, walked block by block.
U walked_bits(const BlockProblem& p, const sim::Blocks& blocks, bool left_stays, bool right_stays,
              bool results_stay) {
  const U m = p.mapping.m(), n = p.mapping.n(), k = static_cast<U>(p.mapping.size.k);
  const U samples = p.mapping.samples, bits = p.buffers.element_bits;
  const auto axis = [](char name) { return name == 'm' ? 0U : name == 'n' ? 1U : 2U; };
  const std::string_view order = name_of(blocks.order);
  const std::array<unsigned, 3> loops = {axis(order[0]), axis(order[2]), axis(order[4])};
  const std::array<U, 3> sizes = {m, n, k},
                         steps = {std::min(blocks.m, m), std::min(blocks.n, n), std::min(blocks.k, k)};
  std::array<U, 3> at{};
  std::optional<std::array<U, 2>> left, right, results;
  U moved = (left_stays ? m * k : 0) * bits + (right_stays ? n * k * samples : 0) * bits;
  for (at[loops[0]] = 0; at[loops[0]] < sizes[loops[0]]; at[loops[0]] += steps[loops[0]])
    for (at[loops[1]] = 0; at[loops[1]] < sizes[loops[1]]; at[loops[1]] += steps[loops[1]])
      for (at[loops[2]] = 0; at[loops[2]] < sizes[loops[2]]; at[loops[2]] += steps[loops[2]]) {
        const U rows = std::min(steps[0], m - at[0]), columns = std::min(steps[1], n - at[1]),
                terms = std::min(steps[2], k - at[2]);
        if (!left_stays && left != std::array{at[0], at[2]}) moved += rows * terms * bits;
        if (!right_stays && right != std::array{at[1], at[2]}) moved += columns * terms * samples * bits;
        // Sums of earlier blocks of k come back; they had to leave before.
        if (!results_stay && at[2] > 0 && results != std::array{at[0], at[1]})
          moved += 2 * rows * columns * 32;
        left = {at[0], at[2]}, right = {at[1], at[2]}, results = {at[0], at[1]};
      }
  return moved;
}

/// Nothing where no choice of what stays as a whole fits.
std::optional<U> least_bits(const BlockProblem& p, const sim::Blocks& blocks) {
  const U m = p.mapping.m(), n = p.mapping.n(), k = static_cast<U>(p.mapping.size.k);
  const U samples = p.mapping.samples, bits = p.buffers.element_bits;
  const U bm = std::min(blocks.m, m), bn = std::min(blocks.n, n), bk = std::min(blocks.k, k);
  std::optional<U> least;
  for (const bool left : {false, true})
    for (const bool right : {false, true})
      for (const bool results : {false, true}) {
        const U needed = (left ? m * k : bm * bk) * bits + (right ? n * k : bn * bk) * samples * bits +
                         (results ? m * n : bm * bn) * 32;
        if (needed > p.buffers.unified_bits) continue;
        const U moved = walked_bits(p, blocks, left, right, results);
        if (!least || moved < *least) least = moved;
      }
  return least;
}

/// Linear layers in one memory that operands and sums share.
TEST(Memory, OneMemoryKeepsWhatMovesLeastAndTheSearchFindsTheLeast) {
  std::mt19937 random(27);
  int refused = 0, stay = 0, better_than_two = 0;
  for (int round = 0; round < 40; ++round) {
    BlockProblem p = random_block_problem(random);
    traces::Geometry g;
    g.batch = 1 + random() % 14, g.in_channels = 1 + random() % 14, g.out_channels = 1 + random() % 10;
    p.gemm.geometry = g;
    p.mapping.size = traces::gemm_size(p.gemm.phase, g);
    p.mapping.array = {1 + static_cast<unsigned>(random()) % 6, 1 + static_cast<unsigned>(random()) % 4};
    p.buffers.half_bits = 40 + random() % 200;
    p.buffers.accumulator_bits = 32 * (24 + random() % 40);
    p.buffers.unified_bits = 2 * p.buffers.half_bits + p.buffers.accumulator_bits;
    sim::BlockTraffic traffic(p.gemm, p.mapping, p.buffers);
    sim::OperandBuffers apart = p.buffers;
    apart.unified_bits = 0;
    const U results = p.buffers.result_bytes * p.mapping.m() * p.mapping.n();
    std::optional<U> least;
    const auto sizes = traffic.sizes();
    for (const U m : sizes.m)
      for (const U n : sizes.n)
        for (const U k : sizes.k)
          for (const sim::LoopOrder order : sim::all_loop_orders) {
            const sim::Blocks blocks{order, m, n, k};
            const auto expected = least_bits(p, blocks);
            ASSERT_EQ(traffic.refuses(blocks).has_value(), !expected) << round;
            ASSERT_EQ(traffic.fits(blocks), expected.has_value());
            refused += !expected;
            if (!expected) continue;
            const sim::Traffic found = traffic.traffic(blocks);
            ASSERT_GE(8 * (found.gemm_bytes() - results), *expected);
            ASSERT_LE(8 * (found.gemm_bytes() - results), *expected + 14) << "two parts of whole bytes";
            if (!least || *expected < *least) least = *expected;
            p.mapping.blocks = blocks;
            U bytes = 0;
            for (const BlockVisit& v : visits_of(p)) {
              bytes += v.left_bytes + v.right_bytes + v.sum_bytes + v.stored_bytes;
              stay += v.whole_left || v.whole_right || v.all_results;
            }
            ASSERT_GE(bytes + 1, found.gemm_bytes());
            ASSERT_LE(bytes, found.gemm_bytes() + visits_of(p).size());
          }
    const auto best = traffic.least_bytes();
    ASSERT_EQ(best.has_value(), least.has_value()) << round;
    if (!best) continue;
    ASSERT_EQ(least_bits(p, *best), least) << round;
    sim::BlockTraffic two(p.gemm, p.mapping, apart);
    if (const auto blocks = two.least_bytes()) {
      ASSERT_LE(traffic.traffic(*best).gemm_bytes(), two.traffic(*blocks).gemm_bytes() + 1) << round;
      better_than_two += traffic.traffic(*best).gemm_bytes() + 1 < two.traffic(*blocks).gemm_bytes();
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_GT(stay, 1000);
  EXPECT_GT(better_than_two, 5);
}

/// 100 ns, bursts of 32 bytes of 250.5 ps each, pages of 64 bytes in 2 ns, a clock of 1000 ps.
TEST(Memory, TimeOfARequestByHand) {
  const DramTiming timing{100'000, 32, 250.5, 64, 2'000, 1'000};
  EXPECT_EQ(request_cycles(timing, {}), 0U);
  EXPECT_EQ(request_cycles(timing, {0, 0, 0}), 0U) << "nothing is asked for";
  EXPECT_EQ(request_cycles(timing, {1}), 103U) << "100,000 + 251 + 2,000 ps";
  EXPECT_EQ(request_cycles(timing, {33}), 103U) << "two bursts of one page: 102,501 ps";
  EXPECT_EQ(request_cycles(timing, {65}), 105U) << "three bursts of two pages: 104,752 ps";
  EXPECT_EQ(request_cycles(timing, {32, 0, 32}), 105U) << "one latency, two pages: 104,502 ps";
  EXPECT_EQ(request_cycles({0, 64, 1000, 0, 99, 1000}, {128}), 2U) << "just two cycles, and no pages";
  EXPECT_EQ(request_cycles({1, 64, 1000, 0, 0, 1000}, {128}), 3U);
  EXPECT_EQ(message_of([] {
              request_cycles({0, 1, 1e10, 0, 0, 1}, {U{1} << 40});
            }),
            "1099511627776 bytes take more than 9e+18 ps; expected a faster memory");
}

TEST(Memory, TimingOfAConfigByHand) {
  sim::AcceleratorConfig config;
  config.clock_mhz = 1300;
  config.dram_gib_per_s = 100;
  const DramTiming timing = sim::timing_of(config, {true, 70.25, 64, 0.8, 1024, 14});
  EXPECT_EQ(timing.latency_ps, 70'250U);
  EXPECT_EQ(timing.burst_bytes, 64U);
  EXPECT_DOUBLE_EQ(timing.burst_ps, 745.0580596923828) << "64 / (80 x 1.073741824) ns";
  EXPECT_EQ(timing.page_bytes, 1024U);
  EXPECT_EQ(timing.page_ps, 14'000U);
  EXPECT_EQ(timing.period_ps, 769U);
}

/// The example of docs/hardware-model.md.
TEST(Memory, RecurrenceByHand) {
  const auto run = [](Buffering buffering) {
    StallRecurrence recurrence(buffering);
    recurrence.visit(10, 20, 5);
    recurrence.visit(30, 20, 0);
    recurrence.visit(10, 4, 12);
    return recurrence.end();
  };
  // load 0-10, compute 10-30, store 30-35, load 35-65, compute 65-85, load 85-95, compute 95-99, store 99-111
  EXPECT_EQ(run(Buffering::single), (Stalls{50, 17, 0}));
  // load 0-10, load 10-40, compute 10-30 and 40-60, store 40-45, load 45-55, compute 60-64, store 64-76
  EXPECT_EQ(run(Buffering::doubled), (Stalls{20, 12, 0}));
}

TEST(Memory, AStoreInFrontOfALoadIsTheCauseOfItsShare) {
  StallRecurrence recurrence(Buffering::doubled);
  recurrence.visit(1, 2, 50);  // loads 0-1, computes 1-3
  recurrence.visit(1, 2, 0);   // loads 1-2, computes 3-5
  recurrence.visit(7, 2, 0);   // the store 3-53 comes first, then the load 53-60: 55 cycles of waiting
  EXPECT_EQ(recurrence.end(), (Stalls{1 + 7, 48, 0}));
  EXPECT_EQ(StallRecurrence(Buffering::single).end(), Stalls{});
}

/// Each request of its own time, at random.
struct Random {
  U load, compute, store;
};
Stalls stalls_of(const std::vector<Random>& blocks, Buffering buffering) {
  StallRecurrence recurrence(buffering);
  for (const Random& block : blocks) recurrence.visit(block.load, block.compute, block.store);
  return recurrence.end();
}

TEST(Memory, AFasterMemoryNeverTakesLonger) {
  std::mt19937 random(22);
  int faster = 0, overlapped = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<Random> blocks(1 + random() % 20);
    U memory = 0, computing = 0;
    for (Random& block : blocks) {
      block = {random() % 3 == 0 ? 0 : random() % 40, 1 + random() % 30,
               random() % 3 > 0 ? 0 : random() % 40};
      memory += block.load + block.store;
      computing += block.compute;
    }
    std::vector<Random> quicker = blocks;
    for (Random& block : quicker) {
      if (random() % 2 == 0) block.load -= random() % (block.load + 1);
      if (random() % 2 == 0) block.store -= random() % (block.store + 1);
    }
    const U single = stalls_of(blocks, Buffering::single).all(),
            twice = stalls_of(blocks, Buffering::doubled).all();
    ASSERT_LE(stalls_of(quicker, Buffering::single).all(), single);
    ASSERT_LE(stalls_of(quicker, Buffering::doubled).all(), twice) << round;
    ASSERT_EQ(single, memory) << "without overlap";
    ASSERT_LE(twice, single);
    ASSERT_GE(computing + twice, std::max(computing, memory));
    faster += stalls_of(quicker, Buffering::doubled).all() < twice;
    overlapped += twice < single;
  }
  EXPECT_GT(faster, 1000);
  EXPECT_GT(overlapped, 1000);
}

/// The same for whole designs: bandwidth, latency, efficiency and pages, one made better each time.
TEST(Memory, ABetterDramNeverTakesLonger) {
  std::mt19937 random(23);
  int better = 0;
  for (int round = 0; round < 300; ++round) {
    const BlockProblem p = random_block_problem(random);
    sim::AcceleratorConfig config;
    config.dram_gib_per_s = 0.05 * static_cast<double>(1 + random() % 200);
    sim::DramDetails dram{true, static_cast<double>(random() % 50), 1U << (random() % 7), 0.5,
                          128,  static_cast<double>(random() % 30)};
    const auto cycles = [&] {
      const DramTiming timing = sim::timing_of(config, dram);
      StallRecurrence recurrence(round % 2 == 0 ? Buffering::single : Buffering::doubled);
      for (const BlockVisit& v : visits_of(p))
        recurrence.visit(request_cycles(timing, {v.left_bytes, v.right_bytes, v.sum_bytes}), v.cycles,
                         request_cycles(timing, {v.stored_bytes}));
      return recurrence.end().all();
    };
    const U before = cycles();
    switch (random() % 4) {
      case 0:
        config.dram_gib_per_s *= 1.3;
        break;
      case 1:
        dram.latency_ns *= 0.6;
        break;
      case 2:
        dram.efficiency = 0.9;
        break;
      default:
        dram.page_miss_ns *= 0.5;
    }
    ASSERT_LE(cycles(), before) << round;
    better += cycles() < before;
  }
  EXPECT_GT(better, 150);
}

U time_by_clock(const BlockProblem& p, const DramTiming& timing, unsigned places) {
  return clocked(walk_blocks(p), timing, places).cycles;
}

/// All sizes that the text names, all orders, each stepped clock by clock.
TEST(Memory, TheSearchFindsTheLeastTimeOfAllThatItTries) {
  std::mt19937 random(24);
  int found = 0, faster_than_least_bytes = 0;
  for (int round = 0; round < 25; ++round) {
    BlockProblem p = random_block_problem(random);
    p.mapping.array = {1 + static_cast<unsigned>(random()) % 6, 1 + static_cast<unsigned>(random()) % 4};
    const unsigned places = 1 + random() % 2;
    const DramTiming timing{
        random() % 20'000, 1 + random() % 32, 200.0 + static_cast<double>(random() % 20'000), 0, 0, 1000};
    sim::BlockTraffic traffic(p.gemm, p.mapping, p.buffers);
    const Buffering buffering = places == 1 ? Buffering::single : Buffering::doubled;
    const auto blocks = least_time(traffic, p.mapping, timing, buffering);
    const auto [m_sizes, n_sizes, k_sizes] = traffic.sizes();
    std::optional<std::pair<U, U>> least;  // time, bytes
    for (const U m : m_sizes)
      for (const U n : n_sizes)
        for (const U k : k_sizes)
          for (const sim::LoopOrder order : sim::all_loop_orders) {
            p.mapping.blocks = sim::Blocks{order, m, n, k};
            if (traffic.refuses(*p.mapping.blocks)) continue;
            const std::pair tried{time_by_clock(p, timing, places),
                                  traffic.traffic(*p.mapping.blocks).gemm_bytes()};
            if (!least || tried < *least) least = tried;
          }
    ASSERT_EQ(blocks.has_value(), least.has_value()) << round;
    if (!blocks) continue;
    ++found;
    p.mapping.blocks = blocks;
    ASSERT_EQ((std::pair{time_by_clock(p, timing, places), traffic.traffic(*blocks).gemm_bytes()}), *least)
        << round;
    p.mapping.blocks = traffic.least_bytes();
    const U of_least_bytes = time_by_clock(p, timing, places);
    ASSERT_GE(of_least_bytes, least->first);
    faster_than_least_bytes += of_least_bytes > least->first;
  }
  EXPECT_GT(found, 15);
  EXPECT_GT(faster_than_least_bytes, 5);
}

/// All sizes that the text names, all orders, each priced; half of the designs wait for their memory.
TEST(Memory, TheSearchFindsTheLeastEnergyOfAllThatItTries) {
  std::mt19937 random(25);
  const auto technology = sim::Technology::read(sim::open_config("7nm", sim::ConfigKind::technology));
  sim::AcceleratorConfig config =
      sim::read_accelerator(sim::open_config("luq_32x32", sim::ConfigKind::accelerator));
  int found = 0, dearer_with_least_bytes = 0;
  for (int round = 0; round < 40; ++round) {
    BlockProblem p = random_block_problem(random);
    p.mapping.array = {1 + static_cast<unsigned>(random()) % 6, 1 + static_cast<unsigned>(random()) % 4};
    const unsigned places = 1 + random() % 2;
    config.array = p.mapping.array;
    config.buffering = places == 1 ? Buffering::single : Buffering::doubled;
    config.dram = round % 3 == 0 ? sim::Dram::ddr3 : sim::Dram::hbm2;
    config.dram_details = sim::DramDetails{round % 2 == 0, static_cast<double>(random() % 40), 16, 1, 0, 0};
    config.dram_gib_per_s = 0.2 * static_cast<double>(1 + random() % 40);
    const DramTiming timing = sim::timing_of(config, *config.dram_details);
    sim::BlockTraffic traffic(p.gemm, p.mapping, p.buffers);
    const auto energy = [&](const sim::Blocks& blocks) {
      p.mapping.blocks = blocks;
      const U cycles = cycles_of(p.mapping);
      const U taken = config.dram_details->stalls ? time_by_clock(p, timing, places) : cycles;
      sim::EventCounts counts =
          events_of(config, p.mapping, use_of_array(p.mapping), traffic.traffic(blocks), {});
      counts += leakage_of(config, taken);
      return energy_pj(counts, technology).nominal;
    };
    const auto [m_sizes, n_sizes, k_sizes] = traffic.sizes();
    std::optional<std::pair<double, U>> least;  // energy, bytes
    for (const U m : m_sizes)
      for (const U n : n_sizes)
        for (const U k : k_sizes)
          for (const sim::LoopOrder order : sim::all_loop_orders) {
            const sim::Blocks blocks{order, m, n, k};
            if (traffic.refuses(blocks)) continue;
            const std::pair tried{energy(blocks), traffic.traffic(blocks).gemm_bytes()};
            if (!least || tried < *least) least = tried;
          }
    sim::TrainingGemm work;
    work.gemm = p.gemm;
    work.mapping = p.mapping;
    const auto blocks = least_energy(config, work, traffic, technology);
    ASSERT_EQ(blocks.has_value(), least.has_value()) << round;
    if (!blocks) continue;
    ++found;
    ASSERT_EQ((std::pair{energy(*blocks), traffic.traffic(*blocks).gemm_bytes()}), *least) << round;
    dearer_with_least_bytes += energy(traffic.least_bytes().value()) > least->first;
  }
  EXPECT_GT(found, 25);
  EXPECT_GT(dearer_with_least_bytes, 3);
}

}  // namespace
}  // namespace quatrain::tests
