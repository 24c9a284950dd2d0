#include "emu/nn/training_layers.hpp"

#include "emu/gemm/lowering.hpp"
#include "emu/nn/layer_keys.hpp"
#include "traces/base/names.hpp"
#include "traces/format/record.hpp"

#include <algorithm>
#include <map>
#include <string_view>

namespace quatrain::emu {
namespace {

using base::JsonNode;
using traces::Geometry;
using traces::Phase;

constexpr std::int64_t element_limit = std::int64_t{1} << 31;  // a tensor of a trace has fewer

using Names = std::map<std::string, std::int32_t>;  // to ids

std::string read_layer_name(const JsonNode& node, std::int32_t id, Names& names) {
  const std::string name = base::read_file_name(node);
  if (!names.emplace(name, id).second) throw node.error("'{}' is the name of an earlier layer", name);
  return name;
}

std::int32_t read_input(const JsonNode& node, const Names& names) {
  const std::string name = base::read_file_name(node);
  if (const auto layer = names.find(name); layer != names.end()) return layer->second;
  if (name == images_word) return images_input;
  throw node.error("found '{}'; expected the name of an earlier layer, or '{}'", name, images_word);
}

/// The layer before it, where the config says nothing.
std::vector<std::int32_t> read_inputs(const JsonNode& node, LayerWord kind, std::int32_t id,
                                      const Names& names) {
  const LayerWordInfo info = info_of(kind);
  if (info.least_inputs == 1 && !node.has("inputs")) return {id - 1};
  std::vector<std::int32_t> inputs;
  for (const JsonNode& item : node.at("inputs").items(info.least_inputs, info.most_inputs))
    inputs.push_back(read_input(item, names));
  return inputs;
}

/// What the inputs are, as far as the layers that make them say it.
void follow_inputs(const JsonNode& node, const std::vector<LayerConfig>& before, const Extent& images,
                   LayerConfig& layer) {
  const auto size_of = [](const Extent& extent) {
    return fmt::format("{} x {} x {}", extent.channels, extent.height, extent.width);
  };
  layer.unsigned_input = true;
  for (std::size_t i = 0; i < layer.inputs.size(); ++i) {
    const std::int32_t id = layer.inputs[i];
    const LayerConfig* maker = id == images_input ? nullptr : &before[static_cast<std::size_t>(id)];
    const Extent& extent = maker == nullptr ? images : maker->output;
    if (i == 0) layer.input = extent;
    if (extent != layer.input)
      throw node.at("inputs").items()[i].error("this input is {}; expected {}, as the first one",
                                               size_of(extent), size_of(layer.input));
    layer.unsigned_input &= maker != nullptr && maker->unsigned_output;
    layer.wants_input_gradient |=
        maker != nullptr && (maker->has_parameters() || maker->wants_input_gradient);
  }
}

bool is_never_negative(const LayerConfig& layer) {
  switch (info_of(layer.kind).sign) {
    case OutputSign::any:
      return false;
    case OutputSign::never_negative:
      return true;
    case OutputSign::as_the_inputs:
      return layer.unsigned_input;
  }
  return false;
}

/// The products' left operands with their borders.
void check_borders(const JsonNode& node, const LayerConfig& layer, const TrainingConfig& config) {
  const std::int64_t largest_batch = std::max(config.batch, config.evaluation_batch);
  for (const Phase phase : {Phase::forward, Phase::backward_data, Phase::backward_weight}) {
    if (!layer.wants_input_gradient && phase == Phase::backward_data) continue;
    const std::int64_t batch = phase == Phase::forward ? largest_batch : config.batch;
    if (const auto reason = why_not_lowered({phase, with_batch(layer.geometry, batch)}, most_left_words))
      throw node.error("{} of {} images: {}", traces::name_of(phase), batch, *reason);
  }
}

/// Tensors below 2^31 elements and, for a quantized layer, every product inside int32.
void check_bounds(const JsonNode& node, const LayerConfig& layer, const TrainingConfig& config) {
  const std::int64_t batch = std::max(config.batch, config.evaluation_batch);
  const std::int64_t largest = std::max(layer.input.elements(), layer.output.elements());
  if (largest > (element_limit - 1) / batch ||
      (layer.multiplies() && traces::weight_elements(layer.geometry) >= element_limit))
    throw node.error("a tensor of this layer has 2^31 elements or more");
  if (layer.precision != Precision::quantized) return;
  const ForwardRuleInfo forward = info_of(layer.quantize.forward);
  const bool quantizes_gradient = info_of(layer.quantize.gradient).rule.has_value();
  const traces::Encoding input = traces::encoding_of(input_rule(layer));
  constexpr auto weight = traces::Encoding::int4, gradient = traces::Encoding::fp4_e3m0;
  const Geometry geometry = with_batch(layer.geometry, config.batch);
  const auto require_exact = [&](Phase phase, traces::Encoding left, traces::Encoding right,
                                 unsigned samples) {
    if (const auto reason = traces::inexact_sum(gemm_size(phase, geometry), left, right, samples))
      throw node.error("{} of {} images: {}", traces::name_of(phase), config.batch, *reason);
  };
  if (forward.quantizes_input && forward.quantizes_weight) require_exact(Phase::forward, input, weight, 1);
  if (forward.quantizes_weight && quantizes_gradient)
    require_exact(Phase::backward_data, gradient, weight, 1);
  if (forward.quantizes_input && quantizes_gradient)
    require_exact(Phase::backward_weight, input, gradient, layer.quantize.samples);
}

LayerConfig read_layer(const JsonNode& node, const std::vector<LayerConfig>& before,
                       const TrainingConfig& config, Names& names) {
  const auto id = static_cast<std::int32_t>(before.size());
  LayerConfig layer;
  layer.kind = node.at("kind").one_of<LayerWord>();
  layer.inputs = read_inputs(node, layer.kind, id, names);  // before its own name is one of them
  if (layer.has_parameters() || node.has("name")) layer.name = read_layer_name(node.at("name"), id, names);
  follow_inputs(node, before, image_extent(config.data), layer);
  layer.output = layer.input;
  read_keys_of_kind(node, layer);
  if (layer.multiplies()) {
    layer.quantize = config.quantize;
    apply_rules(config.quantize, layer.name, layer.precision, layer.quantize);
  }
  layer.unsigned_output = is_never_negative(layer);
  check_bounds(node, layer, config);
  if (layer.multiplies()) check_borders(node, layer, config);
  node.reject_unread_keys();
  return layer;
}

void require_readers(const std::vector<JsonNode>& items, const std::vector<LayerConfig>& layers) {
  std::vector<bool> is_read(layers.size(), false);
  is_read.back() = true;  // the logits
  for (const LayerConfig& layer : layers)
    for (const std::int32_t input : layer.inputs)
      if (input != images_input) is_read[static_cast<std::size_t>(input)] = true;
  for (std::size_t id = 0; id < layers.size(); ++id)
    if (!is_read[id]) throw items[id].error("no layer reads this one; expected its name in some 'inputs'");
}

void check_network(const JsonNode& node, const std::vector<LayerConfig>& layers, std::int64_t classes) {
  if (quantizable_layers(layers).empty())
    throw node.error("no layer has parameters; expected a conv2d or a linear");
  const std::int64_t values = layers.back().output.elements();
  if (values != classes)
    throw node.error("the last layer gives {} values per sample; expected {}, one per class", values,
                     classes);
}

}  // namespace

std::vector<LayerConfig> read_layers(const JsonNode& node, const TrainingConfig& config) {
  std::vector<LayerConfig> layers;
  Names names;
  const std::vector<JsonNode> items = node.items(1, 1000);
  for (const JsonNode& item : items) layers.push_back(read_layer(item, layers, config, names));
  require_readers(items, layers);
  check_network(node, layers, config.data.classes);
  return layers;
}

std::vector<std::string> quantizable_layers(const std::vector<LayerConfig>& layers) {
  std::vector<std::string> names;
  for (const LayerConfig& layer : layers)
    if (layer.multiplies()) names.push_back(layer.name);
  return names;
}

}  // namespace quatrain::emu
