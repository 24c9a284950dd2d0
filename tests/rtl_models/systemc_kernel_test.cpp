#include "rtl_models/machine.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/message_of.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace quatrain::tests {
namespace {

using rtl_models::Fidelity;
using traces::Encoding;
using traces::Phase;

GemmCase linear_case(unsigned seed) {
  traces::Geometry g;
  g.batch = 6, g.in_channels = 5, g.out_channels = 7;
  return random_case({Phase::forward, g}, Encoding::uint4, Encoding::int4, 1, seed);
}

std::vector<std::int32_t> replayed(rtl_models::ArrayModel& model, const GemmCase& c) {
  const auto right = right_operands(c);
  return model
      .replay(
          c.gemm, left_operand(c), right,
          rtl_models::whole_gemm_schedule(traces::gemm_size(c.gemm.phase, c.gemm.geometry), 1, model.shape()))
      .accumulators;
}

TEST(SystemcKernel, ModelMadeAfterTheFirstReplayIsRefused) {
  const auto model = rtl_models::make_array_model({4, 4}, Fidelity::array);
  const GemmCase c = linear_case(1);
  EXPECT_EQ(replayed(*model, c), exact::accumulators(c));
  EXPECT_EQ(message_of([] {
              rtl_models::make_array_model({4, 4}, Fidelity::array);
            }),
            "SystemC elaborates once per process: all array models must be made before the first replay");
  EXPECT_EQ(replayed(*model, c), exact::accumulators(c)) << "the first model goes on working";
}

TEST(SystemcKernel, ModelsTakeTurnsAndOutliveEachOther) {
  auto first = rtl_models::make_array_model({4, 4}, Fidelity::array);
  auto second = rtl_models::make_array_model({3, 2}, Fidelity::pe);
  auto third = rtl_models::make_array_model({8, 8}, Fidelity::array);
  for (unsigned seed = 1; seed < 4; ++seed)
    for (const auto& model : {first.get(), second.get(), third.get(), first.get()}) {
      const GemmCase c = linear_case(seed);
      ASSERT_EQ(replayed(*model, c), exact::accumulators(c));
    }
  second.reset();
  const GemmCase c = linear_case(9);
  EXPECT_EQ(replayed(*third, c), exact::accumulators(c));
  first.reset();
  EXPECT_EQ(replayed(*third, c), exact::accumulators(c));
}

TEST(SystemcKernel, ModelDestroyedBeforeTheFirstReplayHarmsNone) {
  rtl_models::make_array_model({4, 4}, Fidelity::array).reset();
  rtl_models::make_array_model({3, 2}, Fidelity::pe).reset();
  const auto model = rtl_models::make_array_model({4, 4}, Fidelity::array);
  const GemmCase c = linear_case(5);
  EXPECT_EQ(replayed(*model, c), exact::accumulators(c));
}

TEST(SystemcKernel, ReplaysLeaveNothingBehind) {
  const auto model = rtl_models::make_array_model({4, 4}, Fidelity::array);
  const GemmCase c = linear_case(2);
  const auto right = right_operands(c);
  const auto schedule = rtl_models::whole_gemm_schedule({6, 7, 5, 1}, 1, {4, 4});
  const auto once = model->replay(c.gemm, left_operand(c), right, schedule);
  replayed(*model, linear_case(3));
  const auto again = model->replay(c.gemm, left_operand(c), right, schedule);
  EXPECT_EQ(again.cycles, once.cycles);
  EXPECT_EQ(again.activity, once.activity);
  EXPECT_EQ(again.accumulators, once.accumulators);
}

TEST(SystemcKernel, NothingIsPrinted) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const auto model = rtl_models::make_array_model({4, 4}, Fidelity::pe);
  const GemmCase c = linear_case(1);
  const auto found = replayed(*model, c);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(found, exact::accumulators(c));
}

TEST(SystemcKernel, ShapeOutOfRangeIsRefused) {
  EXPECT_EQ(message_of([] {
              rtl_models::make_array_model({0, 4}, Fidelity::array);
            }),
            "an array of 0 x 4 PEs: rows and columns must be 1 to 1024");
  EXPECT_EQ(message_of([] {
              rtl_models::make_array_model({4, 1025}, Fidelity::array);
            }),
            "an array of 4 x 1025 PEs: rows and columns must be 1 to 1024");
}

