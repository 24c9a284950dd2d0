/// Records that no machine may compute, and traces that contradict themselves.
#include "tests/sim/verify/cross_check_cases.hpp"
#include "tests/support/edited_trace.hpp"
#include "tests/support/message_of.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <utility>

namespace quatrain::tests {
namespace {

using sim::CrossCheck;
using sim::Verdict;
using traces::Phase;

TEST_F(CrossCheckOfCases, ASumThatCouldLeaveInt32IsRefused) {
  GemmCase c = linear_case(Phase::backward_weight, 1, 1, 1);
  c.gemm.geometry.batch = 1118482;  // 2 * 1118482 * 15 * 64 = 2^31 + 1792
  c.left.assign(559241, 0);
  c.right = {c.left, c.left};
  EXPECT_EQ(
      message_of([&] { check({c}, {&healthy}); }),
      at_trace(
          "gemm 0/train/layer/backward_weight: k is 1118482 with 2 sample(s) of uint4 x fp4_e3m0; expected "
          "at most "
          "1118481, so that every sum fits int32"));
  EXPECT_EQ(healthy.products, 0U);
}

TEST_F(CrossCheckOfCases, AnInfiniteScaleIsRefused) {
  write_gemm_trace(folder / "finite", std::vector{forward_ones()});
  EditedTrace trace(folder / "finite");
  trace.quantizer("0/input/0").scale = 3e38F;
  trace.quantizer("0/weight/0").scale = 2;
  trace.write(folder / "trace");
  EXPECT_EQ(message_of([&] { check({&healthy}); }),
            at_trace("gemm 0/train/layer/forward: scale out of range: 3e+38 * 2; expected a finite product"));
}

TEST_F(CrossCheckOfCases, ASourceThatNoRuleTakesIsRefused) {
  QuantizerCase c;
  c.source = {1, 2, 3};
  c.task.rule = traces::Rule::sawb_uint4;
  write_quantizer_trace(folder / "legal", c);
  for (const auto& [element, expected] :
       {std::pair{std::nanf(""),
                  "quantizer quantizer/0: tensor 'source': element 1 is nan; expected a finite number"},
        std::pair{-2.0F,
                  "quantizer quantizer/0: tensor 'source': element 1 is -2; expected none below zero for "
                  "sawb_uint4"}}) {
    EditedTrace trace(folder / "legal");
    trace.fp32["source"][1] = element;
    std::filesystem::remove_all(folder / "trace");
    trace.write(folder / "trace");
    EXPECT_EQ(message_of([&] { check({&healthy}); }), at_trace(expected));
  }
}

TEST_F(CrossCheckOfCases, AMaximumThatHasNoPowerOfTwoIsRefused) {
  QuantizerCase c = luq_case(0);
  c.task.alpha = traces::Alpha::pow2;
  write_quantizer_trace(folder / "legal", c);
  EditedTrace trace(folder / "legal");
  trace.fp32["source"][3] = 2e38F;
  trace.write(folder / "trace");
  EXPECT_EQ(message_of([&] { check({&healthy}); }),
            at_trace("quantizer quantizer/0: maximum out of range: 2e+38; expected at most 2^127 for pow2"));
}

TEST_F(CrossCheckOfCases, AZeroRecordWithCodesContradictsItselfWithoutAnyMachine) {
  QuantizerCase c;
  c.source = {0, 0, 0, 0, 0};
  c.task.rule = traces::Rule::luq_fp4;
  write_quantizer_trace(folder / "zero", c);
  EditedTrace trace(folder / "zero");
  trace.codes["codes/0"][1] = 0x30;
  trace.quantizer("quantizer/0").source.reset();
  trace.manifest.tensors.erase("source");
  trace.write(folder / "trace");
  const CrossCheck found = check({&healthy});
  EXPECT_THAT(found.contradictions,
              testing::ElementsAre(
                  "quantizer quantizer/0: its maximum is below 2^-100, but element 3 has a code that "
                  "is not zero"));
  EXPECT_FALSE(found.equal());
}

/// The machines compute what the codes and scales say, and all agree: only the trace is wrong.
TEST_F(CrossCheckOfCases, AContradictionAloneIsNotEqual) {
  GemmCase c = linear_case(Phase::backward_data, 2, 3, 4);
  c.left_scale = 0;  // and so the maximum
  const CrossCheck found = check({c}, {&healthy, &spoiled});
  EXPECT_EQ(found.contradictions.size(), 1U);
  EXPECT_TRUE(found.checked());
  for (const sim::MachineFindings& machine : found.machines) EXPECT_EQ(machine.verdict(), Verdict::equal);
  EXPECT_FALSE(found.equal());
}

TEST_F(CrossCheckOfCases, AResultAboveTheLimitIsRefused) {
  options.result_limit_mib = 1;
  GemmCase c = linear_case(Phase::forward, 512, 257, 1);
  EXPECT_EQ(
      message_of([&] { check({c}, {&healthy}); }),
      at_trace(
          "gemm 0/train/layer/forward: a result of 131584 elements takes 2 MiB; expected at most 1 MiB"));
}

}  // namespace
}  // namespace quatrain::tests
