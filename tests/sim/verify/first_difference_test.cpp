/// How the first difference of a machine is named: element, group, sample, k, field.
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

/// The spoiled machine counts the product of one k twice, for one row and column of a linear forward layer.
void double_product(OracleMachine& machine, std::int64_t row, std::int64_t column, std::int64_t k) {
  machine.spoil_product = [=](const GemmCase& c, traces::GemmResult& result) {
    const traces::Geometry& g = c.gemm.geometry;
    const auto value = [](traces::Encoding encoding, const std::vector<std::uint8_t>& codes,
                          std::int64_t at) {
      return traces::code_values(encoding)[traces::nibble_at(codes, static_cast<std::size_t>(at))];
    };
    result.accumulators[static_cast<std::size_t>(row * g.out_channels + column)] +=
        value(c.left_encoding, c.left, row * g.in_channels + k) *
        value(c.right_encoding, c.right[0], column * g.in_channels + k);
  };
}

TEST_F(CrossCheckOfCases, FirstDifferenceNamesElementAndK) {
  double_product(spoiled, 2, 4, 3);
  const CrossCheck found = check({forward_ones()}, {&healthy, &spoiled});
  EXPECT_FALSE(found.equal());
  EXPECT_EQ(found.machines[0].verdict(), Verdict::equal);
  EXPECT_EQ(found.machines[1].verdict(), Verdict::different);
  EXPECT_EQ(found.machines[1].gemms_equal, 0U);
  EXPECT_EQ(describe(*found.machines[1].first_difference),
            "layer layer, step 0, train, forward, group 0, row 2, column 4 (element 14), k 3: accumulator: "
            "expected 6, "
            "got 7");
}

TEST_F(CrossCheckOfCases, TheFirstOfTwoStepsIsReportedAndTheOtherCounted) {
  unsigned call = 0;
  spoiled.spoil_product = [&call](const GemmCase&, traces::GemmResult& result) {
    if (++call >= 2) result.accumulators[1] += 5;
  };
  const GemmCase c = forward_ones();
  const CrossCheck found = check({c, c, c}, {&healthy, &spoiled});
  EXPECT_EQ(found.machines[1].gemms_equal, 1U);
  EXPECT_EQ(describe(*found.machines[1].first_difference),
            "layer layer, step 1, train, forward, group 0, row 0, column 1 (element 1): accumulator: "
            "expected 6, got "
            "11; no k: the machines differ even when every right code is zero");
}

/// log2(k samples) pairs of runs and the two ends, not k of them.
TEST_F(CrossCheckOfCases, BisectionOverSamplesIsShort) {
  GemmCase c = linear_case(Phase::backward_weight, 2, 3, 16, 4);
  c.left.assign(16, 0x11);
  for (auto& sample : c.right) sample.assign(24, 0x11);
  spoiled.spoil_product = [](const GemmCase& run, traces::GemmResult& result) {
    if (traces::nibble_at(run.right[2], 9 * 3 + 1) != 0)
      result.accumulators[2 * 1 + 1] -= 1;  // sample 2, k 9, n 1
  };
  const CrossCheck found = check({c}, {&healthy, &spoiled});
  EXPECT_EQ(
      describe(*found.machines[1].first_difference),
      "layer layer, step 0, train, backward_weight, group 0, row 1, column 1 (element 3), sample 2, k 9: "
      "accumulator: expected 64, got 63");
  EXPECT_EQ(spoiled.products, 1U + 1 + 2 + 6);  // once more to see whether it gives the same again
  EXPECT_EQ(healthy.products, 1U + 2 + 6);
}

TEST_F(CrossCheckOfCases, WhereNoMachineAgreesKIsAbsent) {
  double_product(spoiled, 0, 0, 0);
  double_product(healthy, 0, 0, 0);
  const CrossCheck found = check({forward_ones()}, {&healthy, &spoiled});
  for (const auto& machine : found.machines)
    EXPECT_EQ(describe(*machine.first_difference),
              "layer layer, step 0, train, forward, group 0, row 0, column 0 (element 0): accumulator: "
              "expected 6, got "
              "7; no k: no machine that ran agrees with the trace on this GEMM");
}

TEST_F(CrossCheckOfCases, ADifferenceThatDoesNotComeAgainHasNoK) {
  bool once = true;
  spoiled.spoil_product = [&once](const GemmCase&, traces::GemmResult& result) {
    if (std::exchange(once, false)) result.accumulators[4] = 0;
  };
  const CrossCheck found = check({forward_ones()}, {&healthy, &spoiled});
  EXPECT_EQ(describe(*found.machines[1].first_difference),
            "layer layer, step 0, train, forward, group 0, row 0, column 4 (element 4): accumulator: "
            "expected 6, got "
            "0; no k: the difference does not show again when the GEMM is repeated");
}

TEST_F(CrossCheckOfCases, ChecksumsAloneNeedAWitness) {
  double_product(spoiled, 2, 4, 3);
  const CrossCheck alone = check({forward_ones()}, {&spoiled}, Stored::checksums);
  const auto text = describe(*alone.machines[0].first_difference);
  EXPECT_THAT(text, testing::MatchesRegex(
                        "layer layer, step 0, train, forward: accumulator: expected CRC32C "
                        "[0-9a-f]+, got CRC32C [0-9a-f]+; no k: no machine that ran agrees with the "
                        "trace on this GEMM"));
  const CrossCheck witnessed = check({&spoiled, &healthy});
  EXPECT_EQ(describe(*witnessed.machines[0].first_difference),
            "layer layer, step 0, train, forward, group 0, row 2, column 4 (element 14), k 3: accumulator: "
            "expected 6, "
            "got 7");
}

