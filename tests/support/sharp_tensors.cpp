#include "tests/support/sharp_tensors.hpp"

#include "tests/support/exact_oracle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace quatrain::tests {
namespace {

using traces::Alpha;
using traces::DrawKey;
using traces::QuantizerTask;
using traces::Rule;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float largest_float = std::numeric_limits<float>::max();

float above(float x) { return std::nextafter(x, infinity); }
float below(float x) { return std::nextafter(x, -infinity); }

SharpQuantizer expecting(std::string name, std::vector<float> source, const QuantizerTask& task) {
  SharpQuantizer sharp{std::move(name), {std::move(source), task}, {}};
  sharp.c.task = task_of(sharp.c);
  sharp.expected = exact::quantize(sharp.c.task);
  return sharp;
}

QuantizerTask task_with(const LuqSetting& setting) {
  QuantizerTask task;
  task.rule = Rule::luq_fp4;
  task.draws = setting.draws;
  task.random_bits = setting.random_bits;
  task.alpha = setting.alpha;
  return task;
}

QuantizerTask task_with(Rule rule) {
  QuantizerTask task;
  task.rule = rule;
  task.random_bits = rule == Rule::luq_fp4 ? 16 : 0;
  task.draws = {1, 2, 3, 0};
  return task;
}

/// Elements i % 3 == 0 negative.
float with_sign(float magnitude, std::size_t i) { return i % 3 == 0 ? -magnitude : magnitude; }

/// Halves of the gaps between levels, exact and one ulp to either side, in a scale that makes y exact (M =
/// 64) or not.
std::vector<float> nearest_halves(float maximum) {
  std::vector<float> source{maximum};
  const float alpha = maximum / 64;
  for (const float half : {0.5F, 1.5F, 3.0F, 6.0F, 12.0F, 24.0F, 48.0F})
    for (const float x : {half * alpha, above(half * alpha), below(half * alpha)}) {
      source.push_back(x);
      source.push_back(-x);
    }
  return source;
}

std::vector<float> repeated(float x, std::size_t n) { return std::vector<float>(n, x); }

std::vector<float> appended(std::vector<float> a, const std::vector<float>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// Lognormal magnitudes: most elements far below the largest, as in gradients.
std::vector<float> heavy_tailed(std::size_t n, unsigned seed, float scale) {
  std::mt19937 random(seed);
  std::vector<float> source;
  for (std::size_t i = 0; i < n; ++i) {
    const int exponent = -static_cast<int>(random() % 24);
    const auto fraction = static_cast<float>(random() >> 8);
    source.push_back(with_sign(scale * std::ldexp(fraction, exponent - 24), random()));
  }
  return source;
}

void add_luq(std::vector<SharpQuantizer>& all) {
  const auto add = [&](std::string name, std::vector<float> source, const LuqSetting& setting = {}) {
    all.push_back(expecting("luq: " + std::move(name), std::move(source), task_with(setting)));
  };
  const auto add_given = [&](std::string name, float maximum, std::vector<float> source) {
    QuantizerTask task = task_with(LuqSetting{});
    task.maximum = maximum;
    all.push_back(expecting("luq: " + std::move(name), std::move(source), task));
  };
  constexpr std::uint32_t top = 0xFFFFFFFF;
  const std::vector<LuqSetting> settings{
      {{1, 0, 0, 0}, 16, Alpha::exact, 0.37F},    {{2, 5, 3, 1}, 8, Alpha::exact, 0.6180339F},
      {{3, 1, 9, 15}, 4, Alpha::exact, 1.7e-30F}, {{top, top, top, top}, 16, Alpha::pow2, 0.37F},
      {{5, 0, 1, 0}, 8, Alpha::pow2, 0x1p127F},   {{6, 2, 1, 0}, 16, Alpha::exact, largest_float},
      {{7, 2, 1, 3}, 4, Alpha::pow2, 48.0F},      {{8, 2, 1, 0}, 16, Alpha::exact, 0x1.4p-100F}};
  for (const LuqSetting& setting : settings)
    for (const Side side : {Side::up_first, Side::down_first}) all.push_back(knife_edge(setting, 1001, side));
  for (const unsigned bits : {4U, 8U, 16U})
    for (unsigned bit = 0; bit < bits; bit += bits / 4)
      all.push_back(read_out({{9, 4, top, 2}, bits, Alpha::exact, 64}, bit, 515));

  add("all zero", repeated(0, 9));
  add("one element", {-2.5F});
  add("one zero of either sign", {-0.0F, 0.0F, 1.0F});
  add("negative elements that become zero", appended({1}, repeated(-0x1p-30F, 40)));
  add("maximum just below 2^-100", {below(0x1p-100F), -0x1p-101F, 0});
  add("maximum 2^-100", {0x1p-100F, -0x1p-101F, 0x1.8p-103F});
  add("largest float", {largest_float, -largest_float, 0x1p127F, 1.0F});
  add("subnormal elements", {0x1p-99F, 0x1p-149F, -0x1p-130F});
  std::vector<float> levels;
  for (int copy = 0; copy < 40; ++copy)
    for (const float level : {1.0F, 2.0F, 4.0F, 8.0F, 16.0F, 32.0F, 64.0F})
      levels.push_back(with_sign(level * 0x1p-9F, levels.size()));
  add("levels do not move", levels);
  for (const unsigned bits : {4U, 8U, 16U}) {
    const float edge = std::ldexp(1.0F, -static_cast<int>(bits) - 1);
    add(fmt::format("dead zone of {} bits", bits), appended({64}, repeated(below(edge), 600)),
        {{1, 2, 3, 4}, bits, {}, 0});
    add(fmt::format("edge of the dead zone of {} bits", bits), appended({64}, repeated(edge, 600)),
        {{1, 2, 3, 4}, bits, {}, 0});
  }
  add("pow2 keeps a power of two", {0.25F, 0.2F, -0.003F, 0.01F}, {{1, 2, 3, 4}, 8, Alpha::pow2, 0});
  add("pow2 just above a power of two", {above(0.25F), 0.2F, -0.003F, 0.01F},
      {{1, 2, 3, 4}, 8, Alpha::pow2, 0});
  add("heavy tail, odd count", heavy_tailed(2047, 11, 0.01F));
  add_given("given maximum below the measured one", 0.37F,
            {0.37F, 5.0F, -0.3701F, -1e30F, 0.1F, 0.02F, -0.003F});
  add_given("given maximum far below: y overflows", 0x1p-99F, {largest_float, -1, 0x1p-99F, 0x1p-101F});
  add_given("given maximum above the measured one", 3.7F, heavy_tailed(301, 12, 1));
  add_given("given maximum over zeros", 3.7F, repeated(0, 5));
  add_given("given maximum below 2^-100", 0x1.8p-101F, {1, -2, 0x1p-101F});
}

void add_nearest(std::vector<SharpQuantizer>& all) {
  for (const float maximum : {64.0F, 0x1p-3F, 0.37F, 0x1p127F}) {
    QuantizerTask task = task_with(Rule::nearest_fp4);
    all.push_back(
        expecting(fmt::format("nearest: halves of M = {}", maximum), nearest_halves(maximum), task));
    task.alpha = Alpha::pow2;
    all.push_back(
        expecting(fmt::format("nearest: halves of M = {}, pow2", maximum), nearest_halves(maximum), task));
  }
  QuantizerTask task = task_with(Rule::nearest_fp4);
  all.push_back(expecting("nearest: all zero", repeated(0, 3), task));
  all.push_back(expecting("nearest: heavy tail", heavy_tailed(999, 13, 2), task));
  task.maximum = 0.37F;
  all.push_back(
      expecting("nearest: given maximum below the measured one", {0.5F, -7, 0.1F, 0.0028F, 0.0029F}, task));
}

/// One element 1, `count` of n at 1/2, the rest zero: C / B falls through 3/2 as the count grows.
std::vector<float> half_and_zeros(std::size_t count, std::size_t n) {
  std::vector<float> source = appended({1}, repeated(0.5F, count));
  source.resize(n);
  return source;
}

/// Exact in fixed point: M = 1, so m = 2^15 |x|.
std::vector<float> from_fixed_point(int m, std::size_t count, int other, std::size_t n) {
  std::vector<float> source = appended({1, std::ldexp(static_cast<float>(other), -15)},
                                       repeated(std::ldexp(static_cast<float>(m), -15), count));
  source.resize(n);
  return source;
}

void add_sawb(std::vector<SharpQuantizer>& all) {
  for (const Rule rule : {Rule::sawb_int4, Rule::sawb_uint4}) {
    const bool is_signed = rule == Rule::sawb_int4;
    const std::string prefix = is_signed ? "sawb_int4: " : "sawb_uint4: ";
    const auto add = [&](std::string name, std::vector<float> source) {
      if (!is_signed)
        for (float& x : source) x = std::abs(x);
      all.push_back(expecting(prefix + std::move(name), std::move(source), task_with(rule)));
    };
    all.push_back(sawb_ties(rule));
    for (unsigned seed = 1; seed <= 4; ++seed) all.push_back(sawb_knife_edge(rule, seed));
    add("all zero", repeated(0, 7));
    add("one element", {-3.7F});
    add("maximum just below 2^-100", {below(0x1p-100F), 0x1p-101F});
    add("maximum 2^-100", {0x1p-100F, -0x1p-101F, 0x1p-102F});
    add("largest float: the clip overflows", {largest_float, 0, 0, 0, -0x1p125F, 0, 0, 0, 0, 0, 0, 0});
    add("constant magnitude", {0.3F, -0.3F, 0.3F, 0.3F, -0.3F, 0.3F, -0.3F, -0.3F, 0.3F});
    for (const float maximum : {1.0F, below(1.0F), above(1.0F), 0x1p-20F, below(0x1p60F)})
      add(fmt::format("power of two and its neighbours: {}", maximum),
          appended({maximum}, heavy_tailed(63, 14, maximum)));
    // m of 1/2 and its neighbours: the first is a tie and goes to zero, which the count of uint4 must not see
    add("smallest elements that count",
        appended({0.75F, 0.25F}, {0x1p-17F, below(0x1p-17F), above(0x1p-17F), 0x1p-149F}));
    std::vector<float> outlier = heavy_tailed(4095, 15, 0.001F);
    outlier.push_back(1);
    add("an outlier hundreds of steps beyond the clip", outlier);
    add("heavy tail", heavy_tailed(2049, 16, 3));
    // 3/2 is passed between 780 and 800 of 1000: numerics.md section 4, step 6
    for (const std::size_t count : {760U, 780U, 785U, 790U, 795U, 800U, 900U})
      add(fmt::format("nearly constant: {} of 1000", count), half_and_zeros(count, 1000));
  }
  // found by search: the clip's last bit turns when one of the two products is not rounded
  all.push_back(expecting("sawb_int4: clip with c1 sqrt(A) in an fma", from_fixed_point(11559, 19, 23932, 27),
                          task_with(Rule::sawb_int4)));
  all.push_back(expecting("sawb_int4: clip with c2 B in an fma", from_fixed_point(11249, 12, 19122, 19),
                          task_with(Rule::sawb_int4)));
  all.push_back(expecting("sawb_uint4: clip with either product in an fma",
                          from_fixed_point(16266, 24, 16674, 26), task_with(Rule::sawb_uint4)));
  all.push_back(
      expecting("sawb_uint4: minus zero", {-0.0F, 1, 0.5F, -0.0F, 0.25F}, task_with(Rule::sawb_uint4)));
}

}  // namespace

traces::QuantizerTask task_of(const QuantizerCase& c) {
  QuantizerTask task = c.task;
  task.source = c.source;
  return task;
}

SharpQuantizer knife_edge(const LuqSetting& setting, std::size_t elements, Side side) {
  std::vector<float> source;
  while (source.size() + 1 < elements) {
    const std::size_t i = source.size();
    const std::uint32_t u = exact::draw(setting.draws, i, setting.random_bits);
    float x = exact::smallest_taken_up(static_cast<unsigned>(i % 7), u, setting.maximum, setting.alpha,
                                       setting.random_bits);
    x = std::min(x, setting.maximum);  // pow2 puts the upper levels above the tensor's own maximum
    const bool up = (i + (side == Side::up_first ? 0 : 1)) % 2 == 0;
    source.push_back(with_sign(up ? x : below(x), i));
  }
  source.push_back(-setting.maximum);
  return expecting(fmt::format("luq: knife edge, {} bits, M = {}, {}", setting.random_bits, setting.maximum,
                               side == Side::up_first ? "up first" : "down first"),
                   std::move(source), task_with(setting));
}

SharpQuantizer read_out(const LuqSetting& setting, unsigned bit, std::size_t elements) {
  std::vector<float> source{setting.maximum};
  const float alpha = setting.maximum / 64;
  while (source.size() < elements) {
    const std::uint32_t u = exact::draw(setting.draws, source.size(), setting.random_bits);
    // up for draws below the one that has the bits above `bit`, a 1 there and zeros behind
    const std::uint32_t middle = ((u >> bit) | 1U) << bit;
    const float part = std::ldexp(static_cast<float>(middle), -static_cast<int>(setting.random_bits));
    source.push_back(with_sign((1 + part) * 4 * alpha, source.size()));
  }
  return expecting(fmt::format("luq: read-out of bit {} of {}", bit, setting.random_bits), std::move(source),
                   task_with(setting));
}

SharpQuantizer sawb_ties(Rule rule) {
  std::vector<float> source;
  if (rule == Rule::sawb_int4) {
    for (int i = 0; i < 16; ++i) source.push_back(i % 2 == 0 ? 7.0F : -7.0F);
    for (int i = 0; i < 13; ++i) source.push_back(static_cast<float>(i) - 5.5F);
    source.resize(64);
  } else {
    source = repeated(15, 112);
    for (int i = 0; i < 15; ++i) source.push_back(static_cast<float>(i) + 0.5F);
  }
  return expecting(rule == Rule::sawb_int4 ? "sawb_int4: ties" : "sawb_uint4: ties", std::move(source),
                   task_with(rule));
}

SharpQuantizer sawb_knife_edge(Rule rule, unsigned seed) {
  const bool is_signed = rule == Rule::sawb_int4;
  const float top = is_signed ? 7 : 15;
  std::vector<float> source = heavy_tailed(509, seed, 0.37F);
  for (float& x : source)
    if (!is_signed) x = std::abs(x);
  // An ulp changes no m_i but at a border, so the clip settles at once or after a second round.
  for (float clip = 0;;) {
    const auto result = exact::quantize([&] {
      QuantizerTask task = task_with(rule);
      task.source = source;
      return task;
    }());
    const float next = std::get<traces::SawbFacts>(result.facts).clip;
    if (next == clip) break;
    clip = next;
    const float inv = exact::quotient(top, clip);
    for (std::size_t i = 0; i < 4 * static_cast<std::size_t>(top); ++i) {
      const float half = static_cast<float>(i / 4) + 0.5F;
      float x = half / inv;
      while (exact::product(x, inv) < half) x = above(x);
      while (exact::product(below(x), inv) >= half) x = below(x);
      source[i] = (i % 2 == 0 ? x : below(x)) * (is_signed && i % 4 >= 2 ? -1.0F : 1.0F);
    }
  }
  return expecting(fmt::format("{}: knife edge, seed {}", is_signed ? "sawb_int4" : "sawb_uint4", seed),
                   std::move(source), task_with(rule));
}

std::vector<SharpQuantizer> sharp_quantizers() {
  std::vector<SharpQuantizer> all;
  add_luq(all);
  add_nearest(all);
  add_sawb(all);
  return all;
}

std::vector<SharpQuantizer> random_quantizers(unsigned seed, std::size_t count) {
  std::mt19937 random(seed);
  const auto any_finite = [&](std::size_t n) {
    std::vector<float> source;
    while (source.size() < n)
      if (const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(random())); std::isfinite(x))
        source.push_back(x);
    return source;
  };
  std::vector<SharpQuantizer> all;
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = [&] { return static_cast<std::uint32_t>(random()); };
    QuantizerTask task;
    task.rule = static_cast<Rule>(i % 4);
    task.draws = {number(), number(), number(), number() % 16};
    task.random_bits = task.rule == Rule::luq_fp4 ? 4U << random() % 3 : 0;
    const bool gradient = task.rule == Rule::luq_fp4 || task.rule == Rule::nearest_fp4;
    const std::size_t n = random() % 400 + 1;
    const int exponent = static_cast<int>(random() % 200) - 99;
    auto source = random() % 4 == 0 ? any_finite(n) : heavy_tailed(n, number(), std::ldexp(0.7F, exponent));
    if (task.rule == Rule::sawb_uint4)
      for (float& x : source) x = std::abs(x);
    if (gradient && random() % 3 == 0) {
      task.alpha = Alpha::pow2;
      for (float& x : source) x /= 4;  // below 2^127
    }
    if (gradient && random() % 3 == 0)
      task.maximum = std::ldexp(0.37F + 0x1p-24F * static_cast<float>(random() >> 9), exponent);
    all.push_back(expecting(fmt::format("random: seed {}, case {}", seed, i), std::move(source), task));
  }
  return all;
}

