#include "emu/nn/training_layers.hpp"

#include "emu/gemm/lowering.hpp"
#include "traces/base/names.hpp"
#include "traces/format/record.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace quatrain::emu {
namespace {

using traces::Geometry;
using base::JsonNode;
using traces::Phase;

constexpr std::int64_t most_channels = 65'536;
constexpr std::int64_t most_kernel = 1'024;
constexpr std::int64_t element_limit = std::int64_t{1} << 31;  // a tensor of a trace has fewer

struct Pair {
  std::int64_t height = 0, width = 0;
};

/// One integer for both axes, or [height, width].
Pair read_pair(const JsonNode& node, std::int64_t least, std::int64_t most) {
  if (!node.is_array()) {
    const std::int64_t both = node.integer(least, most);
    return {both, both};
  }
  const auto items = node.items(2, 2);
  return {items[0].integer(least, most), items[1].integer(least, most)};
}

Pair read_pair_or(const JsonNode& layer, std::string_view key, std::int64_t least, Pair otherwise) {
  return layer.has(key) ? read_pair(layer.at(key), least, most_kernel) : otherwise;
}

std::string read_layer_name(const JsonNode& node, std::set<std::string>& names) {
  const std::string name = base::read_file_name(node);
  if (!names.insert(name).second) throw node.error("'{}' is the name of an earlier layer", name);
  return name;
}

void read_conv2d(const JsonNode& node, LayerConfig& layer) {
  const std::int64_t out_channels = node.at("out_channels").integer(1, most_channels);
  const Pair kernel = read_pair(node.at("kernel"), 1, most_kernel);
  const Pair stride = read_pair_or(node, "stride", 1, {1, 1});
  const Pair padding = read_pair_or(node, "padding", 0, {0, 0});
  const std::int64_t groups = node.has("groups") ? node.at("groups").integer(1, most_channels) : 1;
  const Extent& in = layer.input;
  if (in.channels % groups != 0 || out_channels % groups != 0)
    throw node.at("groups").error("{} groups do not divide {} input and {} output channels", groups,
                                  in.channels, out_channels);
  layer.geometry = {
      .batch = 1,
      .in_channels = in.channels,
      .height = in.height,
      .width = in.width,
      .out_channels = out_channels,
      .out_height = traces::output_size(in.height, kernel.height, stride.height, padding.height),
      .out_width = traces::output_size(in.width, kernel.width, stride.width, padding.width),
      .kernel_height = kernel.height,
      .kernel_width = kernel.width,
      .stride_height = stride.height,
      .stride_width = stride.width,
      .padding_height = padding.height,
      .padding_width = padding.width,
      .groups = groups};
  if (layer.geometry.out_height == 0 || layer.geometry.out_width == 0)
    throw node.at("kernel").error("kernel {}x{} with padding {}x{} does not fit an input of {}x{}",
                                  kernel.height, kernel.width, padding.height, padding.width, in.height,
                                  in.width);
  layer.output = {out_channels, layer.geometry.out_height, layer.geometry.out_width};
}

void read_linear(const JsonNode& node, LayerConfig& layer) {
  const std::int64_t out_features = node.at("out_features").integer(1, most_channels);
  layer.geometry = {.in_channels = layer.input.elements(), .out_channels = out_features};
  layer.output = {out_features, 1, 1};
}

/// The products' left operands with their borders. Nobody asks the first layer for its input's gradient.
void check_borders(const JsonNode& node, const LayerConfig& layer, bool is_first,
                   const TrainingConfig& config) {
  const std::int64_t largest_batch = std::max(config.batch, config.evaluation_batch);
  for (const Phase phase : {Phase::forward, Phase::backward_data, Phase::backward_weight}) {
    if (is_first && phase == Phase::backward_data) continue;
    const std::int64_t batch = phase == Phase::forward ? largest_batch : config.batch;
    if (const auto reason = why_not_lowered({phase, with_batch(layer.geometry, batch)}, most_left_words))
      throw node.error("{} of {} images: {}", traces::name_of(phase), batch, *reason);
  }
}

/// Tensors below 2^31 elements and, for a quantized layer, every product inside int32.
void check_bounds(const JsonNode& node, const LayerConfig& layer, const TrainingConfig& config) {
  const std::int64_t batch = std::max(config.batch, config.evaluation_batch);
  const std::int64_t largest = std::max(layer.input.elements(), layer.output.elements());
  if (largest > (element_limit - 1) / batch || traces::weight_elements(layer.geometry) >= element_limit)
    throw node.error("a tensor of this layer has 2^31 elements or more");
  if (layer.precision != Precision::quantized || config.quantize.forward == ForwardRule::none) return;
  const traces::Encoding input = traces::encoding_of(input_rule(layer));
  constexpr auto weight = traces::Encoding::int4, gradient = traces::Encoding::fp4_e3m0;
  const Geometry geometry = with_batch(layer.geometry, config.batch);
  const auto require_exact = [&](Phase phase, traces::Encoding left, traces::Encoding right,
                                 unsigned samples) {
    if (const auto reason = traces::inexact_sum(gemm_size(phase, geometry), left, right, samples))
      throw node.error("{} of {} images: {}", traces::name_of(phase), config.batch, *reason);
  };
  require_exact(Phase::forward, input, weight, 1);
  if (config.quantize.gradient == GradientRule::none) return;
  require_exact(Phase::backward_data, gradient, weight, 1);
  require_exact(Phase::backward_weight, input, gradient, config.quantize.samples);
}

LayerConfig read_layer(const JsonNode& node, const LayerConfig* before, const TrainingConfig& config,
                       std::set<std::string>& names) {
  LayerConfig layer;
  layer.kind = node.at("kind").one_of<LayerWord>();
  layer.input = before == nullptr ? image_extent : before->output;
  layer.unsigned_input = before != nullptr && info_of(before->kind).is_never_negative;
  layer.output = layer.input;
  if (layer.has_parameters()) {
    layer.name = read_layer_name(node.at("name"), names);
    layer.precision = node.at("precision").one_of<Precision>();
  }
  switch (layer.kind) {
    case LayerWord::conv2d:
      read_conv2d(node, layer);
      break;
    case LayerWord::linear:
      read_linear(node, layer);
      break;
    case LayerWord::relu:
      break;
  }
  if (layer.has_parameters()) {
    check_bounds(node, layer, config);
    check_borders(node, layer, names.size() == 1, config);
  }
  node.reject_unread_keys();
  return layer;
}

/// numerics.md section 5: the first and the last layer with parameters stay fp32.
void check_network(const JsonNode& node, const std::vector<JsonNode>& items,
                   const std::vector<LayerConfig>& layers) {
  const auto has_parameters = [](const LayerConfig& layer) { return layer.has_parameters(); };
  const auto first = std::find_if(layers.begin(), layers.end(), has_parameters);
  if (first == layers.end()) throw node.error("no layer has parameters; expected a conv2d or a linear");
  const auto last = std::find_if(layers.rbegin(), layers.rend(), has_parameters).base() - 1;
  for (const auto& [layer, word] : {std::pair{first, "first"}, std::pair{last, "last"}})
    if (layer->precision != Precision::fp32)
      throw items[static_cast<std::size_t>(layer - layers.begin())]
          .at("precision")
          .error("the {} layer with parameters stays fp32", word);
  const std::int64_t values = layers.back().output.elements();
  if (values != class_count)
    throw node.error("the last layer gives {} values per sample; expected {}, one per class", values,
                     class_count);
}

}  // namespace