TEST_F(CrossCheckOfCases, ScaleAloneIsNamed) {
  spoiled.spoil_product = [](const GemmCase&, traces::GemmResult& result) {
    result.scale = std::nextafter(result.scale, 1.0F);
  };
  const CrossCheck found = check({forward_ones()}, {&healthy, &spoiled});
  EXPECT_EQ(
      describe(*found.machines[1].first_difference),
      "layer layer, step 0, train, forward: scale: expected 0.125 (bits 3e000000), got 0.12500001 (bits "
      "3e000001); no k: every accumulator is equal");
}

TEST_F(CrossCheckOfCases, OutputAloneIsNamedByItsBits) {
  spoiled.spoil_product = [](const GemmCase&, traces::GemmResult& result) {
    result.output[7] = -result.output[7];
  };
  GemmCase c = forward_ones();
  c.right = {std::vector<std::uint8_t>(15, 0)};  // +0 and -0 are different bits
  for (const Stored stored : {Stored::tensors, Stored::checksums}) {
    std::filesystem::remove_all(folder / "trace");
    const CrossCheck found = check({c}, {&healthy, &spoiled}, stored);
    EXPECT_EQ(
        describe(*found.machines[1].first_difference),
        "layer layer, step 0, train, forward, group 0, row 1, column 2 (element 7): output: expected 0 (bits "
        "00000000), got -0 (bits 80000000); no k: every accumulator is equal");
  }
}

TEST_F(CrossCheckOfCases, FirstWrongCodeOfAQuantizerIsNamed) {
  spoiled.spoil_quantizer = [](const traces::QuantizerTask& task, traces::QuantizerResult& result) {
    if (task.draws.sample == 1)
      result.codes[2] = static_cast<std::uint8_t>(result.codes[2] & 0x0F);  // element 5: -64
  };
  const CrossCheck found = check(luq_case(1), {&healthy, &spoiled});
  EXPECT_EQ(found.machines[0].verdict(), Verdict::equal);
  EXPECT_EQ(found.machines[0].quantizers_equal, 2U);
  EXPECT_EQ(found.machines[0].elements, 74U);
  EXPECT_EQ(found.machines[1].quantizers_equal, 1U);
  EXPECT_EQ(describe(*found.machines[1].first_difference),
            "layer layer, step 4, train, gradient (element 5), sample 1: code: expected 0xf (value -64), got "
            "0x0 (value "
            "0)");
}

/// Field, spoiled value and what is reported: the first unequal field of the order, with the first wrong
/// code's element where a code is wrong too.
TEST_F(CrossCheckOfCases, FieldsOfAQuantizerAreNamedInOrder) {
  QuantizerCase c;
  c.source = {3, 0, 1.5F, -2, 4, 1, 1};
  c.task.rule = traces::Rule::sawb_int4;
  write_quantizer_trace(folder / "trace", c);
  using Result = traces::QuantizerResult;
  const auto sawb = [](Result& r) -> traces::SawbFacts& { return std::get<traces::SawbFacts>(r.facts); };
  const std::vector<std::pair<std::string, std::function<void(Result&)>>> spoils = {
      {": maximum: expected 4 (bits 40800000), got 5 (bits 40a00000)",
       [&](Result& r) { r.max = 5, sawb(r).exponent = 9; }},
      {" (element 1): exponent: expected 3, got 4",
       [&](Result& r) { sawb(r).exponent = 4, sawb(r).sum2 = 0, r.codes[0] ^= 0x20; }},
      {": count: expected 7, got 6", [&](Result& r) { sawb(r).count = 6, sawb(r).sum1 = 1; }},
      {": sum1: expected 102400, got 102401", [&](Result& r) { sawb(r).sum1 += 1, sawb(r).clip = 1; }}};
  for (const auto& [expected, spoil] : spoils) {
    spoiled.spoil_quantizer = [&spoil = spoil](const traces::QuantizerTask&, Result& result) {
      spoil(result);
    };
    EXPECT_EQ(describe(*check({&healthy, &spoiled}).machines[1].first_difference),
              "layer layer, step 0, train, input" + expected);
  }
  const std::vector<std::pair<std::string, std::function<void(Result&)>>> names = {
      {"sum2", [&](Result& r) { sawb(r).sum2 += 1, r.scale = 1; }},
      {"clip", [&](Result& r) { sawb(r).clip = std::nextafter(sawb(r).clip, 9.0F), r.scale = 1; }},
      {"scale", [](Result& r) { r.scale = std::nextafter(r.scale, 9.0F), r.codes[1] ^= 1; }},
      {"code", [](Result& r) { r.codes[1] ^= 1; }}};
  for (const auto& [expected, spoil] : names) {
    spoiled.spoil_quantizer = [&spoil = spoil](const traces::QuantizerTask&, Result& result) {
      spoil(result);
    };
    EXPECT_EQ(check({&healthy, &spoiled}).machines[1].first_difference->what, expected);
  }
}

TEST_F(CrossCheckOfCases, AGivenMaximumIsPassedOn) {
  QuantizerCase c = luq_case(0);
  c.task.maximum = 0.9F;
  spoiled.spoil_quantizer = [](const traces::QuantizerTask& task, traces::QuantizerResult& result) {
    if (!task.maximum) return;
    traces::QuantizerTask measured = task;
    measured.maximum.reset();
    result = exact::quantize(measured);
  };
  const CrossCheck found = check(c, {&healthy, &spoiled});
  EXPECT_EQ(found.machines[0].verdict(), Verdict::equal);
  EXPECT_EQ(found.machines[1].first_difference->what, "maximum_used");
}

}  // namespace
}  // namespace quatrain::tests
