#pragma once
/// What the tests of a replay begin with: the trace from outside and a task that replays it.

#include "sim/accelerator/replay.hpp"
#include "sim/accelerator/simulate.hpp"
#include "sim/embedded/config_file.hpp"

#include <gtest/gtest.h>

namespace quatrain::tests {

constexpr std::uint64_t training_gemms_of_trace = 45;  // 15 layers, three phases each

inline traces::TraceReader outside_trace() {
  return traces::TraceReader(std::filesystem::path(QUATRAIN_SOURCE_DIR) / "tests" / "data" / "outside_trace");
}

inline sim::SimulationTask task_for(rtl_models::ArrayShape shape, sim::ArrayModels* models) {
  sim::SimulationTask task;
  task.config = sim::read_accelerator(sim::open_config("luq_32x32", sim::ConfigKind::accelerator));
  task.config.array = shape;
  task.technologies = sim::read_technologies(task.config, {});
  task.models = models;
  return task;
}

inline sim::Simulation simulated(const sim::SimulationTask& task, const traces::TraceReader& reader) {
  base::SilentProgress progress;
  return sim::simulate(task, reader, progress);
}

/// Bits, cycles and counts.
inline void expect_equal_to_trace(const sim::Simulation& simulation) {
  ASSERT_TRUE(simulation.replay.has_value());
  EXPECT_TRUE(simulation.replay->equal());
  EXPECT_EQ(simulation.replay->gemms, training_gemms_of_trace);
  EXPECT_EQ(simulation.replay->gemms_equal, training_gemms_of_trace);
  EXPECT_TRUE(simulation.replay->cycles_equal);
  EXPECT_EQ(simulation.replay->differences, std::vector<std::string>{});
  EXPECT_EQ(simulation.total.activity->macs, simulation.total.use.macs);
  EXPECT_GT(simulation.total.activity->zero_operand_macs, 0U);
}

/// Blocks, a slow memory with pages, and two buffers: it waits.
inline sim::SimulationTask stalling_task(sim::ArrayModels* models) {
  sim::SimulationTask task = task_for({8, 8}, models);
  task.config.mapping = sim::Blocks{sim::LoopOrder::n_k_m, 24, 8, 30};
  task.config.buffering = sim::Buffering::doubled;
  task.config.dram_gib_per_s = 2;
  task.config.dram_details = sim::DramDetails{true, 40, 32, 0.9, 512, 12};
  return task;
}

}  // namespace quatrain::tests
