#include "tests/support/exact_oracle.hpp"

#include "traces/encoding/nibbles.hpp"

#include <boost/multiprecision/cpp_int.hpp>

#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <optional>

namespace quatrain::tests::exact {
namespace {

using Integer = boost::multiprecision::cpp_int;
using Rational = boost::multiprecision::cpp_rational;

Rational power_of_two(int exponent) {
  const Integer power = Integer(1) << static_cast<unsigned>(std::abs(exponent));
  return exponent < 0 ? Rational(Integer(1), power) : Rational(power);
}

/// The value of a binary64, read from its fields. A binary32 converts to one exactly.
Rational value_of(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const auto field = static_cast<int>(bits >> 52 & 0x7FF);
  assert(field != 0x7FF && "a number");
  const std::uint64_t fraction = bits & 0xFFFFFFFFFFFFF;
  const Integer significand = field == 0 ? Integer(fraction) : Integer(fraction | 0x10000000000000);
  const Rational magnitude = Rational(significand) * power_of_two(field == 0 ? -1074 : field - 1075);
  return bits >> 63 ? Rational(-magnitude) : magnitude;
}

Integer floor_of(const Rational& x) {  // x >= 0
  return numerator(x) / denominator(x);
}

/// Nearest integer, ties to even; x >= 0.
Integer nearest_even(const Rational& x) {
  const Integer below = floor_of(x);
  const Rational rest = x - Rational(below);
  const Rational half(1, 2);
  const bool up = rest > half || (rest == half && below % 2 != 0);
  return up ? Integer(below + 1) : below;
}

/// q with 2^q <= x < 2^(q + 1); x > 0.
int exponent_of(const Rational& x) {
  int q = static_cast<int>(msb(numerator(x))) - static_cast<int>(msb(denominator(x)));
  if (power_of_two(q) > x) --q;
  assert(power_of_two(q) <= x && x < power_of_two(q + 1));
  return q;
}

struct BinaryFormat {
  int precision, least_exponent, greatest_exponent;
};
constexpr BinaryFormat binary32{24, -126, 127}, binary64{53, -1022, 1023};

/// Round to nearest, ties to even, with subnormals and overflow to infinity. The number zero is +0.
double rounded(const Rational& x, const BinaryFormat& format) {
  if (x == 0) return 0;
  const Rational magnitude = x < 0 ? Rational(-x) : x;
  const int quantum = std::max(exponent_of(magnitude), format.least_exponent) - (format.precision - 1);
  const Integer units = nearest_even(magnitude * power_of_two(-quantum));
  double result = std::numeric_limits<double>::infinity();
  if (Rational(units) * power_of_two(quantum) < power_of_two(format.greatest_exponent + 1))
    result = std::ldexp(units.convert_to<double>(), quantum);  // exact: units has `precision` bits
  return x < 0 ? -result : result;
}

float to_float(const Rational& x) { return static_cast<float>(rounded(x, binary32)); }
double to_double(const Rational& x) { return rounded(x, binary64); }

/// Square root of a binary64 value, rounded to one.
double square_root(double a) {
  if (a == 0) return 0;
  const Rational x = value_of(a);
  // x = scaled / 4^shift with a root of more than 64 bits: one bit below it tells on which side the rest lies
  const int shift = 70 - exponent_of(x) / 2;
  const Rational scaled = x * power_of_two(2 * shift);
  const Integer whole = floor_of(scaled);
  const Integer root = sqrt(whole);
  const bool inexact = Rational(root * root) != scaled;
  return to_double((Rational(root) + (inexact ? Rational(1, 2) : Rational(0))) * power_of_two(-shift));
}

/// A zero product or quotient has a sign too.
float signed_as(float a, float b, float magnitude) {
  return std::signbit(a) != std::signbit(b) ? -magnitude : magnitude;
}

float magnitude_of(float x) { return x < 0 ? -x : x; }

float largest_magnitude_of(std::span<const float> source) {
  float largest = 0;
  for (const float x : source) largest = std::max(largest, magnitude_of(x));
  return largest;
}

bool is_zero_maximum(float maximum) { return value_of(maximum) < power_of_two(-100); }

/// Where y lies between two levels: e, and how far it is to e + 1 as a part of the gap.
struct Position {
  unsigned e = 0;
  Rational part;
};

/// nullopt for y >= 64.
std::optional<Position> position_of(float y) {
  if (std::isinf(y) || y >= 64) return std::nullopt;
  const Rational value = value_of(y);
  if (value < 1) return Position{0, value};
  const int q = exponent_of(value);
  return Position{static_cast<unsigned>(q) + 1, value / power_of_two(q) - 1};
}

Rational threshold(std::uint32_t u, unsigned random_bits) {
  return Rational(2 * Integer(u) + 1) * power_of_two(-static_cast<int>(random_bits) - 1);
}

class Fp4Rule {
 public:
  explicit Fp4Rule(const traces::QuantizerTask& task) : task_(task) {}

