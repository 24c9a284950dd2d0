#include "emu/nn/training_config.hpp"

#include "emu/nn/layer_keys.hpp"
#include "emu/nn/training_layers.hpp"
#include "traces/base/names.hpp"

#include <array>
#include <cassert>
#include <string_view>

namespace quatrain::emu {
namespace {

using base::JsonNode;
using Words = std::string_view;

constexpr std::array<Words, 1> set_words = {"fashion_mnist"};
constexpr std::array<Words, 1> optimizer_words = {"sgd"};
constexpr std::int64_t most_images = 2'147'483'647;

std::optional<std::int64_t> read_limit(const JsonNode& data, std::string_view key) {
  if (!data.has(key)) return std::nullopt;
  const JsonNode node = data.at(key);
  if (!node.is_string()) return node.integer(1, most_images);
  if (node.string() != "all")
    throw node.error("found '{}'; expected 'all' or a number of images", base::printable(node.string()));
  return std::nullopt;
}

DataConfig read_data(const JsonNode& node) {
  DataConfig data;
  data.set = set_words[node.at("set").one_of(set_words)];
  data.mean = node.at("mean").number(0, 1);
  data.std = node.at("std").number(0.001, 1000);
  data.train_images = read_limit(node, "train_images");
  data.test_images = read_limit(node, "test_images");
  node.reject_unread_keys();
  return data;
}

OptimizerConfig read_optimizer(const JsonNode& node) {
  OptimizerConfig optimizer;
  node.at("kind").one_of(optimizer_words);
  optimizer.momentum = node.at("momentum").number(0, 1);
  optimizer.weight_decay = node.at("weight_decay").number(0, 1);
  node.reject_unread_keys();
  return optimizer;
}

LearningRateConfig read_learning_rate(const JsonNode& node) {
  LearningRateConfig rate;
  rate.schedule = node.at("schedule").one_of<Schedule>();
  rate.from = node.at("from").number(0, 100);
  switch (rate.schedule) {
    case Schedule::linear:
      rate.to = node.at("to").number(0, 100);
      break;
    case Schedule::step:
      rate.factor = node.at("factor").number(0, 1);
      rate.every = node.at("every").integer(1, most_epochs);
      break;
  }
  node.reject_unread_keys();
  return rate;
}

/// A key that the gradient's rule does not use is unknown there.
QuantizeConfig read_quantize(const JsonNode& node) {
  QuantizeConfig quantize;
  quantize.forward = node.at("forward").one_of<ForwardRule>();
  quantize.gradient = node.at("gradient").one_of<GradientRule>();
  if (info_of(quantize.gradient).rule && node.has("alpha"))
    quantize.alpha = node.at("alpha").one_of<traces::Alpha>();
  if (draws(quantize.gradient) && node.has("random_bits")) {
    const JsonNode bits = node.at("random_bits");
    quantize.random_bits = static_cast<unsigned>(bits.integer(4, 16));
    if (!traces::is_random_bit_count(quantize.random_bits))
      throw bits.error("found {}; expected 4, 8 or 16", quantize.random_bits);
  }
  if (draws(quantize.gradient) && node.has("samples")) {
    const JsonNode samples = node.at("samples");
    quantize.samples = static_cast<unsigned>(samples.integer(1, 16));
    if (!traces::is_sample_count(quantize.samples))
      throw samples.error("found {}; expected 1, 2, 4, 8 or 16", quantize.samples);
  }
  node.reject_unread_keys();
  return quantize;
}

nlohmann::ordered_json dump_limit(const std::optional<std::int64_t>& limit) {
  if (limit) return *limit;
  return "all";
}

nlohmann::ordered_json dump_learning_rate(const LearningRateConfig& rate) {
  const auto word = name_of(rate.schedule);
  switch (rate.schedule) {
    case Schedule::linear:
      return {{"schedule", word}, {"from", rate.from}, {"to", rate.to}};
    case Schedule::step:
      break;
  }
  return {{"schedule", word}, {"from", rate.from}, {"factor", rate.factor}, {"every", rate.every}};
}

nlohmann::ordered_json dump_quantize(const QuantizeConfig& quantize) {
  nlohmann::ordered_json json = {{"forward", name_of(quantize.forward)},
                                 {"gradient", name_of(quantize.gradient)}};
  if (draws(quantize.gradient)) json["random_bits"] = quantize.random_bits;
  if (info_of(quantize.gradient).rule) json["alpha"] = name_of(quantize.alpha);
  if (draws(quantize.gradient)) json["samples"] = quantize.samples;
  return json;
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
  config.learning_rate = read_learning_rate(root.at("learning_rate"));
  config.quantize = read_quantize(root.at("quantize"));
  config.layers = read_layers(root.at("layers"), config);
  root.read_schema_key();
  root.reject_unread_keys();
  return config;
}

std::string dump_training_config(const TrainingConfig& config) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (std::size_t id = 0; id < config.layers.size(); ++id)
    layers.push_back(dump_layer(config.layers, static_cast<std::int32_t>(id)));
  const nlohmann::ordered_json json = {{"name", config.name},
                                       {"data",
                                        {{"set", config.data.set},
                                         {"mean", config.data.mean},
                                         {"std", config.data.std},
                                         {"train_images", dump_limit(config.data.train_images)},
                                         {"test_images", dump_limit(config.data.test_images)}}},
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
  if (overrides.quantize) {
    const RecipeInfo recipe = info_of(*overrides.quantize);
    config.quantize.forward = recipe.forward;
    config.quantize.gradient = recipe.gradient;
  }
  return read_training_config(JsonNode::parse(dump_training_config(config), name));
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

}  // namespace quatrain::emu
