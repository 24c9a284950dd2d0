/// What verify hands to the diagnosis: second runs, the record before, outputs, and what is known of a
/// checksum.
#include "sim/records/misbehaviour.hpp"
#include "tests/sim/verify/cross_check_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <utility>

namespace quatrain::tests {
namespace {

using sim::CrossCheck;
using sim::DifferenceFindings;
using testing::HasSubstr;
using traces::Phase;

/// Two steps of one layer with other operands.
std::vector<GemmCase> two_steps(Phase phase = Phase::forward, unsigned samples = 1) {
  const traces::Geometry geometry = linear_case(phase, 5, 6, 7, samples).gemm.geometry;
  const traces::Encoding left =
      phase == Phase::backward_data ? traces::Encoding::fp4_e3m0 : traces::Encoding::int4;
  const traces::Encoding right =
      phase == Phase::backward_weight ? traces::Encoding::fp4_e3m0 : traces::Encoding::int4;
  return {random_case({phase, geometry}, left, right, samples, 1),
          random_case({phase, geometry}, left, right, samples, 2)};
}

const DifferenceFindings& gemms_of_spoiled(const CrossCheck& check) {
  return check.machines.at(1).gemm_differences;
}

TEST_F(CrossCheckOfCases, ARaceIsKnownByASecondRun) {
  int call = 0;
  spoiled.spoil_product = [&call](const GemmCase&, traces::GemmResult& result) {
    result.accumulators[4] += ++call;
    result.accumulators[9] -= 1000 * call;
  };
  const CrossCheck found = check(two_steps(), {&healthy, &spoiled});
  ASSERT_TRUE(gemms_of_spoiled(found).diagnosis);
  EXPECT_EQ(gemms_of_spoiled(found).diagnosis->cause, "race");
  EXPECT_EQ(
      gemms_of_spoiled(found).diagnosis->evidence,
      "a second run gives 2 elements with other bits than the first; it explains 1 of 2 differing records");
  EXPECT_EQ(gemms_of_spoiled(found).pattern->different, 2U);
}

TEST_F(CrossCheckOfCases, AResultOfTheRecordBeforeIsNoRace) {
  std::optional<std::vector<std::int32_t>> last;
  spoiled.spoil_product = [&last](const GemmCase&, traces::GemmResult& result) {
    if (auto before = std::exchange(last, result.accumulators)) result.accumulators = *std::move(before);
  };
  const CrossCheck found = check(two_steps(), {&healthy, &spoiled});
  ASSERT_TRUE(gemms_of_spoiled(found).diagnosis);
  EXPECT_EQ(gemms_of_spoiled(found).diagnosis->cause, "stale.result");
}

TEST_F(CrossCheckOfCases, BothResultsOfAnUnsteadyKernelAreLookedAt) {
  std::optional<traces::GemmResult> last;
  spoiled.spoil_product = [&last](const GemmCase&, traces::GemmResult& result) {
    const auto before = std::exchange(last, result);
    if (before)
      throw sim::Unsteady(sim::Misbehaved(sim::Misbehaviour::unsteady, "two runs differ"), *before, result);
  };
  const CrossCheck found = check(two_steps(), {&healthy, &spoiled});
  EXPECT_EQ(found.machines[1].misbehaved.size(), 1U);
  ASSERT_TRUE(gemms_of_spoiled(found).diagnosis);
  EXPECT_EQ(gemms_of_spoiled(found).diagnosis->cause, "stale.result");
  ASSERT_TRUE(gemms_of_spoiled(found).pattern);
  EXPECT_EQ(gemms_of_spoiled(found).pattern->record, "1/train/layer/forward");
}

TEST_F(CrossCheckOfCases, OutputsHaveADiagnosisWhereAccumulatorsAreRight) {
  spoiled.spoil_product = [](const GemmCase& c, traces::GemmResult& result) {
    for (std::size_t i = 0; i < result.output.size(); ++i)
      result.output[i] = static_cast<float>(result.accumulators[i]) * (c.left_scale * c.right_scale);
  };
  const CrossCheck found = check(two_steps(Phase::backward_weight, 2), {&healthy, &spoiled});
  ASSERT_TRUE(gemms_of_spoiled(found).diagnosis);
  EXPECT_EQ(gemms_of_spoiled(found).diagnosis->cause, "output.samples");
  EXPECT_THAT(gemms_of_spoiled(found).diagnosis->evidence, HasSubstr("every accumulator is right, and all "));
  EXPECT_EQ(gemms_of_spoiled(found).pattern->of, "outputs");
  EXPECT_EQ(gemms_of_spoiled(found).pattern->factor, "2");
}

TEST_F(CrossCheckOfCases, OfAChecksumAWitnessKnowsTheElements) {
  spoiled.spoil_product = [](const GemmCase&, traces::GemmResult& result) { result.accumulators[3] += 100; };
  const CrossCheck found = check(two_steps(), {&healthy, &spoiled}, Stored::checksums);
  ASSERT_TRUE(gemms_of_spoiled(found).pattern);
  EXPECT_EQ(gemms_of_spoiled(found).pattern->different, 1U);
  const CrossCheck alone = check({&spoiled});
  EXPECT_FALSE(alone.machines[0].gemm_differences.pattern);
  EXPECT_FALSE(alone.machines[0].gemm_differences.diagnosis);
}

TEST_F(CrossCheckOfCases, HealthyMachinesHaveNoDiagnosis) {
  const CrossCheck found = check(two_steps(), {&healthy, &spoiled});
  for (const auto& machine : found.machines) EXPECT_EQ(machine.gemm_differences, DifferenceFindings{});
}

}  // namespace
}  // namespace quatrain::tests