namespace {

/// Rules with their random bits.
constexpr std::pair<Rule, unsigned> settings[] = {{Rule::sawb_int4, 0},   {Rule::sawb_uint4, 0},
                                                  {Rule::nearest_fp4, 0}, {Rule::luq_fp4, 4},
                                                  {Rule::luq_fp4, 8},     {Rule::luq_fp4, 16}};

SharpQuantizer heavy_tailed_case(const std::string& kind, Rule rule, unsigned random_bits,
                                 std::size_t elements) {
  std::vector<float> source = heavy_tailed(elements, static_cast<unsigned>(elements), 0.3F);
  source[elements - 1 - elements / 50] = -0.37F;
  if (rule == Rule::sawb_uint4)
    for (float& x : source) x = std::abs(x);
  QuantizerTask task = task_with(rule);
  task.random_bits = random_bits;
  task.draws = {11, 3, 5, 2};
  return expecting(
      fmt::format("{}: {} elements, rule {}, {} bits", kind, elements, static_cast<int>(rule), random_bits),
      std::move(source), task);
}

}  // namespace

std::vector<SharpQuantizer> quantizers_of_every_tail() {
  std::vector<SharpQuantizer> all;
  for (std::size_t elements = 1; elements <= 72; ++elements)
    for (const auto& [rule, bits] : settings) all.push_back(heavy_tailed_case("tail", rule, bits, elements));
  return all;
}

