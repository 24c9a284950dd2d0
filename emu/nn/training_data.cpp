#include "emu/nn/training_data.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace quatrain::emu {
namespace {

using base::JsonNode;

constexpr std::int64_t most_images = 2'147'483'647;
constexpr std::int64_t most_pixels = 16'384;     // of a side
constexpr std::int64_t most_byte_classes = 256;  // a label of an IDX file is a byte
constexpr std::int64_t most_classes = 65'536;    // as many as a layer has channels at most
constexpr std::array<std::string_view, 1> set_words = {"fashion_mnist"};
constexpr std::array<std::string_view, 4> kind_words = {name_of(DataKind::idx), name_of(DataKind::cifar10),
                                                        name_of(DataKind::cifar100),
                                                        name_of(DataKind::image_folder)};

DataKind read_kind(const JsonNode& node) {
  if (node.has("kind")) return base::named<DataKind>(kind_words[node.at("kind").one_of(kind_words)]).value();
  node.at("set").one_of(set_words);
  return DataKind::fashion_mnist;
}

void read_size(const JsonNode& node, DataConfig& data) {
  const DataKindInfo info = info_of(data.kind);
  if (info.size) {
    data.size = *info.size;
    data.classes = info.classes.value();
    return;
  }
  const std::vector<JsonNode> sizes = node.at("size").items(3, 3);
  data.size = {sizes[0].integer(1, 4), sizes[1].integer(1, most_pixels), sizes[2].integer(1, most_pixels)};
  if (info.may_resize && data.size.channels != 1 && data.size.channels != 3)
    throw sizes[0].error("found {} channels; expected 1 (grey) or 3 (red, green, blue)", data.size.channels);
  data.classes = node.at("classes").integer(2, info.may_resize ? most_classes : most_byte_classes);
}

/// One number for all channels, or one for each.
std::vector<double> read_channels(const JsonNode& node, double least, double most, std::int64_t channels) {
  if (!node.is_array()) return {node.number(least, most)};
  std::vector<double> all;
  const auto count = static_cast<std::size_t>(channels);
  for (const JsonNode& one : node.items(count, count)) all.push_back(one.number(least, most));
  return all;
}

std::optional<std::int64_t> read_limit(const JsonNode& data, std::string_view key) {
  if (!data.has(key)) return std::nullopt;
  const JsonNode node = data.at(key);
  if (!node.is_string()) return node.integer(1, most_images);
  if (node.string() != "all")
    throw node.error("found '{}'; expected 'all' or a number of images", base::printable(node.string()));
  return std::nullopt;
}

Augmentation read_augmentation(const JsonNode& node, const DataConfig& data) {
  Augmentation augmentation;
  if (node.has("shift"))
    augmentation.shift = node.at("shift").integer(0, std::min(data.size.height, data.size.width) - 1);
  if (node.has("flip")) augmentation.flip = node.at("flip").boolean();
  if (info_of(data.kind).may_resize && node.has("crop")) augmentation.crop = node.at("crop").boolean();
  node.reject_unread_keys();
  return augmentation;
}

nlohmann::ordered_json dump_limit(const std::optional<std::int64_t>& limit) {
  if (limit) return *limit;
  return "all";
}

nlohmann::ordered_json dump_channels(const std::vector<double>& values) {
  if (values.size() == 1) return values.front();
  return values;
}

}  // namespace

DataConfig read_data(const JsonNode& node) {
  DataConfig data;
  data.kind = read_kind(node);
  const bool may_resize = info_of(data.kind).may_resize;
  read_size(node, data);
  data.mean = read_channels(node.at("mean"), 0, 1, data.size.channels);
  data.std = read_channels(node.at("std"), 0.001, 1000, data.size.channels);
  data.train_images = read_limit(node, "train_images");
  data.test_images = read_limit(node, "test_images");
  if (may_resize && node.has("resize"))
    data.resize = node.at("resize").integer(std::max(data.size.height, data.size.width), most_pixels);
  if (node.has("augmentation")) data.augmentation = read_augmentation(node.at("augmentation"), data);
  node.reject_unread_keys();
  return data;
}

nlohmann::ordered_json dump_data(const DataConfig& data) {
  const DataKindInfo info = info_of(data.kind);
  nlohmann::ordered_json json;
  json[data.kind == DataKind::fashion_mnist ? "set" : "kind"] = info.word;
  if (!info.size) {
    json["size"] = {data.size.channels, data.size.height, data.size.width};
    json["classes"] = data.classes;
  }
  json["mean"] = dump_channels(data.mean);
  json["std"] = dump_channels(data.std);
  json["train_images"] = dump_limit(data.train_images);
  json["test_images"] = dump_limit(data.test_images);
  if (data.resize) json["resize"] = *data.resize;
  const Augmentation& augmentation = data.augmentation;
  if (augmentation == Augmentation{}) return json;
  json["augmentation"] = {{"shift", augmentation.shift}, {"flip", augmentation.flip}};
  if (info.may_resize) json["augmentation"]["crop"] = augmentation.crop;
  return json;
}

}  // namespace quatrain::emu
