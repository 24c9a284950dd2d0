/// Sharp tensors and GEMMs (tests/support) through every machine, and what every machine must refuse.
#include "tests/exact/machines.hpp"
#include "tests/support/message_of.hpp"
#include "tests/support/oracle_machine.hpp"
#include "traces/encoding/nibbles.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>

namespace quatrain::tests {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using traces::Rule;

class QuantizersOn : public EveryMachine {};

TEST_P(QuantizersOn, GiveTheOraclesBits) {
  EXPECT_THAT(differences(machine(), sharp_quantizers()), IsEmpty());
}

TEST_P(QuantizersOn, GiveTheOraclesBitsOnRandomTensors) {
  EXPECT_THAT(differences(machine(), random_quantizers(1, 400)), IsEmpty());
}

TEST_P(QuantizersOn, GiveTheOraclesBitsAtEveryTail) {
  EXPECT_THAT(differences(machine(), quantizers_of_every_tail()), IsEmpty());
}

TEST_P(QuantizersOn, RefuseWhatIsIllegal) {
  for (const RefusedQuantizer& refused : refused_quantizers()) {
    const std::string message = message_of([&] { machine().quantize(task_of(refused.c)); });
    for (const std::string& word : refused.named)
      EXPECT_THAT(message, HasSubstr(word)) << refused.name << ": " << message;
  }
}

INSTANTIATE_TEST_SUITE_P(, QuantizersOn, testing::ValuesIn(machine_names()), parameter_name);

// Negative controls: the oracle with one slip must not pass for a machine.

bool is_gradient(Rule rule) { return rule == Rule::luq_fp4 || rule == Rule::nearest_fp4; }

std::vector<std::string> quantizer_differences_with(
    std::function<void(const traces::QuantizerTask&, traces::QuantizerResult&)> slip) {
  OracleMachine machine("oracle");
  machine.spoil_quantizer = std::move(slip);
  return differences(machine, sharp_quantizers());
}

void maximum_one_ulp_up(const traces::QuantizerTask& task, traces::QuantizerResult& result) {
  if (!is_gradient(task.rule) || task.maximum || task.alpha != traces::Alpha::exact || result.scale == 0 ||
      result.max == std::numeric_limits<float>::max())
    return;
  traces::QuantizerTask other = task;
  other.maximum = std::nextafter(result.max, std::numeric_limits<float>::infinity());
  result = exact::quantize(other);
  result.facts = traces::Fp4Facts{result.max};  // only codes and scale tell
}

void ties_away_from_zero(const traces::QuantizerTask& task, traces::QuantizerResult& result) {
  if (is_gradient(task.rule) || result.scale == 0) return;
  const float top = task.rule == Rule::sawb_int4 ? 7 : 15, bottom = task.rule == Rule::sawb_int4 ? -7 : 0;
  std::vector<std::uint8_t> codes;
  for (const float x : task.source)
    codes.push_back(static_cast<std::uint8_t>(
        static_cast<int>(
            std::clamp(std::round(x * (top / std::get<traces::SawbFacts>(result.facts).clip)), bottom, top)) &
        0xF));
  result.codes = traces::pack_nibbles(codes);
}

void sign_on_zero(const traces::QuantizerTask& task, traces::QuantizerResult& result) {
  if (!is_gradient(task.rule)) return;
  auto codes = traces::unpack_nibbles(result.codes, task.source.size());
  for (std::size_t i = 0; i < codes.size(); ++i)
    if (codes[i] == 0 && std::signbit(task.source[i])) codes[i] = 8;
  result.codes = traces::pack_nibbles(codes);
}

TEST(QuantizerSlips, AreCaught) {
  EXPECT_THAT(quantizer_differences_with(maximum_one_ulp_up),
              testing::Contains(HasSubstr("luq: knife edge, 16 bits, M = 0.37, up first")));
  EXPECT_THAT(quantizer_differences_with(ties_away_from_zero),
              testing::IsSupersetOf({HasSubstr("sawb_int4: ties: code 17 is b, expected c"),
                                     HasSubstr("sawb_uint4: ties: code")}));
  EXPECT_THAT(quantizer_differences_with(sign_on_zero),
              testing::Contains(HasSubstr("luq: negative elements that become zero: code 1 is 8")));
}

class ProductsOn : public EveryMachine {};

TEST_P(ProductsOn, GiveTheOraclesBits) { EXPECT_THAT(differences(machine(), sharp_gemms()), IsEmpty()); }

TEST_P(ProductsOn, PlaceFarPaddingOrRefuseIt) {
  for (const SharpGemm& sharp : far_padded_gemms()) {
    if (machine().refuses(sharp.c.gemm, sharp.c.left_encoding, sharp.c.right_encoding)) continue;
    EXPECT_EQ(difference(multiply(machine(), sharp.c), sharp.expected), "") << sharp.name;
  }
}

/// Not on simulated hardware: these are millions of cycles of one PE.
class LongReductionsOn : public EveryMachine {};
TEST_P(LongReductionsOn, FillInt32) {
  auto gemms = longest_gemms();
  // On a CPU the larger tiles of these rungs cost half a minute, nearly all of it for zeros: the shorter sum
  // fills int32 too.
  const std::set<std::string> of_large_tiles{"simt.octets", "simt.mma", "simt.async"};
  if (of_large_tiles.contains(GetParam())) gemms.resize(1);
  EXPECT_THAT(differences(machine(), gemms), IsEmpty());
}
INSTANTIATE_TEST_SUITE_P(, LongReductionsOn, testing::ValuesIn(unclocked_machine_names()), parameter_name);

TEST_P(ProductsOn, HoldWideSumsEverywhereInATile) {
  EXPECT_THAT(differences(machine(), wide_sums(65)), IsEmpty());
}

TEST_P(ProductsOn, HoldWideSumsInManyFullTiles) {
  if (GetParam() == "systemc.pe") GTEST_SKIP() << "minutes at this fidelity; systemc.array stands for it";
  EXPECT_THAT(differences(machine(), wide_sums(256)), IsEmpty());
}

/// What the oracle computes here takes longer than any machine, so those that can share a process share it.
TEST(LargeTensors, GetTheOraclesBitsFromEveryMachineWithoutAClock) {
  const auto quantizers = large_quantizers();
  const auto gemms = large_gemms();
  base::ThreadPool pool(2);
  int machines = 0;
  for (const std::string& name : unclocked_machine_names()) {
    std::string why_not;
    const auto machine = make_machine(name, pool, why_not);
    if (!machine) continue;
    EXPECT_THAT(differences(*machine, quantizers), IsEmpty()) << name;
    EXPECT_THAT(differences(*machine, gemms), IsEmpty()) << name;
    ++machines;
  }
  EXPECT_GE(machines, 8);  // emu.naive, the portable path and the six of simt run everywhere
}
class LargeTensorsOn : public EveryMachine {};
TEST_P(LargeTensorsOn, GiveTheOraclesBits) {
  EXPECT_THAT(differences(machine(), large_quantizers()), IsEmpty());
  EXPECT_THAT(differences(machine(), large_gemms()), IsEmpty());
}
INSTANTIATE_TEST_SUITE_P(, LargeTensorsOn, testing::ValuesIn(clocked_machine_names()), parameter_name);

TEST_P(ProductsOn, RefuseWhatIsIllegal) {
  for (const RefusedGemm& refused : refused_gemms()) {
    const std::string message = message_of([&] { multiply(machine(), refused.c); });
    for (const std::string& word : refused.named)
      EXPECT_THAT(message, HasSubstr(word)) << refused.name << ": " << message;
  }
}

TEST_P(ProductsOn, RefuseSamplesThatDoNotShareScaleAndEncoding) {
  const std::vector<std::uint8_t> one{1};
  const traces::Gemm gemm{traces::Phase::backward_weight, {}};
  const auto message = [&](const traces::Operand& second) {
    const std::vector<traces::Operand> right{{traces::Encoding::fp4_e3m0, 0.5F, one}, second};
    return message_of([&] { machine().multiply(gemm, {traces::Encoding::int4, 1, one}, right); });
  };
  EXPECT_EQ(
      message({traces::Encoding::fp4_e3m0, 0.25F, one}),
      "right operand: a sample is fp4_e3m0 with scale 0.25; expected fp4_e3m0 with scale 0.5, as the first");
  EXPECT_EQ(message({traces::Encoding::int4, 0.5F, one}),
            "right operand: a sample is int4 with scale 0.5; expected fp4_e3m0 with scale 0.5, as the first");
}

INSTANTIATE_TEST_SUITE_P(, ProductsOn, testing::ValuesIn(machine_names()), parameter_name);

std::vector<std::string> product_differences_with(
    std::function<void(const GemmCase&, traces::GemmResult&)> slip) {
  OracleMachine machine("oracle");
  machine.spoil_product = std::move(slip);
  auto cases = sharp_gemms();
  std::erase_if(cases, [](const SharpGemm& sharp) { return sharp.name.starts_with("edge sizes"); });
  return differences(machine, cases);
}

void wrong_product(const GemmCase&, traces::GemmResult& result) {  // 7 x 7 where it stands alone
  std::replace(result.accumulators.begin(), result.accumulators.end(), 49, 50);
}

void float_accumulators(const GemmCase&, traces::GemmResult& result) {
  for (std::int32_t& sum : result.accumulators) sum = static_cast<std::int32_t>(static_cast<float>(sum));
}

void scaled_twice(const GemmCase& c, traces::GemmResult& result) {  // (accumulator x left) x right
  for (std::size_t i = 0; i < result.output.size() && c.right.size() == 1; ++i)
    result.output[i] = static_cast<float>(result.accumulators[i]) * c.left_scale * c.right_scale;
}

void rounded_once(const GemmCase&, traces::GemmResult& result) {
  for (std::size_t i = 0; i < result.output.size(); ++i)
    result.output[i] = static_cast<float>(double{result.scale} * result.accumulators[i]);
}

void flushed_to_zero(const GemmCase&, traces::GemmResult& result) {
  for (float& x : result.output)
    if (std::fpclassify(x) == FP_SUBNORMAL) x = 0;
}

void transposed(const GemmCase&, traces::GemmResult& result) {
  if (result.accumulators.size() != 256) return;  // the 16 x 16 of all pairs
  const auto straight = result.accumulators;
  for (std::size_t i = 0; i < 256; ++i) result.accumulators[i] = straight[i % 16 * 16 + i / 16];
}

TEST(ProductSlips, AreCaught) {
  EXPECT_THAT(product_differences_with(wrong_product),
              testing::Contains(HasSubstr("all pairs: int4 x int4 at 0 of 1")));
  EXPECT_THAT(product_differences_with(float_accumulators),
              testing::Contains(HasSubstr("2^24 + 1 from uint4 x fp4: accumulator 0 is 16777216")));
  EXPECT_THAT(product_differences_with(scaled_twice),
              testing::Contains(HasSubstr("scales: inexact products")));
  EXPECT_THAT(product_differences_with(rounded_once),
              testing::Contains(HasSubstr("scales: 2^24 + 1 times 3, rounded twice")));
  EXPECT_THAT(product_differences_with(flushed_to_zero),
              testing::Contains(HasSubstr("scales: 2^-70 x 2^-70 is subnormal")));
  EXPECT_THAT(product_differences_with(transposed),
              testing::Contains(HasSubstr("all pairs: uint4 x int4 at 0 of 1")));
}

/// The closed form against the oracle, and no sum that 16 bits could hold.
TEST(WideSums, AreTheOraclesAndWide) {
  for (const SharpGemm& sharp : wide_sums(9)) {
    EXPECT_EQ(difference(exact::multiply(sharp.c), sharp.expected), "") << sharp.name;
    EXPECT_THAT(sharp.expected.accumulators,
                testing::Each(testing::AnyOf(testing::Gt(32767), testing::Lt(-32768))));
    EXPECT_THAT(sharp.expected.accumulators, testing::Contains(testing::Lt(0)));
    EXPECT_THAT(sharp.expected.accumulators, testing::Contains(testing::Gt(0)));
  }
}

/// Agreement proves nothing on results of zeros.
TEST(SharpGemms, ResultsAreNotAllZero) {
  for (const SharpGemm& sharp : sharp_gemms())
    EXPECT_THAT(sharp.expected.accumulators, testing::Contains(testing::Ne(0))) << sharp.name;
}

}  // namespace
}  // namespace quatrain::tests
