/// The trace that an implementation outside this project made: all layers, groups included, training and
/// evaluation, on both rungs. Never skips.
#include "kernels/machine.hpp"
#include "tests/kernels/trace_runs.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace quatrain::tests {
namespace {

TEST(SimtMachines, AgreeWithTheOutsideTrace) {
  const traces::TraceReader trace(QUATRAIN_SOURCE_DIR "/tests/data/outside_trace");
  const auto& quantizers = trace.manifest().quantizers;
  const auto with_source =
      std::count_if(quantizers.begin(), quantizers.end(), [](const auto& record) { return record.source; });
  traces::ThreadPool pool(2);
  for (const auto& machine : kernels::make_simt_machines(pool)) {
    SCOPED_TRACE(machine->name());
    const TraceRun run = expect_trace(*machine, trace);
    EXPECT_EQ(run.gemms, 47);
    EXPECT_EQ(run.quantizers, with_source);
    EXPECT_GT(run.quantizers, 40);
    EXPECT_GT(run.non_zero, 10'000);
  }
}

}  // namespace
}  // namespace quatrain::tests
