#include "emu/nn/training_config.hpp"

#include "emu/nn/layer_keys.hpp"
#include "emu/nn/training_data.hpp"
#include "emu/nn/training_layers.hpp"
#include "traces/base/names.hpp"

#include <array>
#include <cassert>
#include <string_view>

namespace quatrain::emu {
namespace {

using base::JsonNode;
using Words = std::string_view;

constexpr std::array<Words, 1> optimizer_words = {"sgd"};

OptimizerConfig read_optimizer(const JsonNode& node) {
  OptimizerConfig optimizer;
  node.at("kind").one_of(optimizer_words);
  optimizer.momentum = node.at("momentum").number(0, 1);
  optimizer.weight_decay = node.at("weight_decay").number(0, 1);
  node.reject_unread_keys();
  return optimizer;
}

}  // namespace

TrainingConfig read_training_config(const JsonNode& root) {
  TrainingConfig config;
  config.name = base::read_file_name(root.at("name"));
  config.data = read_data(root.at("data"));
  config.seed = static_cast<std::uint32_t>(root.at("seed").integer(0, 4'294'967'295));
  config.epochs = root.at("epochs").integer(1, most_epochs);
  config.batch = root.at("batch").integer(1, most_batch);
  config.evaluation_batch = root.at("evaluation_batch").integer(1, most_batch);
  config.optimizer = read_optimizer(root.at("optimizer"));
  config.learning_rate = read_learning_rate(root.at("learning_rate"), config.epochs);
  config.quantize = read_quantize(root.at("quantize"));
  config.layers = read_layers(root.at("layers"), config);
  require_named_layers(root.at("quantize"), config.quantize, quantizable_layers(config.layers));
  root.read_schema_key();
  root.reject_unread_keys();
  return config;
}

std::string dump_training_config(const TrainingConfig& config) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (std::size_t id = 0; id < config.layers.size(); ++id)
    layers.push_back(dump_layer(config.layers, static_cast<std::int32_t>(id)));
  const nlohmann::ordered_json json = {{"name", config.name},
                                       {"data", dump_data(config.data)},
                                       {"seed", config.seed},
                                       {"epochs", config.epochs},
                                       {"batch", config.batch},
                                       {"evaluation_batch", config.evaluation_batch},
                                       {"optimizer",
                                        {{"kind", "sgd"},
                                         {"momentum", config.optimizer.momentum},
                                         {"weight_decay", config.optimizer.weight_decay}}},
                                       {"learning_rate", dump_learning_rate(config.learning_rate)},
                                       {"quantize", dump_quantize(config.quantize)},
                                       {"layers", layers}};
  return json.dump(2) + "\n";
}

TrainingConfig with_overrides(TrainingConfig config, const TrainingOverrides& overrides,
                              const std::string& name) {
  if (overrides == TrainingOverrides{}) return config;
  config.seed = overrides.seed.value_or(config.seed);
  config.epochs = overrides.epochs.value_or(config.epochs);
  if (overrides.quantize) take_recipe(config.quantize, *overrides.quantize);
  return read_training_config(JsonNode::parse(dump_training_config(config), name));
}

Extent image_extent(const DataConfig& data) {
  return {data.size.channels, data.size.height, data.size.width};
}

traces::Geometry with_batch(traces::Geometry geometry, std::int64_t batch) {
  geometry.batch = batch;
  return geometry;
}

traces::LayerKind kind_of(const LayerConfig& layer) {
  switch (layer.kind) {
    case LayerWord::conv2d:
      return traces::LayerKind::conv2d;
    case LayerWord::linear:
      return traces::LayerKind::linear;
    case LayerWord::relu:
    case LayerWord::batch_norm:
    case LayerWord::add:
    case LayerWord::max_pool:
    case LayerWord::avg_pool:
    case LayerWord::global_avg_pool:
    case LayerWord::dropout:
      break;
  }
  assert(false && "this layer does not multiply");
  return {};
}

traces::Rule input_rule(const LayerConfig& layer) {
  return layer.unsigned_input ? traces::Rule::sawb_uint4 : traces::Rule::sawb_int4;
}

std::optional<QuantizerConfig> quantizer_of(const LayerConfig& layer, traces::Role role) {
  const QuantizeConfig& quantize = layer.quantize;
  switch (role) {
    case traces::Role::input:
      if (!info_of(quantize.forward).quantizes_input) return std::nullopt;
      return QuantizerConfig{.rule = input_rule(layer)};
    case traces::Role::weight:
      if (!info_of(quantize.forward).quantizes_weight) return std::nullopt;
      return QuantizerConfig{.rule = traces::Rule::sawb_int4};
    case traces::Role::gradient:
      break;
  }
  const auto rule = info_of(quantize.gradient).rule;
  if (!rule) return std::nullopt;
  return QuantizerConfig{.rule = *rule,
                         .random_bits = takes_bits(quantize.gradient) ? quantize.random_bits : 0,
                         .alpha = quantize.alpha};
}

}  // namespace quatrain::emu
