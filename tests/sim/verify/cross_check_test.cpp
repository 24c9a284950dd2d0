/// What a cross-check counts, and whom it finds at fault, with machines that tests can spoil.
#include "tests/sim/verify/cross_check_cases.hpp"
#include "traces/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <utility>

namespace quatrain::tests {
namespace {

using sim::CrossCheck;
using sim::describe;
using sim::Verdict;
using traces::Phase;

TEST_F(CrossCheckOfCases, EqualMachinesAndTheirCounts) {
  const GemmCase c = linear_case(Phase::backward_weight, 5, 4, 6, 2);
  const CrossCheck found = check({c, c}, {&healthy, &spoiled});
  EXPECT_TRUE(found.equal());
  EXPECT_EQ(found.records.gemms, 2U);
  EXPECT_EQ(found.records.macs.all, 2U * 2 * 5 * 4 * 6);
  EXPECT_EQ(found.records.accumulators, 40U);
  EXPECT_EQ(found.records.quantizers, 6U);
  EXPECT_EQ(found.records.codes, 2U * (30 + 2 * 24));
  EXPECT_EQ(found.steps, (std::set<std::uint32_t>{0, 1}));
  for (const auto& machine : found.machines) {
    EXPECT_EQ(machine.verdict(), Verdict::equal);
    EXPECT_EQ(machine.gemms, 2U);
    EXPECT_EQ(machine.gemms_equal, 2U);
    EXPECT_EQ(machine.elements, 80U);
    EXPECT_EQ(machine.macs, 480U);
    EXPECT_EQ(machine.ran_on, "rationals");
    EXPECT_EQ(machine.quantizers, 0U) << "the operands have no source";
    ASSERT_EQ(machine.unsupported.size(), 6U);
    EXPECT_EQ(machine.unsupported[0].reason, "the trace does not hold the source");
  }
}

TEST_F(CrossCheckOfCases, AMachineThatThrowsOrCutsItsResultIsDifferent) {
  spoiled.spoil_product = [](const GemmCase&, traces::GemmResult&) { throw base::Error("out of breath"); };
  OracleMachine short_of_one("short");
  short_of_one.spoil_product = [](const GemmCase&, traces::GemmResult& result) {
    result.accumulators.pop_back();
  };
  const CrossCheck found = check({forward_ones()}, {&healthy, &spoiled, &short_of_one});
  EXPECT_EQ(found.machines[0].verdict(), Verdict::equal) << "one machine's failure hides no other's verdict";
  EXPECT_EQ(describe(*found.machines[1].first_difference),
            "layer layer, step 0, train, forward: result: expected a result, got the error 'out of breath'; "
            "no k: there "
            "is no accumulator");
  EXPECT_EQ(describe(*found.machines[2].first_difference),
            "layer layer, step 0, train, forward: result: expected 15 elements, got 14 accumulators and 15 "
            "outputs; no "
            "k: the result has another size");
}

TEST_F(CrossCheckOfCases, RefusalsAreListedAndAMachineThatSupportsNothingIsSkipped) {
  spoiled.refuse_gemm = [](const traces::Gemm&) { return "no lanes free"; };
  spoiled.refuse_rule = "no quantizers";
  const CrossCheck found = check({forward_ones()}, {&healthy, &spoiled});
  EXPECT_TRUE(found.equal());
  EXPECT_EQ(found.machines[1].verdict(), Verdict::skipped);
  EXPECT_EQ(found.machines[1].why_not, "it supports no record of this trace");
  ASSERT_EQ(found.machines[1].unsupported.size(), 3U);
  EXPECT_EQ(found.machines[1].unsupported[0].record, "0/input/0");
  EXPECT_EQ(found.machines[1].unsupported[0].reason, "no quantizers");
  EXPECT_EQ(found.machines[1].unsupported[2].record, "0/train/layer/forward");
  EXPECT_EQ(found.machines[1].unsupported[2].reason, "no lanes free");
  const CrossCheck nothing = check({&spoiled});
  EXPECT_FALSE(nothing.checked());
  EXPECT_FALSE(nothing.equal());
}

/// Of a machine without a result nothing was compared and nothing computed.
TEST_F(CrossCheckOfCases, OnlyWhatWasComparedCounts) {
  const auto throws = [](const auto&, auto&) { throw base::Error("out of breath"); };
  spoiled.spoil_product = throws;
  const CrossCheck products = check({forward_ones(), forward_ones()}, {&healthy, &spoiled});
  EXPECT_EQ(products.machines[0].elements, 2U * 30);
  EXPECT_EQ(products.machines[0].macs, 2U * 90);
  const sim::MachineFindings& none = products.machines[1];
  EXPECT_EQ(none.gemms, 2U);
  EXPECT_EQ(none.elements, 0U);
  EXPECT_EQ(none.macs, 0U);
  EXPECT_EQ(none.different_records(), 2U);
  EXPECT_EQ(none.different_elements, 0U);
  EXPECT_EQ(none.uncounted_records, 2U);
  EXPECT_THAT(products.trace_alone, testing::IsEmpty());
}

TEST_F(CrossCheckOfCases, AMachineThatThrowsOnAQuantizerIsDifferent) {
  spoiled.spoil_quantizer = [](const traces::QuantizerTask& task, traces::QuantizerResult&) {
    if (task.draws.sample == 1) throw base::Error("out of breath");
  };
  const CrossCheck found = check(luq_case(1), {&healthy, &spoiled});
  EXPECT_FALSE(found.equal());
  EXPECT_EQ(found.machines[0].verdict(), Verdict::equal);
  const sim::MachineFindings& failed = found.machines[1];
  EXPECT_EQ(failed.verdict(), Verdict::different);
  EXPECT_EQ(failed.quantizers, 2U);
  EXPECT_EQ(failed.quantizers_equal, 1U);
  EXPECT_EQ(failed.elements, 37U);
  EXPECT_EQ(failed.different_elements, 0U);
  EXPECT_EQ(failed.uncounted_records, 1U);
  EXPECT_EQ(
      describe(*failed.first_difference),
      "layer layer, step 4, train, gradient, sample 1: result: expected a result, got the error 'out of "
      "breath'");
}

TEST_F(CrossCheckOfCases, ElementsThatDifferAreCounted) {
  spoiled.spoil_product = [](const GemmCase&, traces::GemmResult& result) {
    result.accumulators[3] += 1;
    result.accumulators[14] += 1;
    result.output[3] += 1;
    result.output[4] += 1;
    result.output[0] = -0.0F;
  };
  GemmCase c = forward_ones();
  c.right = {std::vector<std::uint8_t>(15, 0)};
  for (const Stored stored : {Stored::tensors, Stored::checksums}) {
    std::filesystem::remove_all(folder / "trace");
    const CrossCheck found = check({c, c, c}, {&healthy, &spoiled}, stored);
    EXPECT_EQ(found.machines[0].different_records(), 0U);
    EXPECT_EQ(found.machines[0].different_elements, 0U);
    EXPECT_EQ(found.machines[1].different_records(), 3U);
    EXPECT_EQ(found.machines[1].different_elements, 3U * 5);
    EXPECT_EQ(found.machines[1].uncounted_records, 0U);
    EXPECT_EQ(found.machines[1].elements, 3U * 30);
    EXPECT_THAT(found.trace_alone, testing::IsEmpty());
  }
  const CrossCheck alone = check({&spoiled});  // checksums, and nobody who knows the elements
  EXPECT_EQ(alone.machines[0].different_elements, 0U);
  EXPECT_EQ(alone.machines[0].uncounted_records, 3U);
  EXPECT_THAT(alone.trace_alone, testing::IsEmpty()) << "one machine is no majority";
}

TEST_F(CrossCheckOfCases, CodesThatDifferAreCounted) {
  spoiled.spoil_quantizer = [](const traces::QuantizerTask&, traces::QuantizerResult& result) {
    result.codes[0] ^= 0x11;
    result.codes[18] ^= 0x01;  // element 36, the last
    result.scale = 0;
  };
  const CrossCheck found = check(luq_case(1), {&healthy, &spoiled});
  EXPECT_EQ(found.machines[1].different_records(), 2U);
  EXPECT_EQ(found.machines[1].different_elements, 2U * 3);
  EXPECT_EQ(found.machines[1].elements, 2U * 37);
}

/// The trace is the odd one only where all machines answered, alike, and not as recorded.
TEST_F(CrossCheckOfCases, ATraceThatStandsAloneIsTold) {
  OracleMachine third("third");
  const auto one_more = [](const GemmCase&, traces::GemmResult& result) { result.output[7] += 1; };
  const auto two_more = [](const GemmCase&, traces::GemmResult& result) { result.output[7] += 2; };
  const auto refuses_all = [](const traces::Gemm&) { return "no lanes free"; };
  const std::vector<std::string> alone{"0/train/layer/forward", "1/train/layer/forward"};
  healthy.spoil_product = spoiled.spoil_product = third.spoil_product = one_more;
  const auto steps = {forward_ones(), forward_ones()};
  EXPECT_EQ(check(steps, {&healthy, &spoiled, &third}).trace_alone, alone);
  third.refuse_gemm = refuses_all;
  EXPECT_EQ(check({&healthy, &spoiled, &third}).trace_alone, alone) << "who does not support it has no say";
  third.refuse_gemm = {};
  third.spoil_product = two_more;
  EXPECT_THAT(check({&healthy, &spoiled, &third}).trace_alone, testing::IsEmpty());
  third.spoil_product = {};
  EXPECT_THAT(check({&healthy, &spoiled, &third}).trace_alone, testing::IsEmpty());
  third.spoil_product = [](const GemmCase&, traces::GemmResult&) { throw base::Error("out of breath"); };
  EXPECT_THAT(check({&healthy, &spoiled, &third}).trace_alone, testing::IsEmpty());
}

TEST_F(CrossCheckOfCases, ATraceThatStandsAloneInAQuantizerIsTold) {
  using Result = traces::QuantizerResult;
  const auto odd_scale = [](const traces::QuantizerTask& task, Result& result) {
    if (task.draws.sample == 1) result.scale += 1;
  };
  healthy.spoil_quantizer = spoiled.spoil_quantizer = odd_scale;
  EXPECT_THAT(check(luq_case(1), {&healthy, &spoiled}).trace_alone, testing::ElementsAre("quantizer/1"));
  const std::vector<std::function<void(Result&)>> other_ways{
      [](Result& r) { r.max += 1; },
      [](Result& r) { std::get<traces::Fp4Facts>(r.facts).max_used += 1; },
      [](Result& r) { r.facts = traces::SawbFacts{}; },
      [](Result& r) { r.scale += 1; },
      [](Result& r) { r.codes[3] ^= 1; },
      [](Result& r) { r.codes.pop_back(); }};
  for (const auto& other : other_ways) {
    spoiled.spoil_quantizer = [&](const traces::QuantizerTask& task, Result& result) {
      odd_scale(task, result);
      other(result);
    };
    EXPECT_THAT(check({&healthy, &spoiled}).trace_alone, testing::IsEmpty());
  }
}

TEST_F(CrossCheckOfCases, StopsWhenAskedTo) {
  options.stops = [] { return true; };
  EXPECT_THROW(check({forward_ones()}, {&healthy}), base::Interrupted);
  EXPECT_EQ(healthy.products, 0U) << "polled after the first quantizer record";
}

}  // namespace
}  // namespace quatrain::tests
