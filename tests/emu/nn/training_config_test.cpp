#include "emu/nn/training_config.hpp"

#include "emu/nn/network.hpp"
#include "tests/emu/nn/residual_config.hpp"
#include "tests/emu/nn/tiny_config.hpp"
#include "tests/support/json_change.hpp"
#include "tests/support/json_schema.hpp"
#include "tests/support/message_of.hpp"
#include "traces/base/files.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace quatrain::emu {
namespace {

using nlohmann::ordered_json;
using tests::JsonChange;
using tests::JsonSchema;
using tests::message_of;
using tests::removed;
using tests::tiny_config_text;

std::string complaint(const std::string& text) {
  const std::string message =
      message_of([&] { read_training_config(base::JsonNode::parse(text, "c.json")); });
  return message == "nothing was thrown" ? "" : message;
}

std::string changed(const JsonChange& change) {
  return tests::changed(ordered_json::parse(tiny_config_text), change);
}

/// Changes of the tiny config.
const std::vector<JsonChange>& changes() {
  static const ordered_json step = {{"schedule", "step"}, {"from", 0.1}, {"factor", 0.5}, {"every", 2}};
  static const ordered_json nearest = {{"forward", "sawb"}, {"gradient", "nearest"}};
  static const ordered_json none = {{"forward", "none"}, {"gradient", "none"}};
  const auto with = [](ordered_json json, const std::string& key, const ordered_json& value) {
    json[key] = value;
    return json;
  };
  static const std::vector<JsonChange> all = {
      {"/name", "A-z_0.9", ""},
      {"/name", removed, "c.json: /: the key 'name' is missing"},
      {"/name", 7, "c.json: /name: found 7; expected a string"},
      {"/name", "", "c.json: /name: found a string of 0 bytes; expected from 1 to 100"},
      {"/name", std::string(101, 'x'), "c.json: /name: found a string of 101 bytes; expected from 1 to 100"},
      {"/name", "../x",
       "c.json: /name: found '../x'; expected characters of A-Z a-z 0-9 _ . -, no dot in front"},
      {"/nam", 1, "c.json: /nam: unknown key; did you mean 'name'?"},
      {"/data", 3, "c.json: /data: found 3; expected an object"},
      {"/data/kind", "mnist",
       "c.json: /data/kind: found 'mnist'; expected 'idx', 'cifar10', 'cifar100' or 'image_folder'"},
      {"/data/augmentation", {{"shift", 2}, {"flip", true}}, ""},
      {"/data/augmentation",
       {{"shift", -1}},
       "c.json: /data/augmentation/shift: found -1; expected an integer from 0 to 27"},
      {"/data/augmentation",
       {{"flip", 1}},
       "c.json: /data/augmentation/flip: found 1; expected true or false"},
      {"/data/augmentation",
       {{"crop", true}},
       "c.json: /data/augmentation/crop: unknown key; expected 'shift' or 'flip'"},
      {"/data/mean", {0.5}, ""},
      {"/data/set", "mnist", "c.json: /data/set: found 'mnist'; expected 'fashion_mnist'"},
      {"/data/mean", removed, "c.json: /data: the key 'mean' is missing"},
      {"/data/mean", 1.5, "c.json: /data/mean: found 1.5; expected a number from 0 to 1"},
      {"/data/mean", 0, ""},
      {"/data/std", 0, "c.json: /data/std: found 0; expected a number from 0.001 to 1000"},
      {"/data/std", "1", "c.json: /data/std: found '1'; expected a number from 0.001 to 1000"},
      {"/data/train_images", 100, ""},
      {"/data/train_images", "all", ""},
      {"/data/train_images", 0,
       "c.json: /data/train_images: found 0; expected an integer from 1 to 2147483647"},
      {"/data/test_images", "half",
       "c.json: /data/test_images: found 'half'; expected 'all' or a number of images"},
      {"/data/folder", "x",
       "c.json: /data/folder: unknown key; expected 'set', 'mean', 'std', 'kind', 'train_images', "
       "'test_images' or "
       "'augmentation'"},
      {"/seed", 4294967295, ""},
      {"/seed", 4294967296, "c.json: /seed: found 4294967296; expected an integer from 0 to 4294967295"},
      {"/seed", -1, "c.json: /seed: found -1; expected an integer from 0 to 4294967295"},
      {"/seed", nullptr, "c.json: /seed: found null; expected an integer from 0 to 4294967295"},
      {"/epochs", 0, "c.json: /epochs: found 0; expected an integer from 1 to 100000"},
      {"/epochs", 1.5, "c.json: /epochs: found 1.5; expected an integer from 1 to 100000"},
      {"/batch", 20000, ""},
      {"/batch", 65537, "c.json: /batch: found 65537; expected an integer from 1 to 65536"},
      {"/evaluation_batch", 0, "c.json: /evaluation_batch: found 0; expected an integer from 1 to 65536"},
      {"/optimizer/kind", "adam", "c.json: /optimizer/kind: found 'adam'; expected 'sgd'"},
      {"/optimizer/momentum", 1.1, "c.json: /optimizer/momentum: found 1.1; expected a number from 0 to 1"},
      {"/optimizer/weight_decay", removed, "c.json: /optimizer: the key 'weight_decay' is missing"},
      {"/optimizer/weight_decay", -0.1,
       "c.json: /optimizer/weight_decay: found -0.1; expected a number from 0 to 1"},
      {"/optimizer/nesterov", true,
       "c.json: /optimizer/nesterov: unknown key; expected 'kind', 'momentum' or 'weight_decay'"},
      {"/learning_rate", step, ""},
      {"/learning_rate", with(step, "to", 0),
       "c.json: /learning_rate/to: unknown key; expected 'schedule', 'from', 'factor', 'every', "
       "'warmup_epochs' or 'warmup_steps'"},
      {"/learning_rate", with(step, "every", 0),
       "c.json: /learning_rate/every: found 0; expected an integer from 1 to 100000"},
      {"/learning_rate", with(step, "factor", 2),
       "c.json: /learning_rate/factor: found 2; expected a number from 0 to 1"},
      {"/learning_rate/schedule", "cosine", ""},
      {"/learning_rate/schedule", "exponential",
       "c.json: /learning_rate/schedule: found 'exponential'; expected 'linear', 'step', 'cosine' or "
       "'triangular'"},
      {"/learning_rate/schedule", "triangular", "c.json: /learning_rate: the key 'peak' is missing"},
      {"/learning_rate", {{"schedule", "triangular"}, {"from", 0}, {"peak", 0.1}}, ""},
      {"/learning_rate",
       {{"schedule", "triangular"}, {"from", 0}, {"peak", 101}},
       "c.json: /learning_rate/peak: found 101; expected a number from 0 to 100"},
      {"/learning_rate/warmup_steps", 7, ""},
      {"/learning_rate/warmup_epochs", 2, ""},
      {"/learning_rate/warmup_epochs", 0,
       "c.json: /learning_rate/warmup_epochs: found 0; expected an integer from 1 to 2"},
      {"/learning_rate", with(with(step, "warmup_epochs", 1), "warmup_steps", 5),
       "c.json: /learning_rate/warmup_steps: stands beside 'warmup_epochs'; expected one of the two"},
      {"/learning_rate/from", 101, "c.json: /learning_rate/from: found 101; expected a number from 0 to 100"},
      {"/learning_rate/to", removed, "c.json: /learning_rate: the key 'to' is missing"},
      {"/learning_rate/factor", 0.5,
       "c.json: /learning_rate/factor: unknown key; expected 'schedule', 'from', 'to', 'warmup_epochs' or "
       "'warmup_steps'"},
      {"/quantize", nearest, ""},
      {"/quantize", with(nearest, "alpha", "pow2"), ""},
      {"/quantize", with(nearest, "samples", 2),
       "c.json: /quantize/samples: unknown key; expected 'forward', 'gradient', 'alpha', 'maximum', "
       "'accumulator' or "
       "'rules'"},
      {"/quantize", none, ""},
      {"/quantize", with(none, "forward", "sawb"), ""},
      {"/quantize", with(none, "alpha", "exact"),
       "c.json: /quantize/alpha: unknown key; expected 'forward', 'gradient', 'accumulator' or 'rules'"},
      {"/quantize", with(none, "forward", "sawb_weight"), ""},
      {"/quantize", {{"forward", "paper_code"}, {"gradient", "paper_code"}, {"samples", 2}}, ""},
      {"/quantize",
       {{"forward", "paper_code"}, {"gradient", "paper_code"}, {"random_bits", 16}},
       "c.json: /quantize/random_bits: unknown key; expected 'forward', 'gradient', 'samples', 'accumulator' "
       "or "
       "'rules'"},
      {"/quantize/forward", "int8",
       "c.json: /quantize/forward: found 'int8'; expected 'sawb', 'sawb_weight', 'paper_code' or 'none'"},
      {"/quantize/gradient", "Luq",
       "c.json: /quantize/gradient: found 'Luq'; expected 'luq', 'nearest', 'paper_code' or 'none'"},
      {"/quantize/random_bits", removed, ""},
      {"/quantize/random_bits", 4, ""},
      {"/quantize/random_bits", 5, "c.json: /quantize/random_bits: found 5; expected 4, 8 or 16"},
      {"/quantize/random_bits", 32,
       "c.json: /quantize/random_bits: found 32; expected an integer from 4 to 16"},
      {"/quantize/alpha", "pow2", ""},
      {"/quantize/maximum", "hindsight", ""},
      {"/quantize/maximum", "known",
       "c.json: /quantize/maximum: found 'known'; expected 'measured' or 'hindsight'"},
      {"/quantize/alpha", "pow3", "c.json: /quantize/alpha: found 'pow3'; expected 'exact' or 'pow2'"},
      {"/quantize/accumulator", ordered_json{{"int", 32}}, ""},
      {"/quantize/accumulator", ordered_json{{"int", 8}, {"overflow", "wrap"}}, ""},
      {"/quantize/accumulator", ordered_json{{"int", 16}},
       "c.json: /quantize/accumulator/int: found 16 without 'overflow' beside it; expected 'wrap' or "
       "'saturate' "
       "there, or 32: sums may leave 16 bits"},
      {"/quantize/accumulator", ordered_json{{"float", 16}, {"overflow", "infinity"}, {"chunk", 64}}, ""},
      {"/quantize/accumulator", ordered_json{{"float", 32}}, ""},
      {"/quantize/accumulator", ordered_json{{"float", 31}},
       "c.json: /quantize/accumulator/float: found 31; expected 16 or 32"},
      {"/quantize/accumulator", ordered_json{{"int", 7}, {"overflow", "wrap"}},
       "c.json: /quantize/accumulator/int: found 7; expected an integer from 8 to 32"},
      {"/quantize/samples", 16, ""},
      {"/quantize/samples", 17, "c.json: /quantize/samples: found 17; expected an integer from 1 to 16"},
      {"/quantize/samples", 0, "c.json: /quantize/samples: found 0; expected an integer from 1 to 16"},
      {"/layers", ordered_json::array(), "c.json: /layers: found 0 items; expected from 1 to 1000"},
      {"/layers", ordered_json::object(), "c.json: /layers: found an object; expected an array"},
      {"/layers/1/kind", "gelu",
       "c.json: /layers/1/kind: found 'gelu'; expected 'conv2d', 'linear', 'relu', 'batch_norm', 'add', "
       "'max_pool', 'avg_pool', 'global_avg_pool' or 'dropout'"},
      {"/layers/1/name", "r", ""},
      {"/layers/1/nam", "r", "c.json: /layers/1/nam: unknown key; did you mean 'name'?"},
      {"/layers/1/inputs", {"conv1"}, ""},
      {"/layers/1/inputs", ordered_json::array(), "c.json: /layers/1/inputs: found 0 items; expected 1"},
      {"/layers/1/inputs", {"conv1", "conv1"}, "c.json: /layers/1/inputs: found 2 items; expected 1"},
      {"/layers/1/inputs", "conv1", "c.json: /layers/1/inputs: found 'conv1'; expected an array"},
      {"/layers/1", {{"kind", "add"}, {"inputs", {"conv1", "conv1"}}}, ""},
      {"/layers/1", {{"kind", "add"}}, "c.json: /layers/1: the key 'inputs' is missing"},
      {"/layers/1",
       {{"kind", "add"}, {"inputs", {"conv1"}}},
       "c.json: /layers/1/inputs: found 1 items; expected from 2 to 16"},
      {"/layers/1", {{"kind", "batch_norm"}, {"name", "bn1"}}, ""},
      {"/layers/1", {{"kind", "batch_norm"}}, "c.json: /layers/1: the key 'name' is missing"},
      {"/layers/1", {{"kind", "batch_norm"}, {"name", "bn1"}, {"epsilon", 0.001}, {"momentum", 0.01}}, ""},
      {"/layers/1",
       {{"kind", "batch_norm"}, {"name", "bn1"}, {"epsilon", 0}},
       "c.json: /layers/1/epsilon: found 0; expected a number from 1e-12 to 1"},
      {"/layers/1",
       {{"kind", "batch_norm"}, {"name", "bn1"}, {"momentum", 2}},
       "c.json: /layers/1/momentum: found 2; expected a number from 0 to 1"},
      {"/layers/1", {{"kind", "max_pool"}, {"kernel", 2}}, ""},
      {"/layers/1", {{"kind", "avg_pool"}, {"kernel", {3, 2}}, {"stride", 2}, {"padding", {1, 0}}}, ""},
      {"/layers/1", {{"kind", "max_pool"}}, "c.json: /layers/1: the key 'kernel' is missing"},
      {"/layers/1",
       {{"kind", "max_pool"}, {"kernel", 2}, {"groups", 2}},
       "c.json: /layers/1/groups: unknown key; expected 'kind', 'kernel', 'inputs', 'name', 'stride' or "
       "'padding'"},
      {"/layers/1", {{"kind", "global_avg_pool"}}, ""},
      {"/layers/1", {{"kind", "dropout"}, {"rate", 0.5}}, ""},
      {"/layers/1",
       {{"kind", "dropout"}, {"rate", 1}},
       "c.json: /layers/1/rate: found 1; expected a number from 0 to 0.99"},
      {"/layers/1", {{"kind", "dropout"}}, "c.json: /layers/1: the key 'rate' is missing"},
      {"/layers/2/bias", false, ""},
      {"/layers/2/bias", 0, "c.json: /layers/2/bias: found 0; expected true or false"},
      {"/layers/5/bias", true, ""},
      {"/layers/2", 5, "c.json: /layers/2: found 5; expected an object with the key 'kind'"},
      {"/layers/2/out_channels", 0,
       "c.json: /layers/2/out_channels: found 0; expected an integer from 1 to 65536"},
      {"/layers/2/kernel", removed, "c.json: /layers/2: the key 'kernel' is missing"},
      {"/layers/2/kernel", {3}, "c.json: /layers/2/kernel: found 1 items; expected 2"},
      {"/layers/2/kernel", {3, 0}, "c.json: /layers/2/kernel/1: found 0; expected an integer from 1 to 1024"},
      {"/layers/2/stride", "2", "c.json: /layers/2/stride: found '2'; expected an integer from 1 to 1024"},
      {"/layers/2/stride", 1, ""},
      {"/layers/2/padding", -1, "c.json: /layers/2/padding: found -1; expected an integer from 0 to 1024"},
      {"/layers/2/padding", removed, ""},
      {"/layers/2/dilation", 2,
       "c.json: /layers/2/dilation: unknown key; expected 'kind', 'name', 'out_channels', 'kernel', "
       "'stride', "
       "'padding', 'precision', 'inputs', 'groups' or 'bias'"},
      {"/layers/2/precision", "int4",
       "c.json: /layers/2/precision: found 'int4'; expected 'fp32' or 'quantized'"},
      {"/layers/5/out_features", 65537,
       "c.json: /layers/5/out_features: found 65537; expected an integer from 1 to 65536"},
      {"/layers/5/kernel", 3,
       "c.json: /layers/5/kernel: unknown key; expected 'kind', 'name', 'out_features', 'precision', "
       "'inputs' "
       "or 'bias'"},
      {"/$schema", "training.schema.json", ""},
      {"/$schema", 7, "c.json: /$schema: found 7; expected a string"}};
  return all;
}

TEST(TrainingConfig, ReaderSaysWhereAndWhat) {
  for (const JsonChange& change : changes()) EXPECT_EQ(complaint(changed(change)), change.message);
}

TEST(TrainingConfig, SchemaGivesTheSameVerdicts) {
  const JsonSchema schema("training");
  EXPECT_EQ(schema.complaint(tiny_config_text), "");
  for (const JsonChange& change : changes())
    EXPECT_EQ(schema.complaint(changed(change)).empty(), change.message.empty())
        << change.pointer << ": " << change.value << ": " << schema.complaint(changed(change));
}

/// What a schema cannot say: sizes that follow from each other, and how a number is written.
TEST(TrainingConfig, OnlyTheReaderJudges) {
  const std::vector<JsonChange> only_reader = {
      {"/layers/0/kernel", 33,
       "c.json: /layers/0/kernel: kernel 33x33 with padding 1x1 does not fit an input of 28x28"},
      {"/layers/3/groups", 4,
       "c.json: /layers/3/groups: 4 groups do not divide 6 input and 8 output channels"},
      {"/layers/3/name", "conv2", "c.json: /layers/3/name: 'conv2' is the name of an earlier layer"},
      {"/layers/2/inputs",
       {"conv2"},
       "c.json: /layers/2/inputs/0: found 'conv2'; expected the name of an earlier layer, or 'images'"},
      {"/layers/2/inputs",
       {"conv3"},
       "c.json: /layers/2/inputs/0: found 'conv3'; expected the name of an earlier layer, or 'images'"},
      {"/layers/2/inputs",
       {"images"},
       "c.json: /layers/1: no layer reads this one; expected its name in some 'inputs'"},
      {"/layers/4",
       {{"kind", "add"}, {"inputs", {"conv3", "conv2"}}},
       "c.json: /layers/4/inputs/1: this input is 6 x 7 x 7; expected 8 x 7 x 7, as the first one"},
      {"/layers/4",
       {{"kind", "max_pool"}, {"kernel", 3}, {"padding", {1, 3}}},
       "c.json: /layers/4/padding: padding 1x3; expected less than the kernel of 3x3"},
      {"/layers/4",
       {{"kind", "avg_pool"}, {"kernel", 8}},
       "c.json: /layers/4/kernel: kernel 8x8 with padding 0x0 does not fit an input of 7x7"},
      {"/learning_rate/warmup_epochs", 3,
       "c.json: /learning_rate/warmup_epochs: found 3; expected an integer from 1 to 2"},
      {"/layers/7/out_features", 11,
       "c.json: /layers: the last layer gives 11 values per sample; expected 10, one per class"},
      {"/layers",
       {{{"kind", "relu"}}},
       "c.json: /layers: no layer has parameters; expected a conv2d or a linear"},
      {"/layers/2/out_channels", 65536, ""},  // alone it is fine: 16 images of 65536 x 7 x 7
      {"/evaluation_batch", 65536, ""}};
  const JsonSchema schema("training");
  for (const JsonChange& change : only_reader) {
    EXPECT_EQ(complaint(changed(change)), change.message);
    EXPECT_EQ(schema.complaint(changed(change)), "") << change.pointer;
  }
  const std::string whole = ordered_json::parse(tiny_config_text).dump();
  const auto with_seed = [&](const std::string& seed) {
    return std::string(whole).replace(whole.find("\"seed\":7"), 8, "\"seed\":" + seed);
  };
  EXPECT_EQ(complaint(with_seed("7.0")),
            "c.json: /seed: found 7.0; expected an integer from 0 to 4294967295");
  EXPECT_EQ(complaint(with_seed("7e0")),
            "c.json: /seed: found 7e0; expected an integer from 0 to 4294967295");
  EXPECT_EQ(
      complaint(with_seed("7,\"seed\":8")),
      fmt::format("c.json: /seed: duplicate key, again at line 1, column {}", whole.find("\"seed\"") + 10));
}

TEST(TrainingConfig, TensorsStayBelowTheLimitOfATrace) {
  ordered_json json = ordered_json::parse(tiny_config_text);
  json["batch"] = 65536;
  json["layers"][2]["out_channels"] = 700;  // 65536 x 700 x 7 x 7 = 2.2e9
  EXPECT_EQ(complaint(json.dump()), "c.json: /layers/2: a tensor of this layer has 2^31 elements or more");
}

TEST(TrainingConfig, TensorsMayComeCloseToTheLimit) {
  ordered_json json = ordered_json::parse(tiny_config_text);
  json["batch"] = 65535;
  json["quantize"] = {{"forward", "none"}, {"gradient", "none"}};
  json["layers"] = {{{"kind", "linear"}, {"name", "fc1"}, {"out_features", 32768}, {"precision", "fp32"}},
                    {{"kind", "linear"}, {"name", "fc2"}, {"out_features", 10}, {"precision", "fp32"}}};
  EXPECT_EQ(complaint(json.dump()), "");  // 65535 x 32768 = 2^31 - 32768
  json["batch"] = 65536;
  EXPECT_EQ(complaint(json.dump()), "c.json: /layers/0: a tensor of this layer has 2^31 elements or more");
}

/// The products address a left operand with its border by 32 bits.
TEST(TrainingConfig, BordersCountForTheLimitToo) {
  ordered_json json = ordered_json::parse(tiny_config_text);
  json["quantize"] = {{"forward", "none"}, {"gradient", "none"}};
  const auto conv = [](const char* name, int channels, int kernel, int stride, int padding) {
    return ordered_json{{"kind", "conv2d"},   {"name", name},     {"out_channels", channels},
                        {"kernel", kernel},   {"stride", stride}, {"padding", padding},
                        {"precision", "fp32"}};
  };
  const ordered_json last = {{"kind", "linear"}, {"name", "fc"}, {"out_features", 10}, {"precision", "fp32"}};
  json["layers"] = {conv("conv1", 256, 3, 1, 1), conv("conv2", 8, 3, 1, 1), last};
  json["evaluation_batch"] = 9000;  // 9000 x 256 x 30 x 30 = 2.07e9
  EXPECT_EQ(complaint(json.dump()), "");
  json["evaluation_batch"] = 10000;
  EXPECT_EQ(complaint(json.dump()),
            "c.json: /layers/1: forward of 10000 images: the left operand with its border has 2.3e+09 "
            "elements: at most 2147483647 expected");
  json["evaluation_batch"] = 10;
  json["layers"] = {conv("conv1", 8, 3, 1, 1), conv("conv2", 256, 3, 1, 1), last};
  json["batch"] = 10000;
  EXPECT_EQ(complaint(json.dump()),
            "c.json: /layers/1: backward_data of 10000 images: the left operand with its border has 2.3e+09 "
            "elements: at most 2147483647 expected");
  json["layers"] = {conv("conv1", 256, 3, 1, 1),
                    last};  // of the first layer's products that one is never made
  EXPECT_EQ(complaint(json.dump()), "");
  json["layers"] = {conv("conv1", 8, 1, 1024, 1024),
                    last};  // 520 x 2049 x 2049, of which 520 x 3 x 3 are seen
  json["batch"] = 520;
  EXPECT_EQ(complaint(json.dump()), "");
}

TEST(TrainingConfig, ProductsThatMayLeaveInt32AreRefused) {
  ordered_json json = ordered_json::parse(tiny_config_text);
  json["batch"] = 32768;  // k of conv2's backward_weight: 32768 x 49, 2 samples of 15 x 64: over 2^31
  EXPECT_EQ(complaint(json.dump()),
            "c.json: /layers/2: backward_weight of 32768 images: k is 1605632 with 2 sample(s) of uint4 x "
            "fp4_e3m0; "
            "expected at most 1118481, so that every sum fits int32");
  json["quantize"] = {{"forward", "none"}, {"gradient", "none"}};  // then they are fp32 products
  EXPECT_EQ(complaint(json.dump()), "");
}

TEST(TrainingConfig, NoJson) {
  EXPECT_EQ(complaint(""), "c.json: line 1, column 1: found the end; expected a value");
  EXPECT_EQ(complaint("{\"name\": }"), "c.json: line 1, column 10: found }; expected a value");
  EXPECT_EQ(complaint("[]"), "c.json: /: found an array; expected an object with the key 'name'");
  EXPECT_EQ(message_of([] { base::JsonNode::read("/nowhere/c.json"); }),
            "/nowhere/c.json: cannot be read: No such file or directory");
}

TEST(TrainingConfig, DumpIsCompleteAndReadsBack) {
  const std::string dump = dump_training_config(tests::tiny_config());
  EXPECT_EQ(dump_training_config(read_training_config(base::JsonNode::parse(dump, "config.json"))), dump);
  const ordered_json json = ordered_json::parse(dump);
  EXPECT_EQ(json["data"]["train_images"], "all");
  EXPECT_EQ(json["layers"][2]["groups"], 1);
  EXPECT_EQ(json["layers"][3]["stride"], (ordered_json{1, 1}));
  EXPECT_EQ(JsonSchema("training").complaint(dump), "");
}

TEST(TrainingConfig, InputsBehindAReluAreUnsigned) {
  const TrainingConfig config = tests::tiny_config();
  EXPECT_EQ(input_rule(config.layers[2]), traces::Rule::sawb_uint4);
  EXPECT_EQ(input_rule(config.layers[3]), traces::Rule::sawb_int4);  // no relu between conv2 and conv3
  EXPECT_EQ(input_rule(config.layers[5]), traces::Rule::sawb_uint4);
}

/// numerics.md section 5: through pooling and dropout, and through an add of such tensors only.
TEST(TrainingConfig, SignsFollowTheNetwork) {
  std::map<std::string, traces::Rule> rules;
  for (const LayerConfig& layer : tests::residual_config().layers)
    if (layer.multiplies()) rules[layer.name] = input_rule(layer);
  using enum traces::Rule;
  EXPECT_EQ(rules,
            (std::map<std::string, traces::Rule>{{"conv1", sawb_int4},        // the images
                                                 {"a.conv1", sawb_uint4},     // max_pool of a relu
                                                 {"a.conv2", sawb_uint4},     // a relu
                                                 {"b.shortcut", sawb_uint4},  // avg_pool of a relu of an add
                                                 {"b.conv1", sawb_uint4},
                                                 {"b.depthwise", sawb_int4},  // a batch_norm
                                                 {"last_conv", sawb_uint4},   // dropout of an add of relus
                                                 {"fc", sawb_int4}}));        // a mean of a convolution
}

TEST(TrainingConfig, OneInputOfAnySignMakesASumOfAnySign) {
  const auto rule_behind_a_sum = [](const std::string& inputs) {
    ordered_json json = ordered_json::parse(tiny_config_text);
    json["layers"] = ordered_json::parse(R"([
      {"kind": "conv2d", "name": "conv", "out_channels": 1, "kernel": 1, "precision": "fp32"},
      {"kind": "relu", "name": "relu"},
      {"kind": "add", "name": "sum", "inputs": )" +
                                         inputs + R"(},
      {"kind": "linear", "name": "judged", "out_features": 9, "precision": "quantized"},
      {"kind": "linear", "name": "other", "inputs": ["relu"], "out_features": 9, "precision": "fp32"},
      {"kind": "add", "inputs": ["judged", "other"]},
      {"kind": "linear", "name": "last", "out_features": 10, "precision": "fp32"}])");
    return input_rule(read_training_config(base::JsonNode::parse(json.dump(), "c.json")).layers[3]);
  };
  EXPECT_EQ(rule_behind_a_sum(R"(["relu", "conv"])"), traces::Rule::sawb_int4);
  EXPECT_EQ(rule_behind_a_sum(R"(["conv", "relu"])"), traces::Rule::sawb_int4);
  EXPECT_EQ(rule_behind_a_sum(R"(["relu", "relu"])"), traces::Rule::sawb_uint4);
  EXPECT_EQ(rule_behind_a_sum(R"(["images", "relu"])"), traces::Rule::sawb_int4);
}

