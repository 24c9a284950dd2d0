#include "sim/diagnosis/quantizer/model.hpp"

#include "sim/diagnosis/quantizer/draws.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace quatrain::sim::diagnosis {
namespace {

using traces::Rule;

bool is_fp4(Rule rule) { return traces::encoding_of(rule) == traces::Encoding::fp4_e3m0; }
bool is_signed(Rule rule) { return traces::encoding_of(rule) != traces::Encoding::uint4; }
float top_of(Rule rule) { return static_cast<float>(traces::largest_magnitude(traces::encoding_of(rule))); }

/// Whether an element goes up, from its place in the gap below the upper level, 0 <= gap < 1.
bool goes_up(const DifferingQuantizer& quantizer, std::int64_t element, double gap, bool upper_is_even,
             const Changes& changes) {
  const auto to_nearest = [&] {
    if (gap != 0.5) return gap > 0.5;
    switch (changes.ties) {
      case Ties::even:
        return upper_is_even;
      case Ties::away:
        return true;
      case Ties::zero:
        return false;
      case Ties::up:
        return quantizer.task.source[static_cast<std::size_t>(element)] > 0;
    }
    return false;
  };
  switch (changes.rounding) {
    case Rounding::toward_zero:
      return false;
    case Rounding::away_from_zero:
      return gap > 0;
    case Rounding::nearest:
      return to_nearest();
    case Rounding::by_rule:
      break;
  }
  if (!traces::info_of(quantizer.task.rule).draws) return to_nearest();
  const unsigned bits = quantizer.task.random_bits;
  const std::uint32_t u =
      changes.draw ? changes.draw(quantizer, element) : draw_at(quantizer.task.draws, bits, element);
  const double part = std::ldexp(1.0, -static_cast<int>(bits));
  switch (changes.threshold) {
    case Threshold::middle:
      return gap >= (u + 0.5) * part;
    case Threshold::low:
      return gap >= u * part;
    case Threshold::high:
      return gap >= (u + 1.0) * part;
    case Threshold::greater:
      return gap > (u + 0.5) * part;
  }
  return false;
}

/// e of numerics.md section 3, step 6.
unsigned exponent_code(const DifferingQuantizer& quantizer, std::int64_t element, double y,
                       const Changes& changes) {
  if (y >= 64) return 7;
  if (y < 1) return goes_up(quantizer, element, y, false, changes) ? 1 : 0;
  int exponent = 0;
  const double fraction = std::frexp(y, &exponent);  // y = fraction 2^exponent, 1/2 <= fraction < 1
  const auto lower = static_cast<unsigned>(exponent);
  return goes_up(quantizer, element, 2 * fraction - 1, (lower + 1) % 2 == 0, changes) ? lower + 1 : lower;
}

std::uint8_t clamped(Rule rule, bool is_negative, double steps, Clamp clamp) {
  const double value = is_negative ? -steps : steps;
  const double top = top_of(rule), bottom = is_signed(rule) ? -top : 0;
  switch (clamp) {
    case Clamp::by_rule:
      return static_cast<std::uint8_t>(static_cast<int>(std::clamp(value, bottom, top)) & 0xF);
    case Clamp::to_minus_eight:
      return static_cast<std::uint8_t>(
          static_cast<int>(std::clamp(value, bottom == 0 ? 0.0 : bottom - 1, top)) & 0xF);
    case Clamp::missing:
      break;
  }
  return static_cast<std::uint8_t>(static_cast<std::int64_t>(std::clamp(value, -2147483648.0, 2147483647.0)) &
                                   0xF);
}

std::uint8_t code_in(const DifferingQuantizer& quantizer, std::int64_t element, float range,
                     const Changes& changes) {
  const Rule rule = quantizer.task.rule;
  const float x = quantizer.task.source[static_cast<std::size_t>(element)];
  const float magnitude = std::fabs(x);
  const float y = changes.scaled ? changes.scaled(quantizer, magnitude) : magnitude * inverse_of(rule, range);
  const bool is_negative = std::signbit(x) && !changes.loses_sign;
  if (is_fp4(rule)) {
    const unsigned e = exponent_code(quantizer, element, static_cast<double>(y), changes);
    const bool has_sign = is_negative && (e != 0 || changes.keeps_sign_of_zero);
    return static_cast<std::uint8_t>(e | (has_sign ? 8U : 0U));
  }
  const double whole = std::floor(static_cast<double>(y));
  const bool upper_is_even = std::fmod(whole, 2.0) != 0;
  const bool up = goes_up(quantizer, element, static_cast<double>(y) - whole, upper_is_even, changes);
  return clamped(rule, is_negative, whole + (up ? 1 : 0), changes.clamp);
}

constexpr float least_range = 0x1p-100F;

}  // namespace

float range_of(const traces::QuantizerTask& task, const traces::QuantizerFacts& facts) {
  if (const auto* sawb = std::get_if<traces::SawbFacts>(&facts)) return sawb->clip;
  const float maximum = std::get<traces::Fp4Facts>(facts).max_used;
  switch (task.alpha) {
    case traces::Alpha::exact:
      return maximum;
    case traces::Alpha::pow2:
      break;
  }
  int exponent = 0;
  const float fraction = std::frexp(maximum, &exponent);
  return fraction == 0.5F ? maximum : std::ldexp(1.0F, exponent);
}

float range_of(const DifferingQuantizer& quantizer) { return range_of(quantizer.task, quantizer.facts); }

float inverse_of(Rule rule, float range) { return top_of(rule) / range; }
float scale_of(Rule rule, float range) { return is_fp4(rule) ? range / 64 : range / top_of(rule); }

std::uint8_t code_of(const DifferingQuantizer& quantizer, std::int64_t element, const Changes& changes) {
  const float range = range_of(quantizer);
  if (!(range >= least_range)) return 0;
  return code_in(quantizer, element, range, changes);
}

QuantizerClaim claim_of(std::string cause, std::string statement, Changes changes) {
  return {std::move(cause), std::move(statement),
          [](const DifferingQuantizer& quantizer) { return quantizer.scale; },
          [changes = std::move(changes)](const DifferingQuantizer& quantizer, std::int64_t element)
              -> std::optional<std::uint8_t> { return code_of(quantizer, element, changes); }};
}

QuantizerClaim claim_of_range(std::string cause, std::string statement,
                              std::function<std::optional<float>(const DifferingQuantizer&)> range) {
  return {std::move(cause), std::move(statement),
          [range](const DifferingQuantizer& quantizer) {
            const auto value = range(quantizer);
            return value ? scale_of(quantizer.task.rule, *value) : quantizer.scale;
          },
          [range](const DifferingQuantizer& quantizer, std::int64_t element) -> std::optional<std::uint8_t> {
            const auto value = range(quantizer);
            if (!value) return std::nullopt;
            if (!(*value >= least_range)) return std::uint8_t{0};
            return code_in(quantizer, element, *value, {});
          }};
}

}  // namespace quatrain::sim::diagnosis
