/// The trace that an implementation outside this project made, on every machine: all layers, groups included,
/// training and evaluation.
#include "tests/exact/machines.hpp"
#include "tests/support/trace_runs.hpp"

namespace quatrain::tests {
namespace {

class OutsideTraceOn : public EveryMachine {};

TEST_P(OutsideTraceOn, EveryRecordAgrees) {
  const traces::TraceReader trace(QUATRAIN_SOURCE_DIR "/tests/data/outside_trace");
  const TraceRun run = expect_trace(machine(), trace);
  EXPECT_EQ(run.gemms, 47);
  EXPECT_EQ(run.quantizers, 53) << "a source for every record: nothing is skipped";
  EXPECT_GT(run.non_zero, 10'000);
}

INSTANTIATE_TEST_SUITE_P(, OutsideTraceOn, testing::ValuesIn(machine_names()), parameter_name);

}  // namespace
}  // namespace quatrain::tests