TEST(TrainingConfig, NodesReadBackAsTheyWereDumped) {
  const std::string dump = dump_training_config(tests::residual_config());
  EXPECT_EQ(dump_training_config(read_training_config(base::JsonNode::parse(dump, "config.json"))), dump);
  EXPECT_EQ(JsonSchema("training").complaint(tests::residual_config_text), "");
  EXPECT_EQ(JsonSchema("training").complaint(dump), "");
  const ordered_json layers = ordered_json::parse(dump)["layers"];
  EXPECT_EQ(layers[0]["bias"], false);
  EXPECT_FALSE(layers[20].contains("bias"));
  EXPECT_EQ(layers[5]["momentum"], 0.3);
  EXPECT_EQ(layers[9]["inputs"], (ordered_json{"a.bn2", "stem"}));
  EXPECT_FALSE(layers[10].contains("inputs"));
  EXPECT_EQ(layers[11]["stride"], (ordered_json{2, 2}));
  EXPECT_EQ(layers[19]["rate"], 0.25);
}

/// A relu without a name stays the one key that it was: traces hold the SHA-256 of the dump.
TEST(TrainingConfig, DumpsOfConfigsWithoutNodesStay) {
  const ordered_json layers = ordered_json::parse(dump_training_config(tests::tiny_config()))["layers"];
  EXPECT_EQ(layers[1].dump(), R"({"kind":"relu"})");
  EXPECT_EQ(layers[7].dump(), R"({"kind":"linear","name":"fc2","out_features":10,"precision":"fp32"})");
  EXPECT_EQ(
      layers[3].dump(),
      R"({"kind":"conv2d","name":"conv3","out_channels":8,"kernel":[3,3],"stride":[1,1],"padding":[1,1],)"
      R"("groups":2,"precision":"quantized"})");
}

