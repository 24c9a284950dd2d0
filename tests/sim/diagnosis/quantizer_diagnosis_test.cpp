/// Each mistake is made with the exact oracle's arithmetic on sharp tensors; the diagnosis has to name it.
#include "sim/diagnosis/diagnosis.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/sharp_tensors.hpp"
#include "traces/encoding/nibbles.hpp"

#include <algorithm>
#include <cmath>

namespace quatrain::tests {
namespace {

using sim::diagnosis::DifferingQuantizer;
using sim::diagnosis::QuantizerDiagnoser;
using traces::Rule;

/// What a mistaken kernel gives; `before`: the tensor that it quantized before.
struct Wrong {
  std::vector<std::uint8_t> codes;  ///< one per byte
  float scale = 0;
};
struct Mistake {
  std::string name, cause;
  std::vector<Rule> rules;
  std::function<Wrong(const SharpQuantizer&, const std::vector<std::uint8_t>& codes, float inverse_before)>
      made;
};

std::vector<std::uint8_t> codes_of(const SharpQuantizer& sharp, const traces::QuantizerResult& result) {
  return traces::unpack_nibbles(result.codes, sharp.c.source.size());
}

/// 64 / M, 7 / clip or 15 / clip, rounded once; 0 for a tensor that counts as zero.
float inverse(const SharpQuantizer& sharp) {
  if (!(sharp.expected.scale > 0)) return 0;
  const bool is_fp4 = traces::encoding_of(sharp.c.task.rule) == traces::Encoding::fp4_e3m0;
  if (is_fp4)
    return exact::quotient(64, exact::maximum_used(std::get<traces::Fp4Facts>(sharp.expected.facts).max_used,
                                                   sharp.c.task.alpha));
  return exact::quotient(sharp.c.task.rule == Rule::sawb_int4 ? 7 : 15,
                         std::get<traces::SawbFacts>(sharp.expected.facts).clip);
}

std::vector<SharpQuantizer> tensors() {
  std::vector<SharpQuantizer> chosen;
  for (SharpQuantizer& sharp : sharp_quantizers())
    if (sharp.c.source.size() <= 4096 && sharp.expected.scale > 0) chosen.push_back(std::move(sharp));
  return chosen;
}

std::optional<sim::diagnosis::Diagnosis> diagnosed(const Mistake& mistake) {
  static const std::vector<SharpQuantizer> all = tensors();
  QuantizerDiagnoser diagnoser;
  float before = 0;
  for (const SharpQuantizer& sharp : all) {
    const float older = std::exchange(before, inverse(sharp));
    if (std::ranges::find(mistake.rules, sharp.c.task.rule) == mistake.rules.end()) continue;
    DifferingQuantizer quantizer;
    quantizer.name = sharp.name;
    quantizer.task = task_of(sharp.c);
    quantizer.facts = sharp.expected.facts;
    quantizer.scale = sharp.expected.scale;
    quantizer.expected = codes_of(sharp, sharp.expected);
    if (older > 0) quantizer.inverse_before = older;
    const Wrong wrong = mistake.made(sharp, quantizer.expected, older);
    quantizer.got = wrong.codes;
    quantizer.got_scale = wrong.scale;
    if (quantizer.got == quantizer.expected && wrong.scale == quantizer.scale) continue;
    if (diagnoser.wants(scope_of(quantizer))) diagnoser.add(quantizer);
  }
  return diagnoser.diagnosis();
}

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

class EveryQuantizerMistake : public testing::TestWithParam<Mistake> {};

TEST_P(EveryQuantizerMistake, IsNamedFirst) {
  const auto diagnosis = diagnosed(GetParam());
  ASSERT_TRUE(diagnosis) << "no record differs";
  EXPECT_EQ(diagnosis->cause, GetParam().cause) << diagnosis->evidence;
  const bool is_unknown = diagnosis->cause == sim::diagnosis::unknown_cause;
  EXPECT_EQ(diagnosis->explained, is_unknown ? 0 : diagnosis->records) << diagnosis->evidence;
}

/// The oracle's answer to another task.
template <typename Change>
auto with_task(Change change) {
  return [change](const SharpQuantizer& sharp, const std::vector<std::uint8_t>&, float) {
    traces::QuantizerTask task = task_of(sharp.c);
    change(task);
    const traces::QuantizerResult result = exact::quantize(task);
    return Wrong{codes_of(sharp, result), result.scale};
  };
}

/// `code(sharp, element, right code)` for every element; the scale stays.
template <typename Code>
auto with_codes(Code code) {
  return [code](const SharpQuantizer& sharp, const std::vector<std::uint8_t>& codes, float before) {
    Wrong wrong{codes, sharp.expected.scale};
    for (std::size_t i = 0; i < codes.size(); ++i) wrong.codes[i] = code(sharp, i, codes, before);
    return wrong;
  };
}

using Codes = std::vector<std::uint8_t>;

/// Whole steps of SAWB under a rounding of |x| in steps.
template <typename Round>
std::uint8_t sawb_code(const SharpQuantizer& sharp, std::size_t i, float inv, Round round) {
  const float x = sharp.c.source[i];
  const float most = sharp.c.task.rule == Rule::sawb_int4 ? 7 : 15;
  const float steps = std::min(round(exact::product(std::fabs(x), inv)), most);
  return static_cast<std::uint8_t>(static_cast<int>(x < 0 ? -steps : steps) & 0xF);
}

std::vector<Mistake> mistakes() {
  const std::vector<Rule> sawb{Rule::sawb_int4, Rule::sawb_uint4}, luq{Rule::luq_fp4},
      nearest{Rule::nearest_fp4}, all{Rule::sawb_int4, Rule::sawb_uint4, Rule::luq_fp4, Rule::nearest_fp4};
  return {{"half_away", "ties.away", sawb,
           with_codes([](const SharpQuantizer& s, std::size_t i, const Codes&, float) {
             return sawb_code(s, i, inverse(s), [](float y) { return std::round(y); });
           })},
          {"truncated", "rounding.toward_zero", sawb,
           with_codes([](const SharpQuantizer& s, std::size_t i, const Codes&, float) {
             return sawb_code(s, i, inverse(s), [](float y) { return std::floor(y); });
           })},
          {"divided", "scaling.divided", sawb,
           with_codes([](const SharpQuantizer& s, std::size_t i, const Codes&, float) {
             const float x = s.c.source[i], steps = exact::quotient(std::fabs(x), s.expected.scale);
             const float most = s.c.task.rule == Rule::sawb_int4 ? 7 : 15;
             const float whole = std::min(std::nearbyint(steps), most);
             return static_cast<std::uint8_t>(static_cast<int>(x < 0 ? -whole : whole) & 0xF);
           })},
          {"old_inverse",
           "stale.scale",
           {Rule::sawb_int4},
           with_codes([](const SharpQuantizer& s, std::size_t i, const Codes& codes, float before) {
             if (before == 0) return codes[i];
             return sawb_code(s, i, before, [](float y) { return std::nearbyint(y); });
           })},
          {"next_draw", "draw.next", luq,
           with_codes([](const SharpQuantizer& s, std::size_t i, const Codes& codes, float) {
             const traces::QuantizerTask task = task_of(s.c);
             const float y = exact::product(std::fabs(s.c.source[i]), inverse(s));
             if (!(y < 64)) return codes[i];
             int exponent = 0;
             const double fraction = std::frexp(static_cast<double>(y), &exponent);
             const double gap = y < 1 ? static_cast<double>(y) : 2 * fraction - 1;
             const int lower = y < 1 ? 0 : exponent;
             const double u = exact::draw(task.draws, i + 1, task.random_bits);
             const int e =
                 lower + (gap >= std::ldexp(2 * u + 1, -static_cast<int>(task.random_bits) - 1) ? 1 : 0);
             return static_cast<std::uint8_t>(e | (e != 0 && s.c.source[i] < 0 ? 8 : 0));
           })},
          {"sample_zero", "draw.sample", luq,
           with_task([](traces::QuantizerTask& task) { task.draws.sample = 0; })},
          {"old_step", "draw.step", luq, with_task([](traces::QuantizerTask& task) { --task.draws.step; })},
          {"other_layer", "draw.layer", luq,
           with_task([](traces::QuantizerTask& task) { task.draws.layer = 0; })},
          {"swapped", "nibble_order.codes", all,
           with_codes([](const SharpQuantizer&, std::size_t i, const Codes& codes, float) {
             return (i ^ 1) < codes.size() ? codes[i ^ 1] : std::uint8_t{0};
           })},
          {"signed_zero",
           "sign.zero_code",
           {Rule::luq_fp4, Rule::nearest_fp4},
           with_codes([](const SharpQuantizer& s, std::size_t i, const Codes& codes, float) {
             return codes[i] == 0 && std::signbit(s.c.source[i]) ? std::uint8_t{8} : codes[i];
           })},
          {"without_pow2",
           "range.not_pow2",
           {Rule::luq_fp4, Rule::nearest_fp4},
           with_task([](traces::QuantizerTask& task) { task.alpha = traces::Alpha::exact; })},
          {"every_third", "unknown", all,
           with_codes([](const SharpQuantizer&, std::size_t i, const Codes& codes, float) {
             return i % 3 == 0 ? static_cast<std::uint8_t>(codes[i] == 3 ? 1 : 3) : codes[i];
           })}};
}

INSTANTIATE_TEST_SUITE_P(All, EveryQuantizerMistake, testing::ValuesIn(mistakes()),
                         [](const auto& mistake) { return mistake.param.name; });

/// The codes of a cause beside another scale than it gives are not explained by it.
TEST(QuantizerDiagnosis, ACauseHasToGiveTheScaleToo) {
  const auto without_pow2 = [](bool with_its_scale) {
    const auto made = [=](const SharpQuantizer& sharp, const Codes&, float) {
      traces::QuantizerTask task = task_of(sharp.c);
      task.alpha = traces::Alpha::exact;
      const traces::QuantizerResult result = exact::quantize(task);
      return Wrong{codes_of(sharp, result), with_its_scale ? result.scale : sharp.expected.scale};
    };
    return diagnosed({"", "", {Rule::luq_fp4}, made})->cause;
  };
  EXPECT_EQ(without_pow2(true), "range.not_pow2");
  EXPECT_NE(without_pow2(false), "range.not_pow2");
}

}  // namespace
}  // namespace quatrain::tests
