/// Elements are not f32(x inv) before they are rounded; or M, the clip or the scale are others.
#include "sim/diagnosis/quantizer/hypotheses.hpp"
#include "sim/diagnosis/quantizer/model.hpp"

#include <bit>
#include <cmath>

namespace quatrain::sim::diagnosis {
namespace {

using Case = DifferingQuantizer;

float top_of(const Case& c) {
  return static_cast<float>(traces::largest_magnitude(traces::encoding_of(c.task.rule)));
}

QuantizerClaim stale_inverse() {
  const Changes changes{.scaled = [](const Case& c, float magnitude) {
    return magnitude * c.inverse_before.value_or(inverse_of(c.task.rule, range_of(c)));
  }};
  QuantizerClaim claim =
      claim_of("stale.scale", "are the codes with the inverse scale of the tensor before", changes);
  claim.predict = [changes](const Case& c, std::int64_t element) -> std::optional<std::uint8_t> {
    if (!c.inverse_before) return std::nullopt;
    return code_of(c, element, changes);
  };
  return claim;
}

template <typename Scaled>
QuantizerClaim claim(std::string cause, std::string statement, Scaled scaled) {
  return claim_of(std::move(cause), std::move(statement), {.scaled = scaled});
}

std::uint32_t bits_of(float value) { return std::bit_cast<std::uint32_t>(value); }
float moved(float value, int steps) {
  return std::bit_cast<float>(bits_of(value) + static_cast<std::uint32_t>(steps));
}

std::optional<float> largest(const Case& c, bool only_positive) {
  float most = 0;
  for (const float x : c.task.source) most = std::max(most, only_positive ? x : std::fabs(x));
  return most;
}

bool is_sawb(const Case& c) { return std::holds_alternative<traces::SawbFacts>(c.facts); }

}  // namespace

std::vector<QuantizerClaim> scaling() {
  return {
      stale_inverse(),
      claim("scaling.divided", "are the codes of x / scale in place of x times the inverse",
            [](const Case& c, float magnitude) { return magnitude / scale_of(c.task.rule, range_of(c)); }),
      claim("scaling.reciprocal", "are the codes of x times f32(1 / scale)",
            [](const Case& c, float magnitude) {
              return magnitude * (1.0F / scale_of(c.task.rule, range_of(c)));
            }),
      claim("scaling.inverse_of_range",
            "are the codes of x times f32(1 / M) or f32(1 / clip), times the largest code",
            [](const Case& c, float magnitude) { return magnitude * (top_of(c) * (1.0F / range_of(c))); }),
      claim("scaling.one_up", "are the codes with an inverse one unit in the last place too large",
            [](const Case& c, float magnitude) {
              return magnitude * moved(inverse_of(c.task.rule, range_of(c)), 1);
            }),
      claim("scaling.one_down", "are the codes with an inverse one unit in the last place too small",
            [](const Case& c, float magnitude) {
              return magnitude * moved(inverse_of(c.task.rule, range_of(c)), -1);
            }),
      claim("scaling.doubled", "are the codes of elements twice as large",
            [](const Case& c, float magnitude) {
              return 2 * magnitude * inverse_of(c.task.rule, range_of(c));
            }),
      claim("scaling.halved", "are the codes of elements half as large", [](const Case& c, float magnitude) {
        return magnitude * inverse_of(c.task.rule, range_of(c)) / 2;
      })};
}

std::vector<QuantizerClaim> range() {
  return {
      claim_of_range("range.not_pow2", "follow from M itself in place of its power of two",
                     [](const Case& c) -> std::optional<float> {
                       if (is_sawb(c)) return std::nullopt;
                       return std::get<traces::Fp4Facts>(c.facts).max_used;
                     }),
      claim_of_range("range.measured", "follow from the measured maximum; another one was given",
                     [](const Case& c) { return is_sawb(c) ? std::nullopt : largest(c, false); }),
      claim_of_range("range.pow2", "follow from a power of two in place of M",
                     [](const Case& c) -> std::optional<float> {
                       if (is_sawb(c)) return std::nullopt;
                       traces::QuantizerTask task = c.task;
                       task.alpha = traces::Alpha::pow2;
                       return range_of(task, c.facts);
                     }),
      claim_of_range("range.positive_only", "follow from the largest x in place of the largest |x|",
                     [](const Case& c) { return is_sawb(c) ? std::nullopt : largest(c, true); }),
      claim_of_range("range.not_clipped", "follow from the largest |x| in place of the clip",
                     [](const Case& c) { return is_sawb(c) ? largest(c, false) : std::nullopt; }),
      claim_of_range("range.one_up", "follow from a maximum or clip one unit in the last place too large",
                     [](const Case& c) -> std::optional<float> { return moved(range_of(c), 1); }),
      claim_of_range("range.one_down", "follow from a maximum or clip one unit in the last place too small",
                     [](const Case& c) -> std::optional<float> { return moved(range_of(c), -1); })};
}

}  // namespace quatrain::sim::diagnosis