TEST(Overrides, ReplaceWhatTheCommandLineNames) {
  const TrainingConfig config = tests::tiny_config();
  EXPECT_EQ(dump_training_config(with_overrides(config, {}, "c.json")), dump_training_config(config));
  const TrainingConfig other = with_overrides(config, {.seed = 3, .epochs = 9}, "c.json");
  EXPECT_EQ(other.seed, 3U);
  EXPECT_EQ(other.epochs, 9);
  EXPECT_EQ(message_of([&] { with_overrides(config, {.epochs = 0}, "c.json"); }),
            "c.json: /epochs: found 0; expected an integer from 1 to 100000");
}

TEST(Overrides, RecipesKeepTheDetailsThatTheyHave) {
  TrainingConfig config = tests::tiny_config();
  config.quantize.alpha = traces::Alpha::pow2;
  const auto with = [&](std::string_view recipe) {
    return with_overrides(config, {.quantize = base::named<Recipe>(recipe)}, "c.json").quantize;
  };
  EXPECT_EQ(with("luq").samples, 2U);
  EXPECT_EQ(with("luq").alpha, traces::Alpha::pow2);
  EXPECT_EQ(with("luq").gradient, GradientRule::luq);
  EXPECT_EQ(with("nearest").samples, 1U);
  EXPECT_EQ(with("nearest").alpha, traces::Alpha::pow2);
  EXPECT_EQ(with("nearest").gradient, GradientRule::nearest);
  EXPECT_EQ(with("nearest").forward, ForwardRule::sawb);
  EXPECT_EQ(with("fp32").gradient, GradientRule::none);
  EXPECT_EQ(with("fp32").forward, ForwardRule::none);
}

