#pragma once
/// The quantizers of numerics.md sections 3 and 4 from their recorded facts on, by the text, with places at
/// which a hypothesis changes them.

#include "sim/diagnosis/differing_quantizer.hpp"

#include <cstdint>
#include <functional>
#include <optional>

namespace quatrain::sim::diagnosis {

enum class Ties : std::uint8_t { even, away, zero, up };
enum class Rounding : std::uint8_t { by_rule, toward_zero, away_from_zero, nearest };
enum class Threshold : std::uint8_t { middle, low, high, greater };
enum class Clamp : std::uint8_t { by_rule, missing, to_minus_eight };

/// What a hypothesis changes; as it stands, nothing.
struct Changes {
  Ties ties = Ties::even;
  Rounding rounding = Rounding::by_rule;
  Threshold threshold = Threshold::middle;
  Clamp clamp = Clamp::by_rule;
  bool keeps_sign_of_zero = false, loses_sign = false;
  /// |x| in steps, where it is not f32(|x| inv).
  std::function<float(const DifferingQuantizer&, float magnitude)> scaled = {};
  /// u of an element.
  std::function<std::uint32_t(const DifferingQuantizer&, std::int64_t element)> draw = {};
};

/// M after pow2, or the clip; and the factor 64 / M, 7 / clip or 15 / clip in fp32.
float range_of(const DifferingQuantizer& quantizer);
float inverse_of(traces::Rule rule, float range);
/// What `range_of` is for a task with these facts.
float range_of(const traces::QuantizerTask& task, const traces::QuantizerFacts& facts);
float scale_of(traces::Rule rule, float range);

std::uint8_t code_of(const DifferingQuantizer& quantizer, std::int64_t element, const Changes& changes = {});

/// A claim whose codes these changes give; the scale stays.
QuantizerClaim claim_of(std::string cause, std::string statement, Changes changes);
/// A claim with another M or clip.
QuantizerClaim claim_of_range(std::string cause, std::string statement,
                              std::function<std::optional<float>(const DifferingQuantizer&)> range);

}  // namespace quatrain::sim::diagnosis