  std::uint8_t code(float x, std::size_t element) {
    const unsigned e = magnitude(x, element);
    return static_cast<std::uint8_t>(e != 0 && x < 0 ? 8 + e : e);
  }
  void set_inverse(float inverse) { inverse_ = inverse; }

 private:
  unsigned magnitude(float x, std::size_t element) {
    if (const float size = magnitude_of(x); !at_ || size != at_size_) {
      at_size_ = size;
      at_ = position_of(product(size, inverse_));
      if (!at_) return 7;
    }
    const bool up =
        task_.rule == traces::Rule::nearest_fp4
            ? at_->part > Rational(1, 2) || (at_->part == Rational(1, 2) && (at_->e + 1) % 2 == 0)
            : at_->part >= threshold(draw(task_.draws, element, task_.random_bits), task_.random_bits);
    return up ? at_->e + 1 : at_->e;
  }

  const traces::QuantizerTask& task_;
  float inverse_ = 0;
  float at_size_ = 0;  // equal neighbours are common in sharp tensors
  std::optional<Position> at_;
};

traces::QuantizerResult quantize_fp4(const traces::QuantizerTask& task) {
  traces::QuantizerResult result;
  result.max = largest_magnitude_of(task.source);
  const float used = task.maximum.value_or(result.max);
  result.facts = traces::Fp4Facts{used};
  std::vector<std::uint8_t> codes(task.source.size());
  if (!is_zero_maximum(used)) {
    const float maximum = maximum_used(used, task.alpha);
    result.scale = to_float(value_of(maximum) * power_of_two(-6));
    Fp4Rule rule(task);
    rule.set_inverse(quotient(64, maximum));
    for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = rule.code(task.source[i], i);
  }
  result.codes = traces::pack_nibbles(codes);
  return result;
}

/// Sums of section 4, steps 3 and 4.
void measure_sawb(const traces::QuantizerTask& task, float max, traces::SawbFacts& facts) {
  facts.exponent = exponent_of(value_of(max)) + 1;
  Integer sum1, sum2;
  for (const float x : task.source) {
    const Integer m = nearest_even(value_of(magnitude_of(x)) * power_of_two(16 - facts.exponent));
    sum1 += m;
    sum2 += m * m;
    if (task.rule == traces::Rule::sawb_int4 || m > 0) ++facts.count;
  }
  facts.sum1 = sum1.convert_to<std::uint64_t>();
  facts.sum2 = sum2.convert_to<std::uint64_t>();
}

/// Section 4, steps 5 and 6.
float clip_of(const traces::QuantizerTask& task, float max, const traces::SawbFacts& facts) {
  const bool signed_codes = task.rule == traces::Rule::sawb_int4;
  const Rational n(Integer(facts.count));
  const double a = to_double(value_of(to_double(Rational(Integer(facts.sum2)))) / n);
  const double b = to_double(Rational(Integer(facts.sum1)) / n);
  const double c1 = to_double(signed_codes ? Rational(12035, 1000) : Rational(115, 10));
  const double c2 = to_double(signed_codes ? Rational(1203, 100) : Rational(1025, 100));
  const double first = to_double(value_of(c1) * value_of(square_root(a)));
  const double second = to_double(value_of(c2) * value_of(b));
  const double c = to_double(value_of(first) - value_of(second));
  const float clip = to_float(value_of(c) * power_of_two(facts.exponent - 16));
  const bool nearly_constant = signed_codes && 2 * value_of(c) < value_of(to_double(3 * value_of(b)));
  if (std::isinf(clip) || is_zero_maximum(clip) || clip > max || nearly_constant) return max;
  return clip;
}

traces::QuantizerResult quantize_sawb(const traces::QuantizerTask& task) {
  const bool signed_codes = task.rule == traces::Rule::sawb_int4;
  const int top = signed_codes ? 7 : 15;
  traces::QuantizerResult result;
  result.max = largest_magnitude_of(task.source);
  traces::SawbFacts& facts = result.facts.emplace<traces::SawbFacts>();
  std::vector<std::uint8_t> codes(task.source.size());
  if (!is_zero_maximum(result.max)) {
    measure_sawb(task, result.max, facts);
    facts.clip = clip_of(task, result.max, facts);
    result.scale = quotient(facts.clip, static_cast<float>(top));
    const float inv = quotient(static_cast<float>(top), facts.clip);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const float x = task.source[i];
      const Integer whole = nearest_even(value_of(product(magnitude_of(x), inv)));
      const int size = whole > top ? top : whole.convert_to<int>();
      codes[i] = static_cast<std::uint8_t>((x < 0 ? -size : size) & 0xF);
    }
  }
  result.codes = traces::pack_nibbles(codes);
  return result;
}

/// Element of a row-major tensor, or 0 outside of it.
class Tensor {
 public:
  Tensor(traces::Encoding encoding, std::span<const std::uint8_t> packed, std::array<std::int64_t, 4> shape)
      : table_(traces::code_values(encoding)), packed_(packed), shape_(shape) {}

