/// The experiment's file: what it means, and what is refused, by the reader and by the schema alike.
#include "sim/experiment/experiment.hpp"

#include "tests/support/folder.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/message_of.hpp"
#include "traces/base/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace quatrain::sim::experiment {
namespace {

using nlohmann::json;
using testing::ElementsAre;

json small() {
  return {{"name", "e"},
          {"config", "demo_quick"},
          {"seeds", {3, 1}},
          {"set", {{"epochs", 2}}},
          {"baseline", "b"},
          {"variants",
           {{{"name", "a"},
             {"title", "A!"},
             {"set", {{"quantize.samples", 4}, {"layers.2.kernel", {1, 1}}, {"layers.2.padding", 0}}}},
            {{"name", "b"}, {"quantize", "nearest"}, {"set", {{"quantize.alpha", "pow2"}}}}}}};
}
Experiment read(const json& text) { return read_experiment(base::JsonNode::parse(text.dump(), "e.json")); }

TEST(ExperimentFile, SaysVariantsSeedsAndBaseline) {
  const Experiment experiment = read(small());
  EXPECT_EQ(experiment.name, "e");
  EXPECT_EQ(experiment.config, "demo_quick");
  EXPECT_THAT(experiment.seeds, ElementsAre(3U, 1U));
  ASSERT_EQ(experiment.variants.size(), 2U);
  EXPECT_EQ(experiment.variants[0].title, "A!");
  EXPECT_EQ(experiment.variants[1].title, "b");
  EXPECT_EQ(experiment.baseline, 1U);
  json text = small();
  text.erase("baseline");
  EXPECT_EQ(read(text).baseline, 0U) << "the first";
}

TEST(ExperimentFile, EachRunHasTheConfigOfItsVariantAndSeed) {
  const Experiment experiment = read(small());
  const emu::TrainingConfig a = config_of(experiment, experiment.variants[0], 9);
  EXPECT_EQ(a.seed, 9U);
  EXPECT_EQ(a.epochs, 2);
  EXPECT_EQ(a.quantize.samples, 4U);
  const emu::TrainingConfig b = config_of(experiment, experiment.variants[1], 9);
  EXPECT_EQ(b.quantize.gradient, emu::GradientRule::nearest);
  EXPECT_EQ(b.quantize.alpha, traces::Alpha::pow2);
  EXPECT_EQ(b.epochs, 2);
}

TEST(ExperimentFile, TheCommandsOfItsRuns) {
  const Experiment experiment = read(small());
  const std::vector<Cell> cells = cells_of(experiment);
  ASSERT_EQ(cells.size(), 4U);
  std::vector<std::pair<std::size_t, std::uint32_t>> order;
  for (const Cell& cell : cells) order.emplace_back(cell.variant, cell.seed);
  EXPECT_THAT(order, ElementsAre(std::pair(0U, 3U), std::pair(1U, 3U), std::pair(0U, 1U), std::pair(1U, 1U)));
  EXPECT_EQ(run_directory_of("out", experiment, cells[3]), "out/b/seed_1");
  EXPECT_THAT(train_words(experiment, cells[3], "out/b/seed_1"),
              ElementsAre("train", "demo_quick", "--set", "epochs=2", "--set", "quantize.alpha=pow2",
                          "--quantize", "nearest", "--seed", "1", "--out", "out/b/seed_1"));
}

TEST(ExperimentFile, AConfigFileCountsFromItsFolder) {
  const tests::Folder folder;
  base::write_whole_file(folder / "net.json", R"({"name": 1})");
  json text = small();
  text["config"] = "net.json";
  base::write_whole_file(folder / "e.json", text.dump());
  EXPECT_EQ(
      tests::message_of([&] { read_experiment(base::JsonNode::read(folder / "e.json")); }),
      (folder / "e.json").string() +
          ": /variants/0: with --set epochs=2 --set layers.2.kernel=[1,1] --set layers.2.padding=0 --set "
          "quantize.samples=4: " +
          (folder / "net.json").string() + ": /name: found 1; expected a string");
}

/// What the reader and a schema validator refuse alike: the pointer, and the value that goes there.
TEST(ExperimentFile, ReaderAndSchemaRefuseTheSame) {
  const tests::JsonSchema schema("experiment");
  EXPECT_EQ(schema.complaint(small().dump()), "");
  for (const auto& [pointer, value] :
       std::vector<std::pair<std::string, json>>{{"/name", ".hidden"},
                                                 {"/name", ""},
                                                 {"/config", ""},
                                                 {"/config", 1},
                                                 {"/seeds", json::array()},
                                                 {"/seeds", {1, 1}},
                                                 {"/seeds", {-1}},
                                                 {"/seeds", {4294967296}},
                                                 {"/seeds", {"1"}},
                                                 {"/set", 1},
                                                 {"/variants", json::array()},
                                                 {"/variants/0/name", "a/b"},
                                                 {"/variants/0/title", ""},
                                                 {"/variants/0/title", std::string(61, 'x')},
                                                 {"/variants/1/quantize", "best"},
                                                 {"/variants/0/seed", 1},
                                                 {"/seed", 1}}) {
    json text = small();
    text[json::json_pointer(pointer)] = value;
    EXPECT_NE(schema.complaint(text.dump()), "") << pointer << " " << value;
    EXPECT_THROW(read(text), base::Error) << pointer << " " << value;
  }
  for (const char* key : {"name", "config", "seeds", "variants"}) {
    json text = small();
    text.erase(key);
    EXPECT_NE(schema.complaint(text.dump()), "") << key;
    EXPECT_THROW(read(text), base::Error) << key;
  }
}

std::string refusal(const std::string& pointer, const json& value) {
  json text = small();
  text[json::json_pointer(pointer)] = value;
  return tests::message_of([&] { read(text); });
}

TEST(ExperimentFile, WhatOnlyTheReaderKnowsIsNamed) {
  EXPECT_EQ(refusal("/baseline", "c"), "e.json: /baseline: found 'c'; expected the name of a variant");
  EXPECT_EQ(refusal("/variants/1/name", "a"),
            "e.json: /variants/1: 'a' stands twice; expected a name and a title of its own");
  EXPECT_EQ(refusal("/seeds", {1, 2, 1}), "e.json: /seeds/2: found 1 again; expected another seed");
  EXPECT_EQ(
      refusal("/variants/0/set", {{"quantize.samples", 17}}),
      "e.json: /variants/0: with --set epochs=2 --set quantize.samples=17: "
      "configs/training/demo_quick.json: /quantize/samples: found 17; expected an integer from 1 to 16");
}

TEST(ExperimentFile, TheEmbeddedOneIsValid) {
  const base::JsonNode node = open_config("demo_recipes", ConfigKind::experiment);
  EXPECT_EQ(read_experiment(node).variants.size(), 5U);
  EXPECT_EQ(
      tests::JsonSchema("experiment").complaint(config_text("demo_recipes", ConfigKind::experiment).text),
      "");
}

}  // namespace
}  // namespace quatrain::sim::experiment
