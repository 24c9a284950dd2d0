#include "emu/nn/training_data.hpp"

#include "emu/nn/training_config.hpp"
#include "tests/emu/nn/tiny_config.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/message_of.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace quatrain::emu {
namespace {

using nlohmann::ordered_json;
using tests::JsonSchema;
using tests::message_of;
using tests::tiny_config_text;

std::string complaint(const std::string& text) {
  const std::string message =
      message_of([&] { read_training_config(base::JsonNode::parse(text, "c.json")); });
  return message == "nothing was thrown" ? "" : message;
}

DataConfig read_data_of(const ordered_json& data) {
  return read_data(base::JsonNode::parse(data.dump(), "c.json"));
}

TEST(DataConfigs, OfEveryKindAreWrittenAndReadBack) {
  const ordered_json folder = {{"kind", "image_folder"},
                               {"size", {3, 8, 9}},
                               {"classes", 12},
                               {"mean", {0.1, 0.2, 0.3}},
                               {"std", 0.5},
                               {"train_images", 7},
                               {"test_images", "all"},
                               {"resize", 10},
                               {"augmentation", {{"shift", 1}, {"flip", true}, {"crop", true}}}};
  EXPECT_EQ(dump_data(read_data_of(folder)), folder);
  const ordered_json idx = {{"kind", "idx"}, {"size", {2, 5, 6}},     {"classes", 3},        {"mean", 0},
                            {"std", {1, 2}}, {"train_images", "all"}, {"test_images", "all"}};
  EXPECT_EQ(dump_data(read_data_of(idx)), idx);
  for (const char* kind : {"cifar10", "cifar100"}) {
    const ordered_json cifar = {
        {"kind", kind}, {"mean", 0.5}, {"std", 0.25}, {"train_images", "all"}, {"test_images", 5}};
    const DataConfig read = read_data_of(cifar);
    EXPECT_EQ(dump_data(read), cifar);
    EXPECT_EQ(read.size, (ImageSize{3, 32, 32}));
    EXPECT_EQ(read.classes, kind == std::string("cifar10") ? 10 : 100);
  }
}

TEST(DataConfigs, SchemaGivesTheSameVerdicts) {
  const auto verdict = [](const std::string& pointer, const ordered_json& value) {
    ordered_json json = ordered_json::parse(tiny_config_text);
    json["data"] = {
        {"kind", "image_folder"}, {"size", {1, 28, 28}}, {"classes", 10}, {"mean", 0.5}, {"std", 0.5}};
    json["data"][ordered_json::json_pointer(pointer)] = value;
    const std::string said = complaint(json.dump());
    EXPECT_EQ(JsonSchema("training").complaint(json.dump()).empty(), said.empty()) << pointer << ": " << said;
    return said;
  };
  EXPECT_EQ(verdict("/resize", 32), "");
  EXPECT_EQ(verdict("/augmentation", {{"crop", true}}), "");
  EXPECT_EQ(verdict("/classes", 1), "c.json: /data/classes: found 1; expected an integer from 2 to 65536");
  EXPECT_EQ(verdict("/size", {1, 28}), "c.json: /data/size: found 2 items; expected 3");
  EXPECT_EQ(verdict("/size", {5, 28, 28}), "c.json: /data/size/0: found 5; expected an integer from 1 to 4");
  EXPECT_EQ(verdict("/resize", 0), "c.json: /data/resize: found 0; expected an integer from 28 to 16384");
  EXPECT_EQ(
      verdict("/kind", "cifar10"),
      "c.json: /data/size: unknown key; expected 'kind', 'mean', 'std', 'train_images', 'test_images' or "
      "'augmentation'");
}

TEST(DataConfigs, OnlyTheReaderJudges) {
  const auto said = [](const ordered_json& change) {
    ordered_json data = {
        {"kind", "image_folder"}, {"size", {3, 28, 20}}, {"classes", 10}, {"mean", 0.5}, {"std", 0.5}};
    data.update(change);
    return message_of([&] { read_data_of(data); });
  };
  EXPECT_EQ(said({{"resize", 27}}), "c.json: /resize: found 27; expected an integer from 28 to 16384");
  EXPECT_EQ(said({{"size", {2, 8, 8}}}),
            "c.json: /size/0: found 2 channels; expected 1 (grey) or 3 (red, green, blue)");
  EXPECT_EQ(said({{"mean", {0.1, 0.2}}}), "c.json: /mean: found 2 items; expected 3");
  EXPECT_EQ(said({{"augmentation", {{"shift", 20}}}}),
            "c.json: /augmentation/shift: found 20; expected an integer from 0 to 19");
}

TEST(DataConfigs, TheNetworkFollowsSizeAndClasses) {
  ordered_json json = ordered_json::parse(tiny_config_text);
  json["data"] = {{"kind", "cifar100"}, {"mean", 0.5}, {"std", 0.5}};
  EXPECT_EQ(complaint(json.dump()),
            "c.json: /layers: the last layer gives 10 values per sample; expected 100, one per class");
  json["layers"][7]["out_features"] = 100;
  const TrainingConfig config = read_training_config(base::JsonNode::parse(json.dump(), "c.json"));
  EXPECT_EQ(config.layers[0].input, (Extent{3, 32, 32}));
}

}  // namespace
}  // namespace quatrain::emu