std::vector<SharpQuantizer> large_quantizers() {
  std::vector<SharpQuantizer> all;
  for (const auto& [rule, bits] : {std::pair{Rule::sawb_int4, 0U},
                                   {Rule::sawb_uint4, 0U},
                                   {Rule::luq_fp4, 8U}})  // the oracle takes its time
    all.push_back(heavy_tailed_case("large", rule, bits, 66'001));
  return all;
}

std::vector<RefusedQuantizer> refused_quantizers() {
  std::vector<RefusedQuantizer> all;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto add = [&](std::string name, const QuantizerTask& task, std::vector<float> source,
                       std::vector<std::string> named) {
    RefusedQuantizer refused{std::move(name), {std::move(source), task}, std::move(named)};
    refused.c.task.draws = {1, 71, 72, 0};
    refused.c.task = task_of(refused.c);
    all.push_back(std::move(refused));
  };
  for (const Rule rule : {Rule::sawb_int4, Rule::sawb_uint4, Rule::luq_fp4, Rule::nearest_fp4})
    for (const float bad : {nan, infinity, -infinity})
      for (const std::size_t at : {0U, 4U, 1000U}) {
        std::vector<float> source = repeated(1, 1001);
        source[at] = bad;
        if (at == 4) source[5] = nan;  // the first one is named
        add(fmt::format("{} at {}, rule {}", bad, at, static_cast<int>(rule)), task_with(rule),
            std::move(source), {"71", "72", fmt::format("{}", at)});
      }
  add("a negative element of uint4", task_with(Rule::sawb_uint4), {0, 1, -0.0F, -1e-40F, -2},
      {"71", "72", "3"});
  for (const Rule rule : {Rule::luq_fp4, Rule::nearest_fp4}) {
    QuantizerTask task = task_with(rule);
    task.alpha = Alpha::pow2;
    add("pow2 above 2^127", task, {1, above(0x1p127F)}, {"maximum out of range"});
    task.maximum = largest_float;
    add("given maximum above 2^127", task, {1, 2}, {"maximum out of range"});
  }
  for (const unsigned bits : {0U, 1U, 5U, 15U, 32U}) {
    QuantizerTask task = task_with(Rule::luq_fp4);
    task.random_bits = bits;
    add(fmt::format("{} random bits", bits), task, {1, 2},
        {"71", "72", fmt::format("{} random bits; expected 4, 8 or 16", bits)});
  }
  return all;
}

}  // namespace quatrain::tests
