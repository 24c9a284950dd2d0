/// The rules of a config's `quantize` for single layers.
#include "tests/emu/nn/tiny_config.hpp"
#include "tests/support/json_change.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/message_of.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace quatrain::emu {
namespace {

using nlohmann::ordered_json;

TrainingConfig with_rules(const ordered_json& rules, const std::string& gradient = "luq") {
  ordered_json json = ordered_json::parse(tests::tiny_config_text);
  json["quantize"]["gradient"] = gradient;
  if (gradient != "luq") json["quantize"].erase("random_bits"), json["quantize"].erase("samples");
  if (gradient == "none") json["quantize"].erase("alpha");
  json["quantize"]["rules"] = rules;
  return read_training_config(base::JsonNode::parse(json.dump(), "c.json"));
}

const LayerConfig& named(const TrainingConfig& config, const std::string& name) {
  return *std::find_if(config.layers.begin(), config.layers.end(),
                       [&](const LayerConfig& layer) { return layer.name == name; });
}

TEST(QuantizeRules, ChangeTheLayersThatTheyName) {
  const TrainingConfig config =
      with_rules({{{"layers", "conv*"}, {"samples", 8}, {"alpha", "pow2"}},
                  {{"layers", "conv?"}, {"random_bits", 4}},
                  {{"layers", "conv2"}, {"gradient", "nearest"}, {"precision", "fp32"}},
                  {{"layers", "fc1"}, {"forward", "sawb_weight"}, {"samples", 1}}});
  EXPECT_EQ(named(config, "conv3").quantize.samples, 8U);
  EXPECT_EQ(named(config, "conv3").quantize.alpha, traces::Alpha::pow2);
  EXPECT_EQ(named(config, "conv3").quantize.random_bits, 4U);
  EXPECT_EQ(named(config, "conv3").precision, Precision::quantized);
  EXPECT_EQ(named(config, "conv2").quantize.gradient, GradientRule::nearest);
  EXPECT_EQ(named(config, "conv2").quantize.samples, 1U) << "to nearest has no samples";
  EXPECT_EQ(named(config, "conv2").precision, Precision::fp32);
  EXPECT_EQ(named(config, "conv2").quantize.forward, ForwardRule::sawb);
  EXPECT_EQ(named(config, "fc1").quantize.forward, ForwardRule::sawb_weight);
  EXPECT_EQ(named(config, "fc1").quantize.samples, 1U);
  EXPECT_EQ(named(config, "fc1").quantize.random_bits, 16U);
  EXPECT_EQ(config.quantize.samples, 2U) << "the default stays";
}

TEST(QuantizeRules, TheLaterOneWins) {
  const auto samples_of = [](unsigned first, unsigned second) {
    return named(with_rules(
                     {{{"layers", "*"}, {"samples", first}}, {{"layers", "conv2"}, {"samples", second}}}),
                 "conv2")
        .quantize.samples;
  };
  EXPECT_EQ(samples_of(4, 16), 16U);
  EXPECT_EQ(samples_of(16, 4), 4U);
}

TEST(QuantizeRules, MayQuantizeTheFirstAndTheLastLayer) {
  const TrainingConfig config = with_rules({{{"layers", "*"}, {"precision", "quantized"}}});
  EXPECT_EQ(named(config, "conv1").precision, Precision::quantized);
  EXPECT_EQ(input_rule(named(config, "conv1")), traces::Rule::sawb_int4);
  EXPECT_EQ(named(config, "fc2").precision, Precision::quantized);
}

TEST(QuantizeRules, BoundTheProductsOfTheirLayer) {
  ordered_json json = ordered_json::parse(tests::tiny_config_text);
  json["batch"] = 32768;  // with the default's two samples conv2's backward_weight could leave int32
  json["quantize"]["rules"] = {{{"layers", "conv*"}, {"samples", 1}}};
  EXPECT_NO_THROW(read_training_config(base::JsonNode::parse(json.dump(), "c.json")));
}

TEST(QuantizeRules, AreWrittenAndReadBack) {
  const ordered_json rules = {{{"layers", "conv*"}, {"precision", "quantized"}, {"gradient", "nearest"}},
                              {{"layers", "fc1"}, {"forward", "none"}, {"random_bits", 8}, {"samples", 4}},
                              {{"layers", "fc?"}, {"alpha", "pow2"}, {"maximum", "hindsight"}}};
  const std::string dump = dump_training_config(with_rules(rules));
  EXPECT_EQ(ordered_json::parse(dump)["quantize"]["rules"], rules);
  EXPECT_EQ(dump_training_config(read_training_config(base::JsonNode::parse(dump, "c.json"))), dump);
  EXPECT_EQ(tests::JsonSchema("training").complaint(dump), "");
  EXPECT_FALSE(
      ordered_json::parse(dump_training_config(with_rules(ordered_json::array())))["quantize"].contains(
          "rules"));
}

TEST(QuantizeRules, ARecipeReplacesTheirWordsToo) {
  const ordered_json rules = {{{"layers", "conv2"}, {"gradient", "none"}, {"forward", "none"}},
                              {{"layers", "conv3"}, {"samples", 8}, {"alpha", "pow2"}},
                              {{"layers", "fc1"}, {"precision", "fp32"}}};
  const auto rules_of = [&](Recipe recipe) {
    const TrainingConfig config = with_overrides(with_rules(rules), {.quantize = recipe}, "c.json");
    const ordered_json json = ordered_json::parse(dump_training_config(config));
    return json["quantize"].contains("rules") ? json["quantize"]["rules"] : ordered_json::array();
  };
  const ordered_json fp32_fc1 = {{"layers", "fc1"}, {"precision", "fp32"}};
  EXPECT_EQ(rules_of(Recipe::fp32), (ordered_json{fp32_fc1}));
  EXPECT_EQ(rules_of(Recipe::nearest), (ordered_json{{{"layers", "conv3"}, {"alpha", "pow2"}}, fp32_fc1}));
  EXPECT_EQ(rules_of(Recipe::luq),
            (ordered_json{{{"layers", "conv3"}, {"alpha", "pow2"}, {"samples", 8}}, fp32_fc1}));
}

TEST(QuantizeRules, ComplaintsNameThePlace) {
  const auto complaint = [](const ordered_json& rules, const std::string& gradient = "luq") {
    return tests::message_of([&] { with_rules(rules, gradient); });
  };
  EXPECT_EQ(
      complaint({{{"layers", "conv2"}, {"samples", 2}}, {{"layers", "block*"}, {"samples", 2}}}),
      "c.json: /quantize/rules/1/layers: no layer that can be quantized is named 'block*'; expected one of "
      "conv1, conv2, conv3, fc1, fc2");
  EXPECT_EQ(complaint({{{"layers", "conv2"}}}),
            "c.json: /quantize/rules/0: says nothing of its layers; expected a key beside 'layers'");
  EXPECT_EQ(complaint({{{"samples", 2}}}), "c.json: /quantize/rules/0: the key 'layers' is missing");
  EXPECT_EQ(
      complaint({{{"layers", "[a-c]*"}, {"samples", 2}}}),
      "c.json: /quantize/rules/0/layers: found '[a-c]*'; expected characters of A-Z a-z 0-9 _ . -, * for any "
      "of them, ? for one");
  EXPECT_EQ(complaint({{{"layers", "conv2"}, {"samples", 2}}}, "none"),
            "c.json: /quantize/rules/0/samples: unknown key; expected 'layers', 'precision', 'forward' or "
            "'gradient'");
  EXPECT_EQ(complaint({{{"layers", "conv2"}, {"gradient", "nearest"}, {"random_bits", 8}}}),
            "c.json: /quantize/rules/0/random_bits: unknown key; expected 'layers', 'gradient', 'precision', "
            "'forward', 'alpha' or 'maximum'");
  EXPECT_EQ(complaint({{{"layers", "conv2"}, {"samples", 17}}}),
            "c.json: /quantize/rules/0/samples: found 17; expected an integer from 1 to 16");
}

}  // namespace
}  // namespace quatrain::emu
