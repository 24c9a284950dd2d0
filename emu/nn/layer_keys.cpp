#include "emu/nn/layer_keys.hpp"

#include <algorithm>
#include <string_view>

namespace quatrain::emu {
namespace {

using base::JsonNode;
using nlohmann::ordered_json;
using traces::Geometry;

constexpr std::int64_t most_channels = 65'536;
constexpr std::int64_t most_kernel = 1'024;

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

/// The windows of a conv2d or a pooling over its input.
struct Windows {
  Pair kernel, stride, padding;
};

void set_windows(const JsonNode& node, const Windows& windows, std::int64_t out_channels, std::int64_t groups,
                 LayerConfig& layer) {
  const auto& [kernel, stride, padding] = windows;
  const Extent& in = layer.input;
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

void read_bias(const JsonNode& node, LayerConfig& layer) {
  if (node.has("bias")) layer.has_bias = node.at("bias").boolean();
}

void read_conv2d(const JsonNode& node, LayerConfig& layer) {
  layer.precision = node.at("precision").one_of<Precision>();
  const std::int64_t out_channels = node.at("out_channels").integer(1, most_channels);
  const Pair kernel = read_pair(node.at("kernel"), 1, most_kernel);
  const Pair stride = read_pair_or(node, "stride", 1, {1, 1});
  const Pair padding = read_pair_or(node, "padding", 0, {0, 0});
  const std::int64_t groups = node.has("groups") ? node.at("groups").integer(1, most_channels) : 1;
  if (layer.input.channels % groups != 0 || out_channels % groups != 0)
    throw node.at("groups").error("{} groups do not divide {} input and {} output channels", groups,
                                  layer.input.channels, out_channels);
  set_windows(node, {kernel, stride, padding}, out_channels, groups, layer);
  read_bias(node, layer);
}

void read_linear(const JsonNode& node, LayerConfig& layer) {
  layer.precision = node.at("precision").one_of<Precision>();
  const std::int64_t out_features = node.at("out_features").integer(1, most_channels);
  layer.geometry = {.in_channels = layer.input.elements(), .out_channels = out_features};
  layer.output = {out_features, 1, 1};
  read_bias(node, layer);
}

void read_batch_norm(const JsonNode& node, LayerConfig& layer) {
  if (node.has("epsilon")) layer.epsilon = node.at("epsilon").number(1e-12, 1);
  if (node.has("momentum")) layer.momentum = node.at("momentum").number(0, 1);
}

/// The stride is the kernel unless it is given. A smaller padding leaves every window an element.
void read_pooling(const JsonNode& node, LayerConfig& layer) {
  const Pair kernel = read_pair(node.at("kernel"), 1, most_kernel);
  const Pair stride = read_pair_or(node, "stride", 1, kernel);
  const Pair padding = read_pair_or(node, "padding", 0, {0, 0});
  if (padding.height >= kernel.height || padding.width >= kernel.width)
    throw node.at("padding").error("padding {}x{}; expected less than the kernel of {}x{}", padding.height,
                                   padding.width, kernel.height, kernel.width);
  set_windows(node, {kernel, stride, padding}, layer.input.channels, layer.input.channels, layer);
}

ordered_json pair_of(std::int64_t height, std::int64_t width) { return ordered_json::array({height, width}); }

void dump_windows(const Geometry& g, ordered_json& json) {
  json["kernel"] = pair_of(g.kernel_height, g.kernel_width);
  json["stride"] = pair_of(g.stride_height, g.stride_width);
  json["padding"] = pair_of(g.padding_height, g.padding_width);
}

/// What stands behind kind, name and inputs.
void dump_keys_of_kind(const LayerConfig& layer, ordered_json& json) {
  switch (layer.kind) {
    case LayerWord::conv2d:
      json["out_channels"] = layer.geometry.out_channels;
      dump_windows(layer.geometry, json);
      json["groups"] = layer.geometry.groups;
      if (!layer.has_bias) json["bias"] = false;
      json["precision"] = name_of(layer.precision);
      break;
    case LayerWord::linear:
      json["out_features"] = layer.geometry.out_channels;
      if (!layer.has_bias) json["bias"] = false;
      json["precision"] = name_of(layer.precision);
      break;
    case LayerWord::batch_norm:
      json["epsilon"] = layer.epsilon;
      json["momentum"] = layer.momentum;
      break;
    case LayerWord::max_pool:
    case LayerWord::avg_pool:
      dump_windows(layer.geometry, json);
      break;
    case LayerWord::dropout:
      json["rate"] = layer.rate;
      break;
    case LayerWord::relu:
    case LayerWord::add:
    case LayerWord::global_avg_pool:
      break;
  }
}

}  // namespace

void read_keys_of_kind(const JsonNode& node, LayerConfig& layer) {
  switch (layer.kind) {
    case LayerWord::conv2d:
      read_conv2d(node, layer);
      break;
    case LayerWord::linear:
      read_linear(node, layer);
      break;
    case LayerWord::batch_norm:
      read_batch_norm(node, layer);
      break;
    case LayerWord::max_pool:
    case LayerWord::avg_pool:
      read_pooling(node, layer);
      break;
    case LayerWord::global_avg_pool:
      layer.output = {layer.input.channels, 1, 1};
      break;
    case LayerWord::dropout:
      layer.rate = node.at("rate").number(0, 0.99);
      break;
    case LayerWord::relu:
    case LayerWord::add:
      break;
  }
}

/// Inputs are written where they are not the layer before.
ordered_json dump_layer(const std::vector<LayerConfig>& layers, std::int32_t id) {
  const LayerConfig& layer = layers[static_cast<std::size_t>(id)];
  ordered_json json = {{"kind", name_of(layer.kind)}};
  if (!layer.name.empty()) json["name"] = layer.name;
  if (layer.inputs != std::vector{id - 1}) {
    ordered_json names = ordered_json::array();
    for (const std::int32_t input : layer.inputs)
      names.push_back(input == images_input ? std::string(images_word)
                                            : layers[static_cast<std::size_t>(input)].name);
    json["inputs"] = names;
  }
  dump_keys_of_kind(layer, json);
  return json;
}

}  // namespace quatrain::emu