TEST(Machine, NameVersionAndRefusals) {
  const auto array = rtl_models::make_systemc_machine(rtl_models::make_array_model({4, 4}, Fidelity::array));
  const auto pe = rtl_models::make_systemc_machine(rtl_models::make_array_model({4, 4}, Fidelity::pe));
  EXPECT_EQ(array->name(), "systemc.array");
  EXPECT_EQ(pe->name(), "systemc.pe");
  EXPECT_THAT(array->ran_on(), testing::MatchesRegex("SystemC [0-9]+\\.[0-9]+\\.[0-9]+"));
  const GemmCase c = linear_case(1);
  EXPECT_EQ(array->refuses(c.gemm, Encoding::uint4, Encoding::int4), std::nullopt);
  EXPECT_EQ(array->refuses(c.gemm, Encoding::fp4_e3m0, Encoding::fp4_e3m0),
            "the PE dual_int4_fp4 has no mode for fp4_e3m0 x fp4_e3m0");
  for (const auto rule :
       {traces::Rule::sawb_int4, traces::Rule::sawb_uint4, traces::Rule::luq_fp4, traces::Rule::nearest_fp4})
    EXPECT_EQ(array->refuses(rule), std::nullopt);
}

/// The largest k for which a sum surely fits, typed from the bound N K max|a| max|b| <= 2^31 - 1, and one
/// more.
TEST(Machine, Int32BoundIsCheckedBeforehand) {
  const auto machine =
      rtl_models::make_systemc_machine(rtl_models::make_array_model({4, 4}, Fidelity::array));
  traces::Geometry g;
  g.in_channels = 1, g.out_channels = 1, g.batch = 2236963;  // 960 * 2236963 = 2^31 + 832
  const std::vector<std::uint8_t> zeros(traces::packed_size(static_cast<std::size_t>(g.batch)));
  traces::Operand left{Encoding::uint4, 1.0F, zeros};
  std::vector<traces::Operand> right{{Encoding::fp4_e3m0, 1.0F, zeros}};
  EXPECT_EQ(message_of([&] {
              machine->multiply({Phase::backward_weight, g}, left, right);
            }),
            "k is 2236963 with 1 sample(s) of uint4 x fp4_e3m0; expected at most 2236962, so that every sum "
            "fits int32");
  g.batch = 2236962;
  left.codes = right[0].codes = std::span(zeros).first(1118481);
  EXPECT_EQ(machine->multiply({Phase::backward_weight, g}, left, right).accumulators,
            std::vector<std::int32_t>{0});
  g.batch = 1118482;
  left.codes = right[0].codes = std::span(zeros).first(559241);
  const std::vector<traces::Operand> samples{right[0], right[0]};
  EXPECT_EQ(message_of([&] {
              machine->multiply({Phase::backward_weight, g}, left, samples);
            }),
            "k is 1118482 with 2 sample(s) of uint4 x fp4_e3m0; expected at most 1118481, so that every sum "
            "fits int32");
}

TEST(Machine, ScaleOutOfRangeIsAnErrorAndASubnormalScaleIsNot) {
  const auto machine =
      rtl_models::make_systemc_machine(rtl_models::make_array_model({4, 4}, Fidelity::array));
  GemmCase c = linear_case(4);
  c.left_scale = 3e38F;
  c.right_scale = 2.0F;
  auto right = right_operands(c);
  EXPECT_THAT(message_of([&] { machine->multiply(c.gemm, left_operand(c), right); }),
              testing::StartsWith("scale out of range"));
  c.left_scale = std::ldexp(1.0F, -70);
  c.right_scale = std::ldexp(1.5F, -70);
  right = right_operands(c);
  const auto result = machine->multiply(c.gemm, left_operand(c), right);
  EXPECT_EQ(result.scale, std::ldexp(1.5F, -140));
  const auto expected = exact::accumulators(c);
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_EQ(result.output[i], static_cast<float>(std::ldexp(1.5 * expected[i], -140)));
}

/// Three samples: the scale is divided by 3, one rounding; two roundings of the accumulator's conversion are
/// seen.
TEST(Machine, EpilogueRoundsScaleSamplesAndAccumulator) {
  const auto machine =
      rtl_models::make_systemc_machine(rtl_models::make_array_model({2, 2}, Fidelity::array));
  traces::Geometry g;
  g.batch = 17478;  // 17476 products of 960 and two more: above 2^24 and odd
  std::vector<std::uint8_t> x(17478, 15), dz(17478, 7);
  x[17476] = 15, dz[17476] = 7;
  x[17477] = 1, dz[17477] = 1;
  const auto left = traces::pack_nibbles(x), one = traces::pack_nibbles(dz);
  const std::vector<traces::Operand> right{{Encoding::fp4_e3m0, 0.1F, one}};
  const auto result = machine->multiply({Phase::backward_weight, g}, {Encoding::uint4, 0.3F, left}, right);
  EXPECT_EQ(result.accumulators[0], 17477 * 960 + 1);
  EXPECT_EQ(result.scale, 0.1F * 0.3F);
  EXPECT_EQ(result.output[0], 16777920.0F * (0.1F * 0.3F)) << "16777921 rounds to even";
  const std::vector<traces::Operand> samples(4, right[0]);
  EXPECT_EQ(machine->multiply({Phase::backward_weight, g}, {Encoding::uint4, 0.3F, left}, samples).scale,
            0.1F * 0.3F / 4.0F);
}

}  // namespace
}  // namespace quatrain::tests
