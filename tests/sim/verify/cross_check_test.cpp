/// The comparison and its reporter on machines that tests can spoil.
#include "sim/verify/cross_check.hpp"

#include "tests/sim/verify/case_trace.hpp"
#include "tests/support/edited_trace.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/gemm_cases.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/oracle_machine.hpp"
#include "tests/support/sharp_gemms.hpp"
#include "traces/base/error.hpp"
#include "traces/format/check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace quatrain::tests {
namespace {

using sim::CrossCheck;
using sim::describe;
using sim::Verdict;
using traces::Phase;

class CrossCheckOfCases : public testing::Test {
 protected:
  /// A trace of these GEMMs, checked as `quatrain verify` does.
  CrossCheck check(const std::vector<GemmCase>& steps, std::initializer_list<OracleMachine*> machines,
                   Stored stored = Stored::tensors) {
    write_gemm_trace(folder / "trace", steps, stored);
    return check(machines);
  }
  CrossCheck check(const QuantizerCase& c, std::initializer_list<OracleMachine*> machines) {
    write_quantizer_trace(folder / "trace", c);
    return check(machines);
  }
  CrossCheck check(std::initializer_list<OracleMachine*> machines) {
    base::SilentProgress progress;
    traces::check_trace(folder / "trace", progress);
    std::vector<sim::Candidate> candidates;
    for (OracleMachine* machine : machines) candidates.push_back({machine->name(), machine, ""});
    return sim::cross_check(traces::TraceReader(folder / "trace"), candidates, options, progress);
  }

  std::string at_trace(const std::string& message) const {
    return (folder / "trace").string() + ": " + message;
  }

  Folder folder;
  OracleMachine healthy{"healthy"}, spoiled{"spoiled"};
  sim::CrossCheckOptions options;
};

GemmCase linear_case(Phase phase, std::int64_t m, std::int64_t n, std::int64_t k, unsigned samples = 1) {
  const Mode mode = phase == Phase::forward         ? five_modes[1]
                    : phase == Phase::backward_data ? five_modes[2]
                                                    : five_modes[4];
  return random_case({phase, linear_geometry(phase, m, n, k)}, mode.left, mode.right, samples, 7);
}

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

/// Codes that are not zero anywhere, so that every product counts.
GemmCase forward_ones() {
  GemmCase c = linear_case(Phase::forward, 3, 5, 6);
  c.left.assign(9, 0x11);
  c.right = {std::vector<std::uint8_t>(15, 0x11)};
  return c;
}

QuantizerCase luq_case(unsigned sample) {
  QuantizerCase c;
  for (int i = 0; i < 37; ++i) c.source.push_back(0.37F * std::sin(static_cast<float>(i)) * 0.9F);
  c.source[5] = -0.37F;
  c.task.rule = traces::Rule::luq_fp4;
  c.task.draws = {9, 4, 6, sample};
  return c;
}

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
  EXPECT_EQ(spoiled.products, 1U + 2 + 6);
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
      at_trace("gemm 0/train/layer/forward: a result of 131584 elements takes 2 MiB; expected at most 1 MiB "
               "(the limit of a result)"));
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
