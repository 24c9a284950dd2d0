#pragma once
/// How quantized layers compute: the `quantize` of a training config, and its rules for single layers.

#include "traces/base/strict_json.hpp"
#include "traces/format/record.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quatrain::emu {

/// What a layer does with its input and weight.
enum class ForwardRule : std::uint8_t { sawb, sawb_weight, paper_code, none };
struct ForwardRuleInfo {
  std::string_view word;
  bool quantizes_input = false, quantizes_weight = false;  ///< in 4 bits
};
constexpr ForwardRuleInfo info_of(ForwardRule rule) {
  switch (rule) {
    case ForwardRule::sawb:
      return {"sawb", true, true};
    case ForwardRule::sawb_weight:
      return {"sawb_weight", false, true};
    case ForwardRule::paper_code:
      return {"paper_code"};
    case ForwardRule::none:
      return {"none"};
  }
  return {};
}
constexpr std::string_view name_of(ForwardRule rule) { return info_of(rule).word; }

/// And with the gradient of its output.
enum class GradientRule : std::uint8_t { luq, nearest, paper_code, none };
struct GradientRuleInfo {
  std::string_view word;
  std::optional<traces::Rule> rule = {};  ///< absent: gradients get no 4-bit codes
};
constexpr GradientRuleInfo info_of(GradientRule rule) {
  switch (rule) {
    case GradientRule::luq:
      return {"luq", traces::Rule::luq_fp4};
    case GradientRule::nearest:
      return {"nearest", traces::Rule::nearest_fp4};
    case GradientRule::paper_code:
      return {"paper_code"};
    case GradientRule::none:
      return {"none"};
  }
  return {};
}
constexpr std::string_view name_of(GradientRule rule) { return info_of(rule).word; }
/// Takes 4, 8 or 16 random bits.
constexpr bool takes_bits(GradientRule rule) {
  const std::optional<traces::Rule> quantizer = info_of(rule).rule;
  return quantizer && traces::info_of(*quantizer).draws;
}
/// Is random, and so may take samples.
constexpr bool draws(GradientRule rule) { return takes_bits(rule) || rule == GradientRule::paper_code; }

enum class Precision : std::uint8_t { fp32, quantized };
constexpr std::string_view name_of(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return "fp32";
    case Precision::quantized:
      return "quantized";
  }
  return {};
}

/// Of one layer.
struct QuantizeConfig {
  ForwardRule forward = ForwardRule::sawb;
  GradientRule gradient = GradientRule::luq;
  unsigned random_bits = 16;                            ///< luq
  traces::Alpha alpha = traces::Alpha::exact;           ///< luq, nearest
  traces::Maximum maximum = traces::Maximum::measured;  ///< luq, nearest
  unsigned samples = 1;                                 ///< luq, paper_code
  traces::Accumulator accumulator = {};                 ///< of the products of codes
  /// All three products take codes.
  bool has_codes() const {
    const ForwardRuleInfo info = info_of(forward);
    return info.quantizes_input && info.quantizes_weight && info_of(gradient).rule;
  }
};

/// What a rule says of the layers that it names; what is absent stays as it was.
struct QuantizeRule {
  std::string layers;  ///< names, with * for any characters and ? for one
  std::optional<Precision> precision = {};
  std::optional<ForwardRule> forward = {};
  std::optional<GradientRule> gradient = {};
  std::optional<unsigned> random_bits = {};
  std::optional<traces::Alpha> alpha = {};
  std::optional<traces::Maximum> maximum = {};
  std::optional<unsigned> samples = {};
};

/// The three ways that comparisons put side by side: no quantizers, the paper's, and its control without
/// randomness.
enum class Recipe : std::uint8_t { fp32, luq, nearest };
struct RecipeInfo {
  std::string_view word;
  ForwardRule forward = ForwardRule::none;
  GradientRule gradient = GradientRule::none;
};
constexpr RecipeInfo info_of(Recipe recipe) {
  switch (recipe) {
    case Recipe::fp32:
      return {"fp32", ForwardRule::none, GradientRule::none};
    case Recipe::luq:
      return {"luq", ForwardRule::sawb, GradientRule::luq};
    case Recipe::nearest:
      return {"nearest", ForwardRule::sawb, GradientRule::nearest};
  }
  return {};
}
constexpr std::string_view name_of(Recipe recipe) { return info_of(recipe).word; }

/// What all layers have, and the rules behind it: of those that name a layer the later one wins.
struct QuantizePlan : QuantizeConfig {
  std::vector<QuantizeRule> rules = {};
};

/// A key that the gradient's rule does not use is unknown there.
QuantizePlan read_quantize(const base::JsonNode& node);
nlohmann::ordered_json dump_quantize(const QuantizePlan& plan);

/// The words forward and gradient become the recipe's, those of the rules too; details that the recipe has
/// no use for are dropped.
void take_recipe(QuantizePlan& plan, Recipe recipe);

bool names(const QuantizeRule& rule, const std::string& layer);
/// What the rules make of a layer; both are the layer's before them.
void apply_rules(const QuantizePlan& plan, const std::string& layer, Precision& precision,
                 QuantizeConfig& quantize);
/// Throws Error at the first rule that names none of the layers. `node`: the `quantize` that was read.
void require_named_layers(const base::JsonNode& node, const QuantizePlan& plan,
                          const std::vector<std::string>& layers);

}  // namespace quatrain::emu