std::vector<LayerConfig> read_layers(const JsonNode& node, const TrainingConfig& config) {
  std::vector<LayerConfig> layers;
  std::set<std::string> names;
  const std::vector<JsonNode> items = node.items(1, 1000);
  for (const JsonNode& item : items)
    layers.push_back(read_layer(item, layers.empty() ? nullptr : &layers.back(), config, names));
  check_network(node, items, layers);
  return layers;
}

nlohmann::ordered_json dump_layer(const LayerConfig& layer) {
  const Geometry& g = layer.geometry;
  const auto pair = [](std::int64_t height, std::int64_t width) {
    return nlohmann::ordered_json::array({height, width});
  };
  switch (layer.kind) {
    case LayerWord::conv2d:
      return {{"kind", name_of(layer.kind)},
              {"name", layer.name},
              {"out_channels", g.out_channels},
              {"kernel", pair(g.kernel_height, g.kernel_width)},
              {"stride", pair(g.stride_height, g.stride_width)},
              {"padding", pair(g.padding_height, g.padding_width)},
              {"groups", g.groups},
              {"precision", name_of(layer.precision)}};
    case LayerWord::linear:
      return {{"kind", name_of(layer.kind)},
              {"name", layer.name},
              {"out_features", g.out_channels},
              {"precision", name_of(layer.precision)}};
    case LayerWord::relu:
      break;
  }
  return {{"kind", name_of(layer.kind)}};
}

}  // namespace quatrain::emu
