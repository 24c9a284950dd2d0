/// The simulated memory system: its cycles against the closed recurrence and against a model that is stepped
/// clock by clock; its bits against the exact oracle, behind the default DRAM and behind a foreign memory
/// with random delays.
#include "rtl_models/array_model.hpp"
#include "rtl_models/memory/block_machine.hpp"
#include "rtl_models/memory/block_operands.hpp"
#include "rtl_models/memory/dram.hpp"
#include "sim/accelerator/cycles.hpp"
#include "sim/accelerator/memory/block_visits.hpp"
#include "sim/accelerator/memory/dram_time.hpp"
#include "sim/accelerator/memory/gemm_stalls.hpp"
#include "tests/sim/accelerator/block_walk.hpp"
#include "tests/sim/accelerator/clocked_memory.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/foreign_memory.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/message_of.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <utility>

namespace quatrain::tests {
namespace {

using rtl_models::BlockVisit;
using rtl_models::DramTiming;
using rtl_models::MemoryRun;
using sim::request_cycles;
using U = std::uint64_t;

std::vector<BlockVisit> visits_of(const BlockProblem& p) {
  sim::BlockTraffic traffic(p.gemm, p.mapping, p.buffers);
  sim::BlockVisits blocks(traffic, p.mapping);
  std::vector<BlockVisit> visits;
  for (BlockVisit visit; blocks.next(visit);) visits.push_back(visit);
  return visits;
}

rtl_models::MemoryJob job_of(const std::vector<BlockVisit>& visits, U period_ps, unsigned places) {
  return {period_ps, places,
          [&visits, number = std::size_t{0}](BlockVisit& visit) mutable {
            if (number == visits.size()) return false;
            visit = visits[number++];
            return true;
          },
          nullptr};
}

DramTiming random_timing(std::mt19937& random) {
  const auto pick = [&](unsigned least, unsigned most) {
    return least + static_cast<unsigned>(random()) % (most - least + 1);
  };
  DramTiming t;
  t.latency_ps = pick(0, 1) * pick(1, 60'000);
  t.burst_bytes = pick(1, 70);
  t.burst_ps = std::exp(pick(0, 1000) / 100.0) + pick(0, 999) / 1000.0;
  if (pick(0, 1) > 0) t.page_bytes = t.burst_bytes * pick(1, 8), t.page_ps = pick(0, 20'000);
  t.period_ps = pick(300, 3000);
  return t;
}

/// Elaborated once for all tests of this process: each test runs in one of its own.
struct Machine {
  rtl_models::BlockMachine array{"array"};
  rtl_models::Dram dram{"dram"};
  Machine() { array.memory.bind(dram.socket); }
};
struct ForeignMachine {
  rtl_models::BlockMachine array{"array"};
  ForeignMemory memory{"memory"};
  ForeignMachine() { array.memory.bind(memory.socket); }
};

TEST(MemoryModel, EqualsTheRecurrenceAndAClockedModelOverAThousandDesigns) {
  Machine machine;
  std::mt19937 random(31);
  int single = 0, load_bound = 0, store_bound = 0, computing = 0, sums = 0;
  for (int round = 0; round < 1000; ++round) {
    const BlockProblem p = random_block_problem(random);
    const DramTiming timing = random_timing(random);
    const unsigned places = 1 + random() % 2;
    const std::vector<BlockVisit> visits = visits_of(p);
    sim::StallRecurrence recurrence(places == 1 ? sim::Buffering::single : sim::Buffering::doubled);
    U cycles = 0, read = 0, written = 0;
    const std::vector<WalkedBlock> walked = walk_blocks(p);
    for (const BlockVisit& v : visits)
      recurrence.visit(request_cycles(timing, {v.left_bytes, v.right_bytes, v.sum_bytes}), v.cycles,
                       request_cycles(timing, {v.stored_bytes}));
    for (const WalkedBlock& block : walked) {
      cycles += block.cycles;
      read += block.left + block.right + block.sums;
      written += block.stored;
      sums += block.sums > 0;
    }
    const sim::Stalls closed = recurrence.end();
    machine.dram.configure(timing);
    const MemoryRun simulated = machine.array.run(job_of(visits, timing.period_ps, places));
    const MemoryRun stepped = clocked(walked, timing, places);
    SCOPED_TRACE(round);
    ASSERT_EQ(simulated.computing, cycles);
    ASSERT_EQ(simulated.load_bound, closed.load_bound);
    ASSERT_EQ(simulated.store_bound, closed.store_bound);
    ASSERT_EQ(simulated.cycles, cycles + closed.all());
    ASSERT_EQ(simulated.read_bytes, read);
    ASSERT_EQ(simulated.written_bytes, written);
    ASSERT_EQ(stepped.cycles, simulated.cycles);
    ASSERT_EQ(stepped.computing, simulated.computing);
    ASSERT_EQ(stepped.load_bound, simulated.load_bound);
    ASSERT_EQ(stepped.store_bound, simulated.store_bound);
    single += places == 1;
    load_bound += closed.load_bound > cycles;
    store_bound += closed.store_bound > cycles;
    computing += closed.all() < cycles;
  }
  EXPECT_GT(single, 400);
  EXPECT_LT(single, 600);
  EXPECT_GT(load_bound, 100);
  EXPECT_GT(store_bound, 100);
  EXPECT_GT(computing, 100);
  EXPECT_GT(sums, 300);
}

GemmCase random_values_of(const BlockProblem& p, std::mt19937& random) {
  std::vector<Mode> modes;
  for (const Mode& mode : five_modes)
    if (mode.phase == p.gemm.phase) modes.push_back(mode);
  const Mode mode = modes[random() % modes.size()];
  return random_case(p.gemm, mode.left, mode.right, p.mapping.samples, static_cast<unsigned>(random()));
}

/// A GEMM with codes, in the blocks of a random problem.
struct Values {
  GemmCase gemm;
  std::vector<BlockVisit> visits;
  unsigned places = 1;
};

Values random_values(std::mt19937& random, int round) {
  const BlockProblem p = random_block_problem(random);
  return {random_values_of(p, random), visits_of(p), 1 + static_cast<unsigned>(round) % 2};
}

/// Writes the operands, runs the blocks, reads the accumulators.
std::vector<std::int32_t> accumulators(rtl_models::BlockMachine& machine, const Values& values,
                                       const std::function<void(U bytes)>& make_memory,
                                       MemoryRun* run = nullptr) {
  const auto right = right_operands(values.gemm);
  rtl_models::BlockOperands data(values.gemm.gemm, left_operand(values.gemm), right, values.visits,
                                 values.places, 64);
  make_memory(data.memory_bytes());
  for (const auto& image : data.images()) machine.write(image.address, image.bytes);
  rtl_models::MemoryJob job = job_of(values.visits, 1000, values.places);
  job.data = &data;
  const MemoryRun found = machine.run(job);
  if (run != nullptr) *run = found;
  return data.accumulators([&](U address, std::span<std::uint8_t> bytes) { machine.read(address, bytes); });
}

/// Arrays of all shapes that the random problems have, of one fidelity.
struct Arrays {
  std::map<std::pair<unsigned, unsigned>, std::unique_ptr<rtl_models::ArrayModel>> models;
  explicit Arrays(rtl_models::Fidelity fidelity) {
    for (unsigned rows = 1; rows <= 6; ++rows)
      for (unsigned columns = 1; columns <= 4; ++columns)
        models[{rows, columns}] = rtl_models::make_array_model({rows, columns}, fidelity);
  }
  rtl_models::ArrayModel& of(const rtl_models::ArrayShape& shape) {
    return *models.at({shape.rows, shape.columns});
  }
};

struct HeldRun {
  MemoryRun memory;
  rtl_models::ArrayRun array;
};

/// A GEMM on an array that holds until its blocks have come through the memory.
HeldRun held_run(rtl_models::BlockMachine& machine, rtl_models::ArrayModel& array, const BlockProblem& p,
                 const GemmCase& gemm, const std::vector<BlockVisit>& visits, U period_ps, unsigned places) {
  rtl_models::TileSchedule schedule = schedule_of(p.mapping);
  rtl_models::Holds holds{block_begins(p.mapping, schedule), nullptr, period_ps};
  EXPECT_EQ(holds.begins.size(), visits.size());
  schedule.holds = &holds;
  HeldRun run;
  const auto right = right_operands(gemm);
  run.memory = machine.run(job_of(visits, period_ps, places), [&](rtl_models::BlockGate& gate) {
    holds.gate = &gate;
    run.array = array.replay(gemm.gemm, left_operand(gemm), right, schedule);
  });
  return run;
}

void expect_same(const MemoryRun& a, const MemoryRun& b) {
  EXPECT_EQ(a.cycles, b.cycles);
  EXPECT_EQ(a.computing, b.computing);
  EXPECT_EQ(a.load_bound, b.load_bound);
  EXPECT_EQ(a.store_bound, b.store_bound);
  EXPECT_EQ(a.read_bytes, b.read_bytes);
  EXPECT_EQ(a.written_bytes, b.written_bytes);
}

void expect_same(const rtl_models::ArrayRun& a, const rtl_models::ArrayRun& b) {
  EXPECT_EQ(a.accumulators, b.accumulators);
  EXPECT_EQ(a.cycles, b.cycles);
  EXPECT_EQ(a.activity, b.activity);
}

/// Designs whose clocked array takes at most this long.
constexpr U most_cycles = 2500;

/// The clocked array and the tile that is one event wait for the same memory: cycles and their causes equal
/// the closed form, bytes a walk with sets, and waiting changes no bit and no count.
TEST(MemoryModel, TileWaitsAsTheClockedArrayDoesOverAThousandDesigns) {
  Machine machine;
  Arrays clocked_arrays(rtl_models::Fidelity::array), tiles(rtl_models::Fidelity::tile);
  std::mt19937 random(35);
  int waits = 0, inside_streams = 0, windows = 0, doubled = 0;
  for (int round = 0; round < 1000;) {
    const BlockProblem p = random_block_problem(random);
    if (cycles_of(p.mapping) > most_cycles) continue;
    SCOPED_TRACE(round++);
    const DramTiming timing = random_timing(random);
    const unsigned places = 1 + random() % 2;
    const GemmCase gemm = random_values_of(p, random);
    const std::vector<BlockVisit> visits = visits_of(p);
    auto &array = clocked_arrays.of(p.mapping.array), &tile = tiles.of(p.mapping.array);
    machine.dram.configure(timing);
    const HeldRun of_array = held_run(machine.array, array, p, gemm, visits, timing.period_ps, places),
                  of_tile = held_run(machine.array, tile, p, gemm, visits, timing.period_ps, places);
    expect_same(of_array.memory, of_tile.memory);
    expect_same(of_array.array, of_tile.array);

    sim::BlockTraffic traffic(p.gemm, p.mapping, p.buffers);
    const sim::Stalls closed =
        stalls_of(traffic, p.mapping, timing, places == 1 ? sim::Buffering::single : sim::Buffering::doubled);
    U read = 0, written = 0;
    for (const WalkedBlock& block : walk_blocks(p)) {
      read += block.left + block.right + block.sums;
      written += block.stored;
    }
    const U cycles = cycles_of(p.mapping);
    expect_same(of_tile.memory,
                {cycles + closed.all(), cycles, closed.load_bound, closed.store_bound, read, written});

    const auto right = right_operands(gemm);
    expect_same(of_tile.array, tile.replay(gemm.gemm, left_operand(gemm), right, schedule_of(p.mapping)));
    ASSERT_EQ(of_tile.array.accumulators, exact::accumulators(gemm));
    ASSERT_FALSE(HasFailure());
    waits += closed.load_bound > cycles;
    inside_streams += p.mapping.passes() == 1 && trips_of(*p.mapping.blocks, p.mapping.size).k > 1;
    windows += !traffic.left_is_plain();
    doubled += places == 2;
  }
  EXPECT_GT(waits, 100);
  EXPECT_GT(inside_streams, 20);
  EXPECT_GT(windows, 200);
  EXPECT_GT(doubled, 400);
}

/// Random delays, the same for both: cycles change, and no bit, no count and no cycle of the array's own.
TEST(MemoryModel, RandomStallsOfAForeignMemoryChangeNoBitOfAnArray) {
  ForeignMachine machine;
  Arrays clocked_arrays(rtl_models::Fidelity::array), tiles(rtl_models::Fidelity::tile);
  std::mt19937 random(36);
  int different = 0;
  for (int round = 0; round < 100;) {
    const BlockProblem p = random_block_problem(random);
    if (cycles_of(p.mapping) > most_cycles) continue;
    SCOPED_TRACE(round++);
    const GemmCase gemm = random_values_of(p, random);
    const std::vector<BlockVisit> visits = visits_of(p);
    const unsigned places = 1 + random() % 2;
    const U period = 300 + random() % 2000, seed = random();
    const auto run = [&](rtl_models::ArrayModel& array, U delays) {
      std::mt19937 of_memory(static_cast<unsigned>(delays));
      machine.memory.delay = [&](const tlm::tlm_generic_payload&) {
        return sc_core::sc_time(static_cast<double>(of_memory() % 100'000), sc_core::SC_PS);
      };
      return held_run(machine.array, array, p, gemm, visits, period, places);
    };
    auto &array = clocked_arrays.of(p.mapping.array), &tile = tiles.of(p.mapping.array);
    const HeldRun of_array = run(array, seed), of_tile = run(tile, seed), other = run(tile, seed + 1);
    expect_same(of_array.memory, of_tile.memory);
    const auto right = right_operands(gemm);
    const auto never_waits = array.replay(gemm.gemm, left_operand(gemm), right, schedule_of(p.mapping));
    for (const HeldRun& held : {of_array, of_tile, other}) {
      expect_same(held.array, never_waits);
      EXPECT_EQ(held.memory.computing, never_waits.cycles);
    }
    ASSERT_FALSE(HasFailure());
    different += of_tile.memory.cycles != other.memory.cycles;
  }
  EXPECT_GT(different, 90);
}

TEST(MemoryModel, BitsComeThroughTheDefaultDram) {
  Machine machine;
  std::mt19937 random(32);
  int sums = 0;
  for (int round = 0; round < 120; ++round) {
    const Values values = random_values(random, round);
    const auto found = accumulators(machine.array, values, [&](U bytes) {
      machine.dram.configure({5000, 16, 900, 64, 3000, 1000}, bytes);
    });
    ASSERT_EQ(found, exact::accumulators(values.gemm)) << round;
    for (const BlockVisit& visit : values.visits) sums += visit.sum_bytes > 0;
  }
  EXPECT_GT(sums, 30);
}

TEST(MemoryModel, RandomDelaysOfAForeignMemoryChangeCyclesAndNoBit) {
  ForeignMachine machine;
  std::mt19937 random(33);
  int different = 0;
  for (int round = 0; round < 60; ++round) {
    const Values values = random_values(random, round);
    const auto expected = exact::accumulators(values.gemm);
    std::array<MemoryRun, 2> runs;
    for (MemoryRun& run : runs) {
      machine.memory.delay = [&](const tlm::tlm_generic_payload&) {
        return sc_core::sc_time(static_cast<double>(random() % 100'000), sc_core::SC_PS);
      };
      ASSERT_EQ(accumulators(
                    machine.array, values, [](U) {}, &run),
                expected)
          << round;
      EXPECT_EQ(run.cycles, run.computing + run.load_bound + run.store_bound)
          << "the memory never rests alone";
    }
    EXPECT_EQ(runs[0].computing, runs[1].computing);
    different += runs[0].cycles != runs[1].cycles;
  }
  EXPECT_GT(different, 50);
}

/// With the default DRAM's times, a memory that serves one run after the other gives its cycles where a load
/// has one run.
TEST(MemoryModel, AForeignMemoryTellsItsOwnTime) {
  ForeignMachine machine;
  std::vector<BlockVisit> visits(3);
  for (std::size_t i = 0; i < visits.size(); ++i)
    visits[i] = {.left_bytes = 100, .cycles = 20, .stored_bytes = i == 2 ? 40U : 0U, .number = i};
  machine.memory.delay = [](const tlm::tlm_generic_payload& transaction) {
    return sc_core::sc_time(transaction.is_read() ? 30.5 : 7, sc_core::SC_NS);
  };
  const MemoryRun single = machine.array.run(job_of(visits, 1000, 1)),
                  twice = machine.array.run(job_of(visits, 1000, 2));
  EXPECT_EQ(single.cycles, 3U * (31 + 20) + 7) << "each load ends at an edge";
  EXPECT_EQ(twice.cycles, 3U * 31 + 20 + 7);
  EXPECT_EQ(twice.load_bound, 31U + 11 + 11);
  EXPECT_EQ(twice.store_bound, 7U);
}

/// Each byte of the operands takes part: a memory that turns one bit gives other accumulators.
TEST(MemoryModel, AWrongBitInTheMemoryIsAWrongAccumulator) {
  Machine machine;
  std::mt19937 random(34);
  Values values;
  traces::Geometry g;
  g.batch = 6, g.in_channels = 10, g.out_channels = 5;
  BlockProblem p{{traces::Phase::forward, g}, {}, {}};
  p.mapping = {
      traces::gemm_size(traces::Phase::forward, g), 1, {2, 2}, sim::Blocks{sim::LoopOrder::k_m_n, 4, 2, 3}};
  p.buffers = {50, 4, 256, 1};
  values = {random_case(p.gemm, traces::Encoding::uint4, traces::Encoding::int4, 1, 5), visits_of(p), 2};
  std::fill(values.gemm.left.begin(), values.gemm.left.end(), std::uint8_t{0x11});
  std::fill(values.gemm.right[0].begin(), values.gemm.right[0].end(), std::uint8_t{0x11});
  const auto right = right_operands(values.gemm);
  rtl_models::BlockOperands layout(values.gemm.gemm, left_operand(values.gemm), right, values.visits, 2, 64);
  const auto expected = exact::accumulators(values.gemm);
  int bits = 0;
  for (const auto& image : layout.images())
    for (std::size_t byte = 0; byte < image.bytes.size(); ++byte) {
      rtl_models::BlockOperands data(values.gemm.gemm, left_operand(values.gemm), right, values.visits, 2,
                                     64);
      machine.dram.configure({0, 16, 900, 0, 0, 1000}, data.memory_bytes());
      for (const auto& good : data.images()) machine.array.write(good.address, good.bytes);
      const std::vector<std::uint8_t> wrong = {static_cast<std::uint8_t>(image.bytes[byte] ^ 2)};
      machine.array.write(image.address + byte, wrong);
      rtl_models::MemoryJob job = job_of(values.visits, 1000, 2);
      job.data = &data;
      machine.array.run(job);
      EXPECT_NE(
          data.accumulators([&](U address, std::span<std::uint8_t> to) { machine.array.read(address, to); }),
          expected)
          << image.address << " + " << byte;
      ++bits;
    }
  EXPECT_GT(bits, 50);
}

TEST(MemoryModel, AnAnswerThatIsAnErrorIsTold) {
  ForeignMachine machine;
  machine.memory.delay = [](const tlm::tlm_generic_payload&) { return sc_core::sc_time(1, sc_core::SC_NS); };
  machine.memory.size = 50;
  const std::vector<BlockVisit> visits = {{.left_bytes = 51, .cycles = 3}};
  EXPECT_EQ(message_of([&] { machine.array.run(job_of(visits, 1000, 1)); }),
            "the memory: a load of 51 bytes at address 0x0: TLM_ADDRESS_ERROR_RESPONSE");
  machine.memory.size = 51;
  EXPECT_EQ(machine.array.run(job_of(visits, 1000, 1)).cycles, 4U) << "it goes on working";
  EXPECT_EQ(machine.array.run(job_of({}, 1000, 2)).cycles, 0U) << "no block at all";
}

TEST(MemoryModel, TheDefaultDramKnowsItsSize) {
  Machine machine;
  machine.dram.configure({0, 16, 900, 0, 0, 1000}, 100);
  std::vector<std::uint8_t> bytes(8, 7);
  machine.array.write(92, bytes);
  EXPECT_EQ(message_of([&] { machine.array.write(93, bytes); }),
            "the memory: 8 bytes at address 0x5d cannot be reached by transport_dbg");
  std::vector<std::uint8_t> found(8);
  machine.array.read(92, found);
  EXPECT_EQ(found, bytes);
}

TEST(MemoryModel, MadeForTheSimulatorItHasTheDefaultDram) {
  const auto model = rtl_models::make_memory_model();
  const std::vector<BlockVisit> visits = {{.left_bytes = 32, .cycles = 3, .stored_bytes = 1}};
  const MemoryRun run = model->run({10'000, 32, 1000, 0, 0, 1000}, job_of(visits, 1000, 1));
  EXPECT_EQ(run.load_bound, 11U);
  EXPECT_EQ(run.store_bound, 11U);
  EXPECT_EQ(run.cycles, 25U);
  EXPECT_EQ(message_of([] { rtl_models::make_memory_model(); }),
            "SystemC elaborates once per process: all array models must be made before the first replay");
}

}  // namespace
}  // namespace quatrain::tests