class ShippedConfig : public testing::TestWithParam<const char*> {
 protected:
  std::filesystem::path file_ = std::filesystem::path(QUATRAIN_SOURCE_DIR) / "configs/training" / GetParam();
  TrainingConfig config_ = read_training_config(base::JsonNode::read(file_));
};

TEST_P(ShippedConfig, FitsTheSchema) {
  EXPECT_EQ(JsonSchema("training").complaint(base::read_whole_file(file_)), "");
}

TEST_P(ShippedConfig, QuantizedLayersDoNineTenthsOfTheForwardMacs) {
  const ForwardMacs macs = forward_macs(config_);
  EXPECT_GE(macs.quantized * 10, macs.all * 9) << macs.quantized << " of " << macs.all;
}

TEST_P(ShippedConfig, HasEveryKindOfQuantizedLayer) {
  int convolutions = 0, strided = 0, linears = 0, with_signed_input = 0;
  for (const LayerConfig& layer : config_.layers) {
    if (layer.precision != Precision::quantized) continue;
    convolutions += layer.kind == LayerWord::conv2d;
    strided += layer.geometry.stride_height == 2 && layer.geometry.stride_width == 2;
    linears += layer.kind == LayerWord::linear;
    with_signed_input += input_rule(layer) == traces::Rule::sawb_int4;
  }
  EXPECT_GE(convolutions, 2);
  EXPECT_GE(strided, 1);
  EXPECT_GE(linears, 1);
  EXPECT_GE(with_signed_input, 1);
}

