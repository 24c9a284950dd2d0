#include "emu/nn/quantize_config.hpp"

#include "traces/base/joined.hpp"
#include "traces/format/accumulator_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fnmatch.h>

namespace quatrain::emu {
namespace {

using base::JsonNode;

constexpr std::size_t most_rules = 1000;

/// What the gradient's rule takes beside its word; a key that it does not take is not asked for.
void read_details(const JsonNode& node, GradientRule gradient, QuantizeRule& found) {
  if (info_of(gradient).rule && node.has("alpha")) found.alpha = node.at("alpha").one_of<traces::Alpha>();
  if (info_of(gradient).rule && node.has("maximum"))
    found.maximum = node.at("maximum").one_of<traces::Maximum>();
  if (takes_bits(gradient) && node.has("random_bits")) {
    const JsonNode bits = node.at("random_bits");
    found.random_bits = static_cast<unsigned>(bits.integer(4, 16));
    if (!traces::is_random_bit_count(*found.random_bits))
      throw bits.error("found {}; expected 4, 8 or 16", *found.random_bits);
  }
  if (draws(gradient) && node.has("samples"))
    found.samples = static_cast<unsigned>(node.at("samples").integer(1, traces::most_samples));
}

bool says_something(const QuantizeRule& rule) {
  return rule.precision || rule.forward || rule.gradient || rule.random_bits || rule.alpha || rule.maximum ||
         rule.samples;
}

/// A name's characters, * and ?: no other pattern that fnmatch knows.
std::string read_pattern(const JsonNode& node) {
  std::string pattern = node.string(1, 100);
  const auto is_known = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_.-*?").find(c) != std::string_view::npos;
  };
  if (!std::all_of(pattern.begin(), pattern.end(), is_known))
    throw node.error("found '{}'; expected characters of A-Z a-z 0-9 _ . -, * for any of them, ? for one",
                     base::printable(pattern));
  return pattern;
}

traces::Accumulator read_accumulator(const JsonNode& node) {
  const traces::Accumulator accumulator = traces::read_accumulator(node, true);
  node.reject_unread_keys();
  return accumulator;
}

QuantizeRule read_rule(const JsonNode& node, GradientRule of_all) {
  QuantizeRule rule;
  rule.layers = read_pattern(node.at("layers"));
  if (node.has("precision")) rule.precision = node.at("precision").one_of<Precision>();
  if (node.has("forward")) rule.forward = node.at("forward").one_of<ForwardRule>();
  if (node.has("gradient")) rule.gradient = node.at("gradient").one_of<GradientRule>();
  read_details(node, rule.gradient.value_or(of_all), rule);
  node.reject_unread_keys();
  if (!says_something(rule)) throw node.error("says nothing of its layers; expected a key beside 'layers'");
  return rule;
}

void apply(const QuantizeRule& rule, QuantizeConfig& quantize) {
  quantize.forward = rule.forward.value_or(quantize.forward);
  quantize.gradient = rule.gradient.value_or(quantize.gradient);
  quantize.random_bits = rule.random_bits.value_or(quantize.random_bits);
  quantize.alpha = rule.alpha.value_or(quantize.alpha);
  quantize.maximum = rule.maximum.value_or(quantize.maximum);
  quantize.samples = rule.samples.value_or(quantize.samples);
}

nlohmann::ordered_json dump_rule(const QuantizeRule& rule) {
  nlohmann::ordered_json json = {{"layers", rule.layers}};
  if (rule.precision) json["precision"] = name_of(*rule.precision);
  if (rule.forward) json["forward"] = name_of(*rule.forward);
  if (rule.gradient) json["gradient"] = name_of(*rule.gradient);
  if (rule.random_bits) json["random_bits"] = *rule.random_bits;
  if (rule.alpha) json["alpha"] = name_of(*rule.alpha);
  if (rule.maximum) json["maximum"] = name_of(*rule.maximum);
  if (rule.samples) json["samples"] = *rule.samples;
  return json;
}

}  // namespace

QuantizePlan read_quantize(const JsonNode& node) {
  QuantizePlan plan;
  QuantizeRule found;
  found.forward = node.at("forward").one_of<ForwardRule>();
  found.gradient = node.at("gradient").one_of<GradientRule>();
  read_details(node, *found.gradient, found);
  apply(found, plan);
  if (node.has("accumulator")) plan.accumulator = read_accumulator(node.at("accumulator"));
  if (node.has("rules"))
    for (const JsonNode& rule : node.at("rules").items(0, most_rules))
      plan.rules.push_back(read_rule(rule, plan.gradient));
  node.reject_unread_keys();
  return plan;
}

nlohmann::ordered_json dump_quantize(const QuantizePlan& plan) {
  nlohmann::ordered_json json = {{"forward", name_of(plan.forward)}, {"gradient", name_of(plan.gradient)}};
  if (takes_bits(plan.gradient)) json["random_bits"] = plan.random_bits;
  if (info_of(plan.gradient).rule) json["alpha"] = name_of(plan.alpha);
  // Left out where it is the default: configs that are older than the key keep their text and its SHA-256.
  if (info_of(plan.gradient).rule && plan.maximum != traces::Maximum::measured)
    json["maximum"] = name_of(plan.maximum);
  if (draws(plan.gradient)) json["samples"] = plan.samples;
  if (!plan.accumulator.is_exact())
    json["accumulator"] = nlohmann::ordered_json::parse(traces::json_text(plan.accumulator));
  for (const QuantizeRule& rule : plan.rules) json["rules"].push_back(dump_rule(rule));
  return json;
}

void take_recipe(QuantizePlan& plan, Recipe recipe) {
  const RecipeInfo info = info_of(recipe);
  plan.forward = info.forward;
  plan.gradient = info.gradient;
  if (!plan.has_codes()) plan.accumulator = {};
  for (QuantizeRule& rule : plan.rules) {
    rule.forward.reset();
    rule.gradient.reset();
    if (!takes_bits(info.gradient)) rule.random_bits.reset();
    if (!draws(info.gradient)) rule.samples.reset();
    if (!info_of(info.gradient).rule) rule.alpha.reset(), rule.maximum.reset();
  }
  std::erase_if(plan.rules, [](const QuantizeRule& rule) { return !says_something(rule); });
}

bool rule_names(const QuantizeRule& rule, const std::string& layer) {
  return ::fnmatch(rule.layers.c_str(), layer.c_str(), 0) == 0;
}

void apply_rules(const QuantizePlan& plan, const std::string& layer, Precision& precision,
                 QuantizeConfig& quantize) {
  for (const QuantizeRule& rule : plan.rules) {
    if (!rule_names(rule, layer)) continue;
    precision = rule.precision.value_or(precision);
    apply(rule, quantize);
  }
  // What the gradient's rule has no use for is as if nobody had said it.
  if (!draws(quantize.gradient)) quantize.samples = QuantizeConfig{}.samples;
}

void require_named_layers(const JsonNode& node, const QuantizePlan& plan,
                          const std::vector<std::string>& layers) {
  for (std::size_t i = 0; i < plan.rules.size(); ++i)
    if (std::none_of(layers.begin(), layers.end(),
                     [&](const std::string& layer) { return rule_names(plan.rules[i], layer); }))
      throw node.at("rules").items()[i].at("layers").error(
          "no layer that can be quantized is named '{}'; expected one of {}", plan.rules[i].layers,
          base::joined(layers));
}

}  // namespace quatrain::emu