  std::int64_t at(const std::array<std::int64_t, 4>& index) const {
    std::int64_t flat = 0;
    for (std::size_t axis = 0; axis < 4; ++axis) {
      if (index[axis] < 0 || index[axis] >= shape_[axis]) return 0;
      flat = flat * shape_[axis] + index[axis];
    }
    return table_[traces::nibble_at(packed_, static_cast<std::size_t>(flat))];
  }

 private:
  const std::array<std::int8_t, 16>& table_;
  std::span<const std::uint8_t> packed_;
  std::array<std::int64_t, 4> shape_;
};

using Shape = std::array<std::int64_t, 4>;

/// A sum as the text of section 7 has it: a number (always a whole one), an infinity or what two opposite
/// ones make.
struct Sum {
  std::int64_t number = 0;
  int infinity = 0;  ///< 1, -1
  bool is_nan = false;
};

Sum added(const Sum& a, const Sum& b) {
  if (a.is_nan || b.is_nan || a.infinity * b.infinity == -1) return {.is_nan = true};
  const int infinity = a.infinity != 0 ? a.infinity : b.infinity;
  return {infinity == 0 ? a.number + b.number : 0, infinity, false};
}

/// Nearest number of `precision` bits, ties to even.
std::int64_t to_bits(std::int64_t number, int precision) {
  const std::int64_t magnitude = number < 0 ? -number : number;
  if (magnitude < std::int64_t{1} << precision) return number;  // it has them
  const Rational size{Integer(magnitude)};
  const Rational unit = power_of_two(exponent_of(size) - precision + 1);
  const auto nearest = (Rational(nearest_even(size / unit)) * unit).convert_to<std::int64_t>();
  return number < 0 ? -nearest : nearest;
}

/// What the register keeps of a sum, with `bits` of its own.
Sum kept(const traces::Accumulator& accumulator, unsigned bits, Sum sum) {
  if (sum.is_nan || sum.infinity != 0) return sum;
  if (accumulator.is_float()) {
    sum.number = to_bits(sum.number, bits == 16 ? 11 : 24);
    const std::int64_t most = 65504, size = sum.number < 0 ? -sum.number : sum.number;
    if (bits != 16 || size <= most) return sum;
    const int sign = sum.number < 0 ? -1 : 1;
    if (accumulator.overflow == traces::Overflow::saturate) return {sign * most};
    return {0, sign};
  }
  if (bits == 32) return sum;
  const std::int64_t values = std::int64_t{1} << bits, least = -values / 2, most = values / 2 - 1;
  if (accumulator.overflow == traces::Overflow::saturate)
    return {std::max(least, std::min(most, sum.number))};
  while (sum.number > most) sum.number -= values;
  while (sum.number < least) sum.number += values;
  return sum;
}

/// Of all terms of a result, in their order.
Sum sum_of(const traces::Accumulator& accumulator, const std::vector<std::int64_t>& terms) {
  const std::size_t piece = accumulator.chunk == 0 ? terms.size() : accumulator.chunk;
  Sum all;
  for (std::size_t first = 0; first < terms.size(); first += piece) {
    Sum part;
    for (std::size_t at = first; at < std::min(first + piece, terms.size()); ++at)
      part = kept(accumulator, accumulator.bits, added(part, {terms[at]}));
    if (accumulator.chunk == 0) return part;
    all = kept(accumulator, 32, added(all, part));
  }
  return all;
}

std::int32_t bits_of_float(const Sum& sum) {
  if (sum.is_nan) return 0x7FC00000;
  if (sum.infinity != 0) return static_cast<std::int32_t>(sum.infinity > 0 ? 0x7F800000U : 0xFF800000U);
  return std::bit_cast<std::int32_t>(to_float(Rational{Integer(sum.number)}));
}

/// f32(sum scale) with the sums that are no numbers. A scale is finite and not negative.
float scaled(float sum, float scale) {
  if (std::isnan(sum) || (std::isinf(sum) && scale == 0)) return std::bit_cast<float>(0x7FC00000U);
  return std::isinf(sum) ? sum : product(sum, scale);
}

/// The three natural shapes, and the terms of section 6 over them for one right operand.
struct Definition {
  const traces::Geometry& g;
  std::int64_t in = g.in_channels / g.groups, out = g.out_channels / g.groups;

