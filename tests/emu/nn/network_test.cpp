#include "emu/nn/network.hpp"

#include "tests/emu/nn/residual_config.hpp"
#include "tests/emu/nn/seen_paths.hpp"
#include "tests/emu/nn/tiny_config.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

namespace quatrain::emu {
namespace {

TEST(Network, ItsQuantizersRunOnItsPath) {
  const TrainingConfig config = tests::tiny_config();
  Tensor images, gradient;
  images.resize(2, config.layers.front().input);
  gradient.resize(2, config.layers.back().output);
  for (std::size_t i = 0; i < images.size(); ++i) images.values()[i] = static_cast<float>(i % 7) - 2.5F;
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient.values()[i] = static_cast<float>(i % 3) - 1.0F;
  for (const SimdPath path : supported_paths()) {
    Network network(config, path);
    EXPECT_EQ(network.path(), path);
    base::ThreadPool pool(1);
    tests::SeenPaths seen;
    StepContext context{.pool = pool, .observer = &seen};
    network.forward(images, context);
    network.backward(gradient, context);
    EXPECT_EQ(seen.paths, std::set{path});
  }
}

/// One feature, which three linear layers read; their outputs are added. Layers 1, 2 and 3 hand back their
/// weights.
TrainingConfig three_readers() {
  constexpr const char* text = R"([
    {"kind": "linear", "name": "fc", "out_features": 1, "precision": "fp32"},
    {"kind": "linear", "name": "r1", "inputs": ["fc"], "out_features": 1, "precision": "fp32"},
    {"kind": "linear", "name": "r2", "inputs": ["fc"], "out_features": 1, "precision": "fp32"},
    {"kind": "linear", "name": "r3", "inputs": ["fc"], "out_features": 1, "precision": "fp32"},
    {"kind": "add", "inputs": ["r1", "r2", "r3"]},
    {"kind": "linear", "name": "last", "out_features": 10, "precision": "fp32"}
  ])";
  nlohmann::json json = nlohmann::json::parse(tests::tiny_config_text);
  json["layers"] = nlohmann::json::parse(text);
  return read_training_config(base::JsonNode::parse(json.dump(), "c.json"));
}

/// What the feature's gradient is; it is that of fc's bias.
float gradient_of_the_feature(const std::vector<float>& handed_back) {
  Network network(three_readers(), SimdPath::portable);
  std::map<std::string, Parameter*> parameters;
  for (Parameter* parameter : network.parameters()) parameters[parameter->name] = parameter;
  for (std::size_t i = 0; i < 3; ++i)
    parameters.at(fmt::format("r{}.weight", i + 1))->value[0] = handed_back[i];
  std::vector<float>& last = parameters.at("last.weight")->value;
  std::fill(last.begin(), last.end(), 0.0F);
  last[0] = 1;
  Tensor images, gradient;
  images.resize(1, {1, 28, 28});
  gradient.resize(1, {10, 1, 1});
  for (Tensor* tensor : {&images, &gradient}) std::ranges::fill(tensor->values(), 0.0F);
  gradient.values()[0] = 1;
  base::ThreadPool pool(1);
  StepContext context{.pool = pool};
  network.forward(images, context);
  network.backward(gradient, context);
  return parameters.at("fc.bias")->gradient[0];
}

TEST(Network, GradientsOfSeveralReadersBeginWithTheHighestId) {  // docs/training-step.md section 7
  EXPECT_EQ(gradient_of_the_feature({0x1p24F, 1, 1}), 16777218);
  EXPECT_EQ(gradient_of_the_feature({1, 1, 0x1p24F}), 0x1p24F);
}

class ShippedNetwork : public testing::TestWithParam<const char*> {};

/// One quantized training step of two images: every parameter has a part in it.
TEST_P(ShippedNetwork, TrainsAStep) {
  const TrainingConfig config = read_training_config(base::JsonNode::read(
      std::filesystem::path(QUATRAIN_SOURCE_DIR) / "configs/training" / fmt::format("{}.json", GetParam())));
  Network network(config, supported_paths().back());
  base::ThreadPool pool(2);
  StepContext context{.pool = pool, .seed = config.seed};
  Tensor images, gradient;
  images.resize(2, config.layers.front().input);
  for (std::size_t i = 0; i < images.size(); ++i)
    images.values()[i] = static_cast<float>(i * 2654435761U % 1000) / 500 - 1;
  gradient.resize(2, network.forward(images, context).extent());
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient.values()[i] = i % 3 == 0 ? 0.5F : -0.25F;
  network.backward(gradient, context);
  for (const Parameter* parameter : network.parameters()) {
    const auto is_finite = [](float element) { return std::isfinite(element); };
    const auto is_something = [](float element) { return element != 0; };
    EXPECT_TRUE(std::ranges::all_of(parameter->gradient, is_finite)) << parameter->name;
    EXPECT_TRUE(std::ranges::any_of(parameter->gradient, is_something)) << parameter->name;
  }
}

INSTANTIATE_TEST_SUITE_P(Small, ShippedNetwork,
                         testing::Values("lenet5", "mobilenet_v2", "mobilenet_v2_quantized", "resnet20"),
                         [](const auto& test) { return std::string(test.param); });

TEST(Network, StateIsThatOfEveryLayerInOrder) {
  Network network(tests::residual_config(), SimdPath::portable);
  std::vector<std::string> names;
  for (const LayerState& layer : network.state()) {
    for (const Parameter* parameter : layer.parameters) names.push_back(parameter->name);
    for (const State* state : layer.states) names.push_back(state->name);
  }
  EXPECT_EQ(std::vector<std::string>(names.begin(), names.begin() + 6),
            (std::vector<std::string>{"conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean",
                                      "bn1.running_variance", "a.conv1.weight"}));
  EXPECT_EQ(names.back(), "fc.bias");
}

}  // namespace
}  // namespace quatrain::emu
