#include "emu/machine.hpp"

#include "tests/support/exact_oracle.hpp"
#include "tests/support/forced_path.hpp"
#include "tests/support/machine_results.hpp"
#include "tests/support/message_of.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace quatrain::tests {
namespace {

using traces::Encoding;
using traces::Phase;

std::vector<std::unique_ptr<traces::Machine>> both_machines(base::ThreadPool& pool) {
  std::vector<std::unique_ptr<traces::Machine>> machines;
  machines.push_back(emu::make_naive_machine());
  machines.push_back(emu::make_blocked_machine(pool));
  return machines;
}

TEST(EmulatorMachine, SaysOnWhichPathItRan) {
  base::ThreadPool pool(1);
  EXPECT_EQ(emu::make_naive_machine()->name(), "emu.naive");
  EXPECT_EQ(emu::make_naive_machine()->ran_on(), "scalar C++");
  const std::map<std::string_view, std::string> titles{
      {"portable", "portable C++"}, {"avx2", "AVX2"}, {"avx512", "AVX-512 VNNI"}, {"amx", "AMX-INT8"}};
  for (const emu::SimdPath path : emu::supported_paths()) {
    const ForcedPath forced(emu::name_of(path));
    EXPECT_EQ(emu::make_blocked_machine(pool)->name(), "emu.blocked");
    EXPECT_EQ(emu::make_blocked_machine(pool)->ran_on(), titles.at(emu::name_of(path)));
  }
}

TEST(EmulatorMachine, UnknownPathIsRefused) {
  base::ThreadPool pool(1);
  const ForcedPath forced("sse9");
  EXPECT_EQ(message_of([&] { emu::make_blocked_machine(pool); }),
            "QUATRAIN_SIMD is 'sse9'; expected portable, avx2, avx512, amx");
}

class EveryForcedPath : public testing::TestWithParam<std::tuple<emu::SimdPath, unsigned>> {};

TEST_P(EveryForcedPath, SharpGemmsEqualTheExactOracle) {
  const ForcedPath forced(emu::name_of(std::get<0>(GetParam())));
  base::ThreadPool pool(std::get<1>(GetParam()));
  const auto machines = both_machines(pool);
  const auto cases = sharp_gemms();
  for (const auto& machine : machines)
    EXPECT_THAT(differences(*machine, cases), testing::IsEmpty()) << machine->name();
}

INSTANTIATE_TEST_SUITE_P(EmulatorMachine, EveryForcedPath,
                         testing::Combine(testing::ValuesIn(emu::supported_paths()), testing::Values(1U, 7U)),
                         [](const auto& which) {
                           return std::string(emu::name_of(std::get<0>(which.param))) + "_" +
                                  std::to_string(std::get<1>(which.param)) + "_threads";
                         });

TEST(EmulatorMachine, RefusesWhatIsNotFourBits) {
  base::ThreadPool pool(1);
  for (const auto& machine : both_machines(pool)) {
    const traces::Gemm gemm{Phase::forward, linear_geometry(Phase::forward, 1, 1, 1)};
    EXPECT_EQ(machine->refuses(gemm, Encoding::fp32, Encoding::int4), "no products of fp32");
    EXPECT_EQ(machine->refuses(gemm, Encoding::int4, Encoding::int32), "no products of int32");
    EXPECT_EQ(machine->refuses(gemm, Encoding::uint4, Encoding::fp4_e3m0), std::nullopt);
  }
}

TEST(EmulatorMachine, BlockedRefusesABorderFarLargerThanThePlanes) {
  // A thousand 3 x 3 planes, each under a padding of 549: 1101 x 1101 with what their windows see of it.
  traces::Geometry g;
  g.in_channels = 1000;
  g.height = g.width = g.kernel_height = g.kernel_width = 3;
  g.padding_height = g.padding_width = 549;
  const traces::Gemm gemm{Phase::forward, with_output(g)};
  base::ThreadPool pool(1);
  const auto blocked = emu::make_blocked_machine(pool);
  const std::string reason =
      "the left operand with its border has 1.21e+09 elements: at most 1073741824 expected";
  EXPECT_EQ(blocked->refuses(gemm, Encoding::int4, Encoding::int4), reason);
  const GemmCase c = random_case(gemm, Encoding::int4, Encoding::int4, 1, 5);
  EXPECT_EQ(message_of([&] { blocked->multiply(c.gemm, left_operand(c), right_operands(c)); }),
            "emu.blocked: " + reason);
  EXPECT_FALSE(emu::make_naive_machine()->refuses(gemm, Encoding::int4, Encoding::int4));
}

TEST(EmulatorMachine, ABorderThatAStridePassesOverIsNotPacked) {
  // One 3 x 3 plane under a padding and a stride of a billion: 3 x 3 results, all but one of them zero.
  traces::Geometry g;
  g.height = g.width = 3;
  g.stride_height = g.stride_width = g.padding_height = g.padding_width = 1'000'000'000;
  const GemmCase c = random_case({Phase::forward, with_output(g)}, Encoding::int4, Encoding::int4, 1, 5);
  ASSERT_EQ(c.gemm.geometry.out_height, 3);
  base::ThreadPool pool(1);
  for (const auto& machine : both_machines(pool))
    EXPECT_EQ(machine->multiply(c.gemm, left_operand(c), right_operands(c)).accumulators,
              exact::accumulators(c));
}

TEST(EmulatorMachine, ErrorsNameTheirCause) {
  base::ThreadPool pool(1);
  for (const auto& machine : both_machines(pool)) {
    GemmCase c = random_case({Phase::forward, linear_geometry(Phase::forward, 3, 2, 5)}, Encoding::int4,
                             Encoding::int4, 1, 5);
    const auto message = [&] {
      return message_of([&] { machine->multiply(c.gemm, left_operand(c), right_operands(c)); });
    };
    c.left_scale = c.right_scale = 0x1p64F;
    EXPECT_EQ(message(), "scale out of range: 1.8446744e+19 * 1.8446744e+19");
    c.left_scale = 1;
    c.left.pop_back();
    EXPECT_EQ(message(), "left operand: 7 bytes of codes; expected 8 for 15 elements");
    c.gemm.geometry = linear_geometry(Phase::forward, 1, 1, 43826197);
    c.left.resize(21913099);
    c.right = {c.left};
    EXPECT_EQ(message(),
              "k is 43826197 with 1 sample(s) of int4 x int4; expected at most 43826196, so that every sum "
              "fits int32");
  }
}

TEST(EmulatorMachine, QuantizersAreThoseOfTheRule) {
  base::ThreadPool pool(2);
  const std::vector<float> source = {64, 3, -1.5F, 0};
  for (const auto& machine : both_machines(pool)) {
    EXPECT_EQ(machine->refuses(traces::Rule::luq_fp4), std::nullopt);
    const auto got = machine->quantize(
        {.rule = traces::Rule::nearest_fp4, .source = source, .draws = {}, .maximum = std::nullopt});
    EXPECT_THAT(got.codes, testing::ElementsAre(0x27, 0x0A));  // 7, 2 and -2 (e = 2), 0
    EXPECT_EQ(got.max, 64.0F);
    EXPECT_EQ(got.scale, 1.0F);
  }
}

}  // namespace
}  // namespace quatrain::tests