  Shape shape(traces::Role role) const {
    switch (role) {
      case traces::Role::input:
        return {g.batch, g.in_channels, g.height, g.width};
      case traces::Role::weight:
        return {g.out_channels, in, g.kernel_height, g.kernel_width};
      case traces::Role::gradient:
        return {g.batch, g.out_channels, g.out_height, g.out_width};
    }
    return {};
  }

  /// Appends the terms of one result in their order, those of zero too.
  void append(traces::Phase phase, const Tensor& left, const Tensor& right, const Shape& at,
              std::vector<std::int64_t>& terms) const {
    switch (phase) {
      case traces::Phase::forward:
        return forward(left, right, at, terms);
      case traces::Phase::backward_data:
        return backward_data(left, right, at, terms);
      case traces::Phase::backward_weight:
        return backward_weight(left, right, at, terms);
    }
  }

  void forward(const Tensor& left, const Tensor& right, const Shape& at,
               std::vector<std::int64_t>& terms) const {
    const auto [b, o, ho, wo] = at;
    for (std::int64_t c = 0; c < in; ++c)
      for (std::int64_t i = 0; i < g.kernel_height; ++i)
        for (std::int64_t j = 0; j < g.kernel_width; ++j)
          terms.push_back(left.at({b, o / out * in + c, ho * g.stride_height + i - g.padding_height,
                                   wo * g.stride_width + j - g.padding_width}) *
                          right.at({o, c, i, j}));
  }

  void backward_data(const Tensor& left, const Tensor& right, const Shape& at,
                     std::vector<std::int64_t>& terms) const {
    const auto [b, c, h, w] = at;
    const std::int64_t group = c / in;
    for (std::int64_t o = group * out; o < (group + 1) * out; ++o)
      for (std::int64_t i = 0; i < g.kernel_height; ++i)
        for (std::int64_t j = 0; j < g.kernel_width; ++j) {
          const std::int64_t up = h + g.padding_height - i, across = w + g.padding_width - j;
          const bool is_exact = up % g.stride_height == 0 && across % g.stride_width == 0;
          terms.push_back(is_exact ? left.at({b, o, up / g.stride_height, across / g.stride_width}) *
                                         right.at({o, c % in, i, j})
                                   : 0);
        }
  }

  void backward_weight(const Tensor& left, const Tensor& right, const Shape& at,
                       std::vector<std::int64_t>& terms) const {
    const auto [o, c, i, j] = at;
    for (std::int64_t b = 0; b < g.batch; ++b)
      for (std::int64_t ho = 0; ho < g.out_height; ++ho)
        for (std::int64_t wo = 0; wo < g.out_width; ++wo)
          terms.push_back(left.at({b, o / out * in + c, ho * g.stride_height + i - g.padding_height,
                                   wo * g.stride_width + j - g.padding_width}) *
                          right.at({b, o, ho, wo}));
  }
};

}  // namespace

std::array<std::uint32_t, 4> random_words(const std::array<std::uint32_t, 4>& counter,
                                          const std::array<std::uint32_t, 2>& key) {
  constexpr std::uint64_t word = 1ULL << 32;
  std::array<std::uint64_t, 4> c{counter[0], counter[1], counter[2], counter[3]};
  std::array<std::uint64_t, 2> k{key[0], key[1]};
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = c[0] * 0xD2511F53, p1 = c[2] * 0xCD9E8D57;
    c = {p1 / word ^ c[1] ^ k[0], p1 % word, p0 / word ^ c[3] ^ k[1], p0 % word};
    k = {(k[0] + 0x9E3779B9) % word, (k[1] + 0xBB67AE85) % word};
  }
  return {static_cast<std::uint32_t>(c[0]), static_cast<std::uint32_t>(c[1]),
          static_cast<std::uint32_t>(c[2]), static_cast<std::uint32_t>(c[3])};
}

