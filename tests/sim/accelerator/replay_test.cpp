/// A trace replayed at every fidelity: bits, cycles, waits and what is charged.
#include "sim/accelerator/replay.hpp"

#include "sim/accelerator/simulation_file.hpp"
#include "sim/accelerator/table.hpp"
#include "sim/records/recorded.hpp"
#include "sim/workload/trace_workload.hpp"
#include "tests/sim/accelerator/replay_task.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/natural_terms.hpp"
#include "traces/base/files.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace quatrain::tests {
namespace {

using rtl_models::ArrayShape;
using rtl_models::Fidelity;

/// Every layer of the trace: strides, gaps, groups, depthwise, samples; ragged tiles in both directions.
TEST(Replay, OutsideTraceOn8x8) {
  const traces::TraceReader reader = outside_trace();
  sim::ArrayModels models = sim::make_array_models({8, 8}, Fidelity::array);
  const sim::Simulation simulation = simulated(task_for({8, 8}, &models), reader);
  expect_equal_to_trace(simulation);
  EXPECT_EQ(simulation.replay->pe_tiles_checked, 2 * training_gemms_of_trace);
  std::set<std::int64_t> groups;
  for (const sim::RecordResult& record : simulation.records) groups.insert(record.size.groups);
  EXPECT_EQ(groups, (std::set<std::int64_t>{1, 2, 9}));
}

TEST(Replay, AllFidelitiesGiveTheSameOn4x3) {
  const traces::TraceReader reader = outside_trace();
  sim::ArrayModels pe = sim::make_array_models({4, 3}, Fidelity::pe);
  sim::ArrayModels array = sim::make_array_models({4, 3}, Fidelity::array);
  sim::ArrayModels tile = sim::make_array_models({4, 3}, Fidelity::tile);
  EXPECT_EQ(pe.sampled_pe, nullptr);
  const sim::Simulation of_pe = simulated(task_for({4, 3}, &pe), reader);
  const sim::Simulation of_array = simulated(task_for({4, 3}, &array), reader);
  const sim::Simulation of_tile = simulated(task_for({4, 3}, &tile), reader);
  expect_equal_to_trace(of_pe);
  expect_equal_to_trace(of_array);
  expect_equal_to_trace(of_tile);
  EXPECT_EQ(of_pe.replay->pe_tiles_checked, 0U);
  EXPECT_EQ(of_tile.replay->pe_tiles_checked, 2 * training_gemms_of_trace);
  for (std::size_t i = 0; i < of_pe.records.size(); ++i)
    for (const sim::Simulation* other : {&of_array, &of_tile})
      EXPECT_EQ(of_pe.records[i].tally.activity, other->records[i].tally.activity) << of_pe.records[i].layer;
}

/// The replay's results do not depend on which closed form is asked for: the same figures without models.
TEST(Replay, ClosedFormsNeedNoModel) {
  const traces::TraceReader reader = outside_trace();
  const sim::Simulation simulation = simulated(task_for({8, 8}, nullptr), reader);
  EXPECT_FALSE(simulation.replay.has_value());
  EXPECT_FALSE(simulation.total.activity.has_value());
  EXPECT_EQ(simulation.records.size(), training_gemms_of_trace);
  EXPECT_GT(simulation.total.use.cycles, 0U);
}

/// Blocks that cut k: every record's accumulators are summed from several passes, in the closed form's
/// cycles.
TEST(Replay, BlocksChangeTheOrderAndNoBit) {
  const traces::TraceReader reader = outside_trace();
  sim::ArrayModels models = sim::make_array_models({8, 8}, Fidelity::array);
  sim::SimulationTask task = task_for({8, 8}, &models);
  task.config.mapping = sim::Blocks{sim::LoopOrder::k_n_m, 24, 8, 10};
  const sim::Simulation simulation = simulated(task, reader);
  EXPECT_TRUE(simulation.replay->equal());
  EXPECT_EQ(simulation.replay->gemms_equal, training_gemms_of_trace);
  const sim::Simulation plain = simulated(task_for({8, 8}, nullptr), reader);
  EXPECT_GT(simulation.total.use.cycles, plain.total.use.cycles);
  EXPECT_EQ(simulation.total.use.macs, simulation.total.activity->macs);
  task.models = nullptr;
  task.config.mapping = sim::SearchedBlocks{};
  const sim::Simulation searched = simulated(task, reader);
  EXPECT_LE(searched.total.traffic.gemm_bytes(), plain.total.traffic.gemm_bytes());
  EXPECT_EQ(searched.total.compulsory, plain.total.compulsory);
  const Folder folder;
  base::write_whole_file(folder / "s.json", sim::simulation_json(searched));
  EXPECT_EQ(sim::simulation_json(sim::read_simulation(folder / "s.json", reader.manifest_sha256())),
            sim::simulation_json(searched));
}

/// By the definition, term by term: of a GEMM's MACs, those with an operand of value zero.
std::uint64_t zero_macs(const traces::TraceReader& reader, const sim::TrainingGemm& work) {
  const sim::RecordedOperands operands(reader, *work.record);
  const traces::GemmSize size = work.size();
  const auto is_zero = [](const traces::Operand& operand, std::int64_t at) {
    const auto index = static_cast<std::size_t>(at);
    const unsigned code = operand.codes[index / 2] >> (index % 2 * 4) & 0xF;
    return operand.encoding == traces::Encoding::fp4_e3m0 ? code % 8 == 0 : code == 0;
  };
  std::uint64_t zeros = 0;
  for (std::int64_t group = 0; group < size.groups; ++group)
    for (std::int64_t m = 0; m < size.m; ++m)
      for (std::int64_t k = 0; k < size.k; ++k) {
        const auto left = left_element(work.gemm, group, m, k);
        const bool is_left_zero = !left || is_zero(operands.left, *left);
        for (std::int64_t n = 0; n < size.n; ++n)
          for (const traces::Operand& right : operands.right)
            zeros += is_left_zero || is_zero(right, right_element(work.gemm, group, n, k));
      }
  return zeros;
}

std::uint64_t switching_macs(const sim::RecordResult& record) {
  for (const sim::EventCount& entry : record.events.entries())
    if (entry.component == sim::Component::pe_combinational) return entry.events;
  return 0;
}

/// Every fidelity charges the MACs whose operands are both not zero, record by record.
TEST(Replay, ZeroGatingChargesTheMacsThatSwitch) {
  const traces::TraceReader reader = outside_trace();
  const ArrayShape shape{8, 8};
  const std::vector<sim::TrainingGemm> work =
      sim::mapped_to(task_for(shape, nullptr).config, sim::trace_workload(reader));
  std::vector<sim::ArrayModels> models;
  for (const Fidelity fidelity : {Fidelity::array, Fidelity::tile})
    models.push_back(sim::make_array_models(shape, fidelity));
  std::uint64_t gated = 0;
  for (sim::ArrayModels& model : models) {
    sim::SimulationTask task = task_for(shape, &model);
    const sim::Simulation plain = simulated(task, reader);
    task.config.zero_gating = true;
    const sim::Simulation simulation = simulated(task, reader);
    EXPECT_TRUE(simulation.replay->equal());
    ASSERT_EQ(simulation.records.size(), work.size());
    for (std::size_t i = 0; i < work.size(); ++i) {
      const std::uint64_t macs = simulation.records[i].tally.use.macs;
      ASSERT_EQ(switching_macs(plain.records[i]), macs);
      ASSERT_EQ(switching_macs(simulation.records[i]), macs - zero_macs(reader, work[i])) << i;
      gated += macs - switching_macs(simulation.records[i]);
    }
    EXPECT_EQ(simulation.total.activity, plain.total.activity);
    EXPECT_LT(simulation.total.energy_pj[0].nominal, plain.total.energy_pj[0].nominal);
  }
  EXPECT_GT(gated, 0U);
  sim::SimulationTask without_values = task_for(shape, nullptr);
  without_values.config.name = "a";
  without_values.config.zero_gating = true;
  EXPECT_EQ(message_of([&] { simulated(without_values, reader); }),
            "a: /zero_gating: found true; expected a trace, or --values, and --fidelity pe, array or tile: "
            "without values no zero is known");
}

/// Operand bits that change, over those of uniform random operands: 4 with each MAC of 4-bit operands.
TEST(Replay, SwitchingIsChargedByTogglesWhereTheConfigSaysSo) {
  const traces::TraceReader reader = outside_trace();
  sim::ArrayModels models = sim::make_array_models({8, 8}, Fidelity::tile);
  sim::SimulationTask task = task_for({8, 8}, &models);
  task.config.switching = sim::Switching::toggles;
  const sim::Simulation simulation = simulated(task, reader);
  std::uint64_t charged = 0;
  for (const sim::RecordResult& record : simulation.records) {
    const rtl_models::Activity& activity = record.tally.activity.value();
    ASSERT_EQ(switching_macs(record), (activity.left_toggles + activity.right_toggles) / 4);
    charged += switching_macs(record);
  }
  EXPECT_GT(charged, 0U);
  EXPECT_LT(charged, simulation.total.use.macs) << "many operands are zero";
  sim::SimulationTask without_values = task_for({8, 8}, nullptr);
  without_values.config = task.config;
  without_values.config.name = "a";
  EXPECT_EQ(
      message_of([&] { simulated(without_values, reader); }),
      "a: /switching: found 'toggles'; expected a trace, or --values, and --fidelity pe, array or tile: "
      "without values "
      "no toggle is known");
}

TEST(Replay, EveryRecordWaitsInTheSimulatedMemoryAsInTheClosedForm) {
  const traces::TraceReader reader = outside_trace();
  sim::ArrayModels models = sim::make_array_models({8, 8}, Fidelity::array, {}, true);
  const sim::Simulation simulation = simulated(stalling_task(&models), reader);
  EXPECT_TRUE(simulation.replay->equal());
  sim::Stalls sum;
  for (const sim::RecordResult& record : simulation.records) sum += record.tally.stalls.value();
  EXPECT_EQ(simulation.total.stalls, sum);
  EXPECT_GT(sum.load_bound, 0U);
  EXPECT_GT(sum.store_bound, 0U);
  EXPECT_GT(sum.quantizers, 0U);
  const Folder folder;
  base::write_whole_file(folder / "s.json", sim::simulation_json(simulation));
  const sim::Simulation read = sim::read_simulation(folder / "s.json", reader.manifest_sha256());
  EXPECT_EQ(sim::simulation_json(read), sim::simulation_json(simulation));
  EXPECT_EQ(sim::simulation_csv(read), sim::simulation_csv(simulation));
  EXPECT_EQ(sim::simulation_table(read), sim::simulation_table(simulation));
}

TEST(Replay, BlocksThatNoBufferHoldsAreRefused) {
  const traces::TraceReader reader = outside_trace();
  sim::SimulationTask task = task_for({8, 8}, nullptr);
  task.config.mapping = sim::Blocks{sim::LoopOrder::m_n_k, 8, 8, 10};
  task.config.accumulator_kib = 0;
  EXPECT_EQ(message_of([&] { simulated(task, reader); }),
            task.config.name +
                ": layer conv_a, step 0, forward: /mapping/m: 8 x 7 results need 0.21875 KiB; expected "
                "at most 0 KiB, /buffers/accumulator_kib");
}

}  // namespace
}  // namespace quatrain::tests
