/// Every draw, not a sample of them: how many of the 2^r draws take an element up, and exactly which.
#include "tests/exact/machines.hpp"
#include "tests/support/exact_oracle.hpp"
#include "tests/support/oracle_machine.hpp"
#include "traces/encoding/nibbles.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <set>

namespace quatrain::tests {
namespace {

using traces::Alpha;
using traces::Rule;

constexpr traces::DrawKey key{11, 22, 33, 44};

/// One value and its count of upward draws for r = 4, 8, 16, typed from the definition: up if g >=
/// (2u+1)/2^(r+1).
struct Upward {
  float x;     ///< in units of alpha
  unsigned e;  ///< the level below
  std::uint32_t of_16, of_256, of_65536;

  std::uint32_t with_bits(unsigned bits) const { return bits == 4 ? of_16 : bits == 8 ? of_256 : of_65536; }
};

const std::vector<Upward> typed{// levels stay, and so does what is less than half a draw above them
                                {1, 1, 0, 0, 0},
                                {2, 2, 0, 0, 0},
                                {4, 3, 0, 0, 0},
                                {8, 4, 0, 0, 0},
                                {16, 5, 0, 0, 0},
                                {32, 6, 0, 0, 0},
                                {64, 7, 0, 0, 0},
                                {0x1.000002p0F, 1, 0, 0, 0},
                                {0x1.000002p1F, 2, 0, 0, 0},
                                {0x1.000002p2F, 3, 0, 0, 0},
                                {0x1.000002p3F, 4, 0, 0, 0},
                                {0x1.000002p4F, 5, 0, 0, 0},
                                {0x1.000002p5F, 6, 0, 0, 0},
                                // g = 2^-(r+1) is the threshold of draw 0; one ulp below it nothing goes up
                                {0x1.00008p0F, 1, 0, 0, 1},
                                {0x1.00007ep0F, 1, 0, 0, 0},
                                {0x1.008p2F, 3, 0, 1, 128},
                                {0x1.007ffep2F, 3, 0, 0, 128},
                                {0x1.08p4F, 5, 1, 8, 2048},
                                {0x1.07fffep4F, 5, 0, 8, 2048},
                                // the middle, and g = 1/4, 3/4
                                {3, 2, 8, 128, 32768},
                                {48, 6, 8, 128, 32768},
                                {10, 4, 4, 64, 16384},
                                {28, 5, 12, 192, 49152},
                                {0x1.555556p3F, 4, 5, 85, 21845},
                                // all go up from 1 - 2^-(r+1), the threshold of the last draw
                                {0x1.fffffep0F, 1, 16, 256, 65536},
                                {0x1.fffffep1F, 2, 16, 256, 65536},
                                {0x1.fffffep2F, 3, 16, 256, 65536},
                                {0x1.fffffep3F, 4, 16, 256, 65536},
                                {0x1.fffffep4F, 5, 16, 256, 65536},
                                {0x1.fffffep5F, 6, 16, 256, 65536},
                                {0x1.fffffcp5F, 6, 16, 256, 65536},
                                {0x1.ffff8p3F, 4, 16, 256, 65536},
                                {0x1.ffff7ep3F, 4, 16, 256, 65535},
                                {0x1.ff8p1F, 2, 16, 256, 65408},
                                {0x1.ff7ffep1F, 2, 16, 255, 65408},
                                {0x1.f8p2F, 3, 16, 248, 63488},
                                {0x1.f7fffep2F, 3, 15, 248, 63488},
                                // below 1 the value itself is g
                                {0, 0, 0, 0, 0},
                                {0x1p-130F, 0, 0, 0, 0},
                                {0x1p-17F, 0, 0, 0, 1},
                                {0x1.000002p-17F, 0, 0, 0, 1},
                                {0x1.fffffep-18F, 0, 0, 0, 0},
                                {0x1p-9F, 0, 0, 1, 128},
                                {0x1.fffffep-10F, 0, 0, 0, 128},
                                {0x1p-5F, 0, 1, 8, 2048},
                                {0x1.fffffep-6F, 0, 0, 8, 2048},
                                {0.5F, 0, 8, 128, 32768},
                                {0.75F, 0, 12, 192, 49152},
                                {0x1.fffefep-1F, 0, 16, 256, 65535},
                                {0x1.fffffep-1F, 0, 16, 256, 65536},
                                // 1/3 in fp32 is 0.33333334: 5.33, 85.33 and 21845.33 draws
                                {0x1.555556p-2F, 0, 5, 85, 21845}};

std::uint8_t code_of(unsigned e, bool negative) {
  return static_cast<std::uint8_t>(e == 0 ? 0 : negative ? 8 + e : e);
}

/// n equal elements, then the maximum 64 alpha, in another scale than 1.
traces::QuantizerResult quantized(traces::Machine& machine, float x, std::size_t n, unsigned bits) {
  std::vector<float> source(n, x * 0x1p-11F);
  source.push_back(0x1p-5F);
  traces::QuantizerTask task;
  task.rule = Rule::luq_fp4;
  task.draws = key;
  task.random_bits = bits;
  task.source = source;
  return machine.quantize(task);
}

/// "" when the machine's codes are those of the typed count for every draw; all 2^r draws must occur.
std::string wrong_draws(traces::Machine& machine, const Upward& upward, bool negative, std::size_t n,
                        unsigned bits) {
  const auto result = quantized(machine, negative ? -upward.x : upward.x, n, bits);
  std::set<std::uint32_t> draws_up, draws;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t u = exact::draw(key, i, bits);
    const std::uint8_t code = traces::nibble_at(result.codes, i);
    const bool up = u < upward.with_bits(bits);
    if (code != code_of(upward.e + (up ? 1 : 0), negative))
      return fmt::format("{} alpha, draw {:x}: code {:x}, {} draws go up", upward.x, u, code,
                         upward.with_bits(bits));
    draws.insert(u);
    if (up) draws_up.insert(u);
  }
  if (draws.size() != 1U << bits) return "not every draw occurs: take more elements";
  if (draws_up.size() != upward.with_bits(bits)) return "the count of upward draws is not the typed one";
  if (traces::nibble_at(result.codes, n) != 7) return "the maximum is not at the top";
  return "";
}

/// Every value against every draw of 4 or 8 bits, both signs.
std::vector<std::string> wrong_draws(traces::Machine& machine) {
  std::vector<std::string> all;
  for (const Upward& upward : typed)
    for (const bool negative : {false, true})
      for (const auto& [bits, n] : {std::pair{4U, 301UL}, std::pair{8U, 3301UL}})
        if (auto wrong = wrong_draws(machine, upward, negative, n, bits); !wrong.empty())
          all.push_back(fmt::format("r = {}: {}", bits, wrong));
  return all;
}

/// A value and how many of the 65536 draws of 16 bits take it up from level e.
struct Element {
  float x;
  unsigned e;
  std::uint32_t upward;
};

constexpr float inexact = 1.7F;

/// The levels, their neighbours and the two floats below the maximum: no draw moves them off the level. Then
/// both sides of the dead zone's edge.
std::vector<Element> at_the_levels(float maximum) {
  const auto below = [](float x) { return std::nextafter(x, 0.0F); };
  std::vector<Element> all;
  for (int e = 1; e <= 7; ++e) {
    const float level = std::ldexp(maximum, e - 7);
    const float other = e == 7 ? below(below(level)) : std::nextafter(level, maximum);
    for (const float x : {level, below(level), other}) all.push_back({x, static_cast<unsigned>(e), 0});
  }
  const float edge = exact::smallest_taken_up(0, 0, maximum, Alpha::exact, 16);
  all.push_back({edge, 0, 1});
  all.push_back({below(edge), 0, 0});
  return all;
}

/// "" when every element, of both signs, gets the code of its count under every draw of 16 bits. They are
/// dealt in turn to the positions that have the same draw; the maximum comes last.
std::string wrong_draws_of_16_bits(traces::Machine& machine, const std::vector<Element>& elements,
                                   float maximum) {
  constexpr std::size_t in_a_block = 8;
  const std::size_t hands = 2 * elements.size();
  std::vector<std::size_t> dealt(1U << 16);
  std::vector<float> source;
  std::vector<std::uint8_t> expected;
  for (std::size_t unfinished = dealt.size(); unfinished > 0;) {
    const auto block = static_cast<std::uint32_t>(source.size() / in_a_block);
    const auto words = exact::random_words({block, key.step, key.layer, key.sample}, {key.seed, 0});
    for (std::size_t i = 0; i < in_a_block; ++i) {
      const std::uint32_t u = words[i / 2] >> 16 * (i % 2) & 0xFFFF;
      const std::size_t hand = dealt[u]++ % hands;
      if (dealt[u] == hands) --unfinished;
      const Element& element = elements[hand / 2];
      const bool negative = hand % 2 != 0;
      source.push_back(negative ? -element.x : element.x);
      expected.push_back(code_of(element.e + (u < element.upward ? 1 : 0), negative));
    }
  }
  source.push_back(maximum);
  expected.push_back(7);

  traces::QuantizerTask task;
  task.rule = Rule::luq_fp4;
  task.draws = key;
  task.source = source;
  const auto result = machine.quantize(task);
  for (std::size_t i = 0; i < source.size(); ++i)
    if (const auto code = traces::nibble_at(result.codes, i); code != expected[i])
      return fmt::format("element {}: {:a}, draw {:x}: code {:x}, expected {:x}", i, source[i],
                         exact::draw(key, i, 16), code, expected[i]);
  return "";
}

TEST(LuqDraws, OracleCountsAsTyped) {
  for (const Upward& upward : typed)
    for (const unsigned bits : {4U, 8U, 16U})
      EXPECT_EQ(exact::draws_upward(upward.x, 64, Alpha::exact, bits), upward.with_bits(bits))
          << upward.x << ' ' << bits;
  // To a level with all draws is as good as from it with none.
  for (const Element& element : at_the_levels(inexact))
    EXPECT_EQ(exact::draws_upward(element.x, inexact, Alpha::exact, 16) % 65536, element.upward)
        << element.x << ' ' << element.e;
}

class LuqDrawsOn : public EveryMachine {};

TEST_P(LuqDrawsOn, EveryDrawOf4And8Bits) { EXPECT_THAT(wrong_draws(machine()), testing::IsEmpty()); }

TEST_P(LuqDrawsOn, EveryDrawOf16Bits) {
  constexpr float alpha = 0x1p-11F;
  std::vector<Element> elements;
  for (const Upward& upward : typed) elements.push_back({upward.x * alpha, upward.e, upward.of_65536});
  EXPECT_EQ(wrong_draws_of_16_bits(machine(), elements, 64 * alpha), "");
}

/// No power of two: f32(maximum * inv) is one ulp below 64.
TEST_P(LuqDrawsOn, EveryDrawOf16BitsAtTheLevelsOfAnInexactScale) {
  EXPECT_EQ(wrong_draws_of_16_bits(machine(), at_the_levels(inexact), inexact), "");
}

/// A million elements at and below the threshold of their own draw, in units where y is exact: every
/// threshold of 16 bits from both sides, in all seven gaps.
TEST_P(LuqDrawsOn, EveryThresholdOf16BitsFromBothSides) {
  constexpr std::size_t n = 1'000'000;
  std::vector<float> source(n);
  std::vector<std::uint8_t> expected(n);
  for (std::size_t i = 0; i < n; ++i) {
    const auto gap = static_cast<int>(i % 7);
    const bool up = i / 7 % 2 == 0;
    const auto odd = static_cast<float>(2 * exact::draw(key, i, 16) + 1);  // t = odd / 2^17
    const float x = gap == 0 ? std::ldexp(odd, -17) : std::ldexp(odd + 0x1p17F, gap - 18);
    source[i] = up ? x : std::nextafter(x, 0.0F);
    expected[i] = code_of(static_cast<unsigned>(gap) + (up ? 1 : 0), false);
  }
  source.push_back(-64);
  expected.push_back(0xF);
  traces::QuantizerTask task;
  task.rule = Rule::luq_fp4;
  task.draws = key;
  task.source = source;
  EXPECT_EQ(machine().quantize(task).codes, traces::pack_nibbles(expected));
}

INSTANTIATE_TEST_SUITE_P(, LuqDrawsOn, testing::ValuesIn(machine_names()), parameter_name);

// Negative controls: the oracle with one slip must not pass for a machine.

void draws_of_another_sample(const traces::QuantizerTask& task, traces::QuantizerResult& result) {
  traces::QuantizerTask other = task;
  ++other.draws.sample;
  result = exact::quantize(other);
}

void elements_one_ulp_lower(const traces::QuantizerTask& task, traces::QuantizerResult& result) {
  std::vector<float> source(task.source.begin(), task.source.end());
  for (std::size_t i = 0; i + 1 < source.size(); ++i) source[i] = std::nextafter(source[i], 0.0F);
  traces::QuantizerTask other = task;
  other.source = source;
  result = exact::quantize(other);
}

TEST(LuqDrawSlips, AreCaught) {
  OracleMachine machine("oracle");
  EXPECT_THAT(wrong_draws(machine), testing::IsEmpty());
  machine.spoil_quantizer = draws_of_another_sample;
  std::size_t movable = 0;  // values whose code depends on the draw, of either sign
  for (const Upward& upward : typed)
    for (const unsigned bits : {4U, 8U})
      movable += upward.with_bits(bits) > 0 && upward.with_bits(bits) < 1U << bits ? 2 : 0;
  EXPECT_EQ(wrong_draws(machine).size(), movable);
  machine.spoil_quantizer = elements_one_ulp_lower;
  EXPECT_THAT(wrong_draws(machine), testing::IsSupersetOf({testing::HasSubstr("r = 4: 16.5 alpha"),
                                                           testing::HasSubstr("r = 8: 4.0078125 alpha")}));
}

TEST(LuqDrawSlips, OneDrawOf16BitsIsCaught) {
  base::ThreadPool pool(1);
  std::string why_not;
  const auto machine = make_machine("emu.naive", pool, why_not);
  EXPECT_EQ(wrong_draws_of_16_bits(*machine, {{3, 2, 32768}}, 64), "");
  EXPECT_THAT(wrong_draws_of_16_bits(*machine, {{3, 2, 32767}}, 64),
              testing::HasSubstr("0x1.8p+1, draw 7fff: code 3, expected 2"));
  EXPECT_THAT(wrong_draws_of_16_bits(*machine, {{1, 1, 0}, {3, 2, 32769}}, 64),
              testing::HasSubstr("draw 8000: code 2, expected 3"));
}

}  // namespace
}  // namespace quatrain::tests