std::uint32_t draw(const traces::DrawKey& key, std::uint64_t element, unsigned bits, std::uint32_t stream) {
  const std::uint64_t in_a_block = 128 / bits;
  const auto words =
      random_words({static_cast<std::uint32_t>(element / in_a_block), key.step, key.layer, key.sample},
                   {key.seed, stream});
  const auto first = static_cast<unsigned>(element % in_a_block) * bits;
  std::uint32_t result = 0;
  for (unsigned bit = 0; bit < bits; ++bit)
    result |= (words[(first + bit) / 32] >> (first + bit) % 32 & 1U) << bit;
  return result;
}

float product(float a, float b) {
  return signed_as(a, b, to_float(value_of(std::abs(a)) * value_of(std::abs(b))));
}
float quotient(float a, float b) {
  return signed_as(a, b, to_float(value_of(std::abs(a)) / value_of(std::abs(b))));
}

float maximum_used(float maximum, traces::Alpha alpha) {
  if (alpha == traces::Alpha::exact) return maximum;
  const Rational value = value_of(maximum);
  const int q = exponent_of(value);
  return to_float(power_of_two(power_of_two(q) == value ? q : q + 1));
}

std::uint32_t draws_upward(float x, float maximum, traces::Alpha alpha, unsigned random_bits) {
  const auto at = position_of(product(magnitude_of(x), quotient(64, maximum_used(maximum, alpha))));
  if (!at) return 0;
  std::uint32_t count = 0;
  for (std::uint32_t u = 0; u < 1U << random_bits; ++u)
    if (at->part >= threshold(u, random_bits)) ++count;
  return count;
}

float smallest_taken_up(unsigned e, std::uint32_t draw, float maximum, traces::Alpha alpha,
                        unsigned random_bits) {
  const Rational t = threshold(draw, random_bits);
  const Rational y = e == 0 ? t : power_of_two(static_cast<int>(e) - 1) * (1 + t);
  const float inv = quotient(64, maximum_used(maximum, alpha));
  const auto reaches = [&](float x) { return value_of(product(x, inv)) >= y; };
  float x = to_float(y / value_of(inv));
  while (!reaches(x)) x = std::nextafter(x, std::numeric_limits<float>::infinity());
  while (reaches(std::nextafter(x, 0.0F))) x = std::nextafter(x, 0.0F);
  return x;
}

float next_estimate(float estimate, float measured) {
  const float eta = to_float(Rational(1, 10));
  const float c = to_float(1 - value_of(eta));
  return to_float(value_of(product(c, measured)) + value_of(product(eta, estimate)));
}

traces::QuantizerResult quantize(const traces::QuantizerTask& task) {
  const bool sawb = task.rule == traces::Rule::sawb_int4 || task.rule == traces::Rule::sawb_uint4;
  return sawb ? quantize_sawb(task) : quantize_fp4(task);
}

std::vector<std::int32_t> accumulators(const GemmCase& c) {
  const Definition definition{c.gemm.geometry};
  const Tensor left(c.left_encoding, c.left, definition.shape(traces::info_of(c.gemm.phase).left));
  std::vector<Tensor> right;
  for (const auto& codes : c.right)
    right.emplace_back(c.right_encoding, codes, definition.shape(traces::info_of(c.gemm.phase).right));
  const Shape shape = definition.shape(traces::info_of(c.gemm.phase).result);
  std::vector<std::int32_t> all;
  std::vector<std::int64_t> terms;
  for (std::int64_t first = 0; first < shape[0]; ++first)
    for (std::int64_t second = 0; second < shape[1]; ++second)
      for (std::int64_t third = 0; third < shape[2]; ++third)
        for (std::int64_t fourth = 0; fourth < shape[3]; ++fourth) {
          terms.clear();
          for (const Tensor& one : right)
            definition.append(c.gemm.phase, left, one, {first, second, third, fourth}, terms);
          const Sum sum = sum_of(c.gemm.accumulator, terms);
          assert(sum.number >= INT32_MIN && sum.number <= INT32_MAX);
          all.push_back(c.gemm.accumulator.is_float() ? bits_of_float(sum)
                                                      : static_cast<std::int32_t>(sum.number));
        }
  return all;
}

traces::GemmResult multiply(const GemmCase& c) {
  traces::GemmResult result;
  result.scale = product(c.left_scale, c.right_scale);
  if (c.gemm.phase == traces::Phase::backward_weight)
    result.scale = quotient(result.scale, static_cast<float>(c.right.size()));
  result.accumulators = accumulators(c);
  for (const std::int32_t sum : result.accumulators)
    result.output.push_back(c.gemm.accumulator.is_float()
                                ? scaled(std::bit_cast<float>(sum), result.scale)
                                : product(to_float(Rational{Integer(sum)}), result.scale));
  return result;
}

}  // namespace quatrain::tests::exact