INSTANTIATE_TEST_SUITE_P(All, ShippedConfig, testing::Values("demo_cnn.json", "demo_quick.json"),
                         [](const auto& test) {
                           return std::string(test.param, std::string_view(test.param).find('.'));
                         });

/// Those that are there, not a list: MACs of one image, in all layers that multiply.
TEST(ShippedConfigs, AreReadFitTheSchemaAndDumpBack) {
  std::map<std::string, std::int64_t> macs;
  const JsonSchema schema("training");
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(QUATRAIN_SOURCE_DIR) / "configs/training")) {
    const TrainingConfig config = read_training_config(base::JsonNode::read(entry.path()));
    EXPECT_EQ(entry.path().stem(), config.name);
    EXPECT_EQ(schema.complaint(base::read_whole_file(entry.path())), "") << entry.path();
    const std::string dump = dump_training_config(config);
    EXPECT_EQ(dump_training_config(read_training_config(base::JsonNode::parse(dump, "config.json"))), dump);
    macs[config.name] = forward_macs(config).all;
  }
  EXPECT_EQ(macs.at("lenet5"), 416'520);          // 117600 + 240000 + 48000 + 10080 + 840
  EXPECT_EQ(macs.at("resnet20"), 31'021'952);     // 28 x 28: 112896 + 6 x 1806336, and so on
  EXPECT_EQ(macs.at("resnet18"), 1'814'073'344);  // the 1.81e9 that others count for it at 224 x 224
  EXPECT_EQ(macs.at("mobilenet_v2"), macs.at("mobilenet_v2_quantized"));
}

TEST(ShippedConfigs, ThreeStepsOfTheDemoHoldHalfABillionMacs) {
  const TrainingConfig config = read_training_config(
      base::JsonNode::read(std::filesystem::path(QUATRAIN_SOURCE_DIR) / "configs/training/demo_cnn.json"));
  std::int64_t macs = 0;
  for (const LayerConfig& layer : config.layers)
    if (layer.precision == Precision::quantized)
      for (const auto phase :
           {traces::Phase::forward, traces::Phase::backward_data, traces::Phase::backward_weight})
        macs += traces::mac_count(traces::gemm_size(phase, with_batch(layer.geometry, config.batch)));
  EXPECT_GE(3 * macs, 500'000'000);
}

}  // namespace
}  // namespace quatrain::emu
