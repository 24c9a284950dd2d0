/// ONNX models as workloads. Sizes are checked against libonnx's own inference of the results' sizes, and
/// ResNet-18 against the training config of the same network.
#include "emu/nn/training_config.hpp"
#include "sim/embedded/config_file.hpp"
#include "sim/records/window.hpp"
#include "sim/workload/onnx_layers.hpp"
#include "sim/workload/open_workload.hpp"
#include "tests/sim/workload/onnx_models.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/message_of.hpp"
#include "traces/base/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace quatrain::sim {
namespace {

using tests::message_of;
using tests::OnnxModel;
using traces::GemmSize;
using traces::Phase;

class Onnx : public testing::Test {
 protected:
  std::string saved(const OnnxModel& model, const std::string& name = "model.onnx") const {
    model.save(folder / name);
    return (folder / name).string();
  }
  OnnxLayers layers(const OnnxModel& model, const OnnxSizes& sizes = {}) const {
    return onnx_layers(read_onnx_file(saved(model), sizes));
  }
  /// Without the folder in front.
  std::string refusal(const OnnxModel& model, const OnnxSizes& sizes = {}) const {
    const std::string message = message_of([&] { layers(model, sizes); }),
                      place = folder.path().string() + "/";
    EXPECT_THAT(message, testing::StartsWith(place));
    return message.substr(std::min(place.size(), message.size()));
  }
  tests::Folder folder;
};

GemmSize forward_size(const LayerShape& layer) { return gemm_size(Phase::forward, layer.geometry); }

std::int64_t macs_of(const Workload& workload, Phase phase) {
  std::int64_t macs = 0;
  for (const WorkloadGemm& gemm : workload.gemms)
    if (gemm.gemm.phase == phase) macs += traces::mac_count(gemm.size());
  return macs;
}

TEST_F(Onnx, ResNet18IsTheTrainingConfig) {
  const OnnxLayers found = layers(tests::resnet18_onnx(), {.shapes = {}, .batch = 4});
  const emu::TrainingConfig config = emu::read_training_config(open_config("resnet18", ConfigKind::training));
  std::size_t i = 0;
  for (const emu::LayerConfig& layer : config.layers) {
    if (!layer.multiplies()) continue;
    ASSERT_LT(i, found.layers.size());
    EXPECT_EQ(found.layers[i].name, layer.name);
    EXPECT_EQ(found.layers[i].geometry, emu::with_batch(layer.geometry, 4)) << layer.name;
    EXPECT_EQ(found.layers[i].wants_input_gradient, layer.wants_input_gradient) << layer.name;
    ++i;
  }
  EXPECT_EQ(i, found.layers.size());
  EXPECT_EQ(i, 21U);
  const Workload step = open_shapes((folder / "model.onnx").string(), {.phases = Phases::training});
  EXPECT_EQ(step.source.batch, 1);
  EXPECT_EQ(macs_of(step, Phase::forward), 1'814'073'344);
  EXPECT_EQ(macs_of(step, Phase::backward_weight), 1'814'073'344);
  // nothing before conv1 is trained: 3 x 7 x 7 products for each of 64 x 112 x 112 results are not asked for;
  // a gradient of the input meets every tap, whatever the stride
  std::int64_t backward = 0;
  for (const emu::LayerConfig& layer : config.layers)
    if (layer.multiplies() && layer.name != "conv1")
      backward += traces::mac_count(gemm_size(Phase::backward_data, emu::with_batch(layer.geometry, 1)));
  EXPECT_EQ(macs_of(step, Phase::backward_data), backward);
  EXPECT_THAT(step.source.notes,
              testing::ElementsAre("input 'image' is 1 x 3 x 224 x 224",
                                   "operators without matrix products are not in it: BatchNormalization 20, "
                                   "Relu 17, Add 8, Flatten 1, GlobalAveragePool 1, MaxPool 1"));
}

/// Every rule of padding, with strides and taps apart: the results are as many as libonnx says, and those of
/// close taps meet the inputs that a walk over padded rows meets.
TEST_F(Onnx, WindowsAreThoseOfLibonnx) {
  std::mt19937 random(1);
  const auto draw = [&](std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random);
  };
  for (int i = 0; i < 60; ++i) {
    const std::int64_t kernel[2] = {draw(1, 5), draw(1, 5)}, stride[2] = {draw(1, 3), draw(1, 3)},
                       dilation[2] = {i % 3 == 0 ? draw(1, 3) : 1, i % 3 == 0 ? draw(1, 3) : 1},
                       size[2] = {draw(13, 20), draw(13, 20)}, groups = draw(1, 3);
    const std::string word = std::array{"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"}[i % 4];
    OnnxModel::Numbers numbers = {
        {"strides", {stride[0], stride[1]}}, {"dilations", {dilation[0], dilation[1]}}, {"group", {groups}}};
    std::int64_t before[2] = {0, 0};
    if (word == "NOTSET") {
      for (int axis = 0; axis < 2; ++axis) before[axis] = draw(0, kernel[axis] - 1);
      numbers["pads"] = {before[0], before[1], draw(0, 2), draw(0, 2)};
    }
    OnnxModel model;
    model.input("x", fmt::format("2,{},{},{}", 4 * groups, size[0], size[1]));
    model.weight("w", {5 * groups, 4, kernel[0], kernel[1]});
    model.node("Conv", "conv", {"x", "w"}, {"y"}, numbers, {{"auto_pad", word}});
    const OnnxGraph graph = read_onnx_file(saved(model), {});
    const traces::Geometry g = onnx_layers(graph).layers.at(0).geometry;
    EXPECT_EQ(graph.shapes.at("y"), (OnnxShape{2, 5 * groups, g.out_height, g.out_width})) << word;
    EXPECT_EQ(gemm_size(Phase::forward, g),
              (GemmSize{2 * g.out_height * g.out_width, 5, 4 * kernel[0] * kernel[1], groups}));
    if (dilation[0] > 1 || dilation[1] > 1) continue;
    const std::int64_t outputs[2] = {g.out_height, g.out_width};
    std::uint64_t pairs = 2 * 4 * 5 * static_cast<std::uint64_t>(groups);
    for (int axis = 0; axis < 2; ++axis) {
      if (word.starts_with("SAME")) {  // the whole padding, shared; the odd one behind or before
        const std::int64_t all =
            std::max<std::int64_t>(0, (outputs[axis] - 1) * stride[axis] + kernel[axis] - size[axis]);
        before[axis] = word == "SAME_LOWER" ? all - all / 2 : all / 2;
      }
      std::uint64_t met = 0;
      for (std::int64_t output = 0; output < outputs[axis]; ++output)
        for (std::int64_t tap = 0; tap < kernel[axis]; ++tap) {
          const std::int64_t padded = output * stride[axis] + tap;
          met += padded >= before[axis] && padded < before[axis] + size[axis];
        }
      pairs *= met;
    }
    EXPECT_EQ(in_range_macs(g, 1), pairs) << word;
  }
}

TEST_F(Onnx, OneDimensionAndTapsApart) {
  OnnxModel model;
  model.input("x", "3,8,100")
      .weight("w", {16, 8, 5})
      .weight("v", {16, 1, 3, 3})
      .values("plane", {3, 16, 8, 12});
  model.node("Conv", "line", {"x", "w"}, {"y"});
  model.node("Reshape", "reshape", {"y", "plane"}, {"z"});
  model.node("Conv", "apart", {"z", "v"}, {"r"},
             {{"dilations", {2, 3}}, {"pads", {2, 3, 2, 3}}, {"group", {16}}});
  const OnnxLayers found = layers(model);
  EXPECT_EQ(forward_size(found.layers.at(0)), (GemmSize{3 * 96, 16, 40, 1}));
  EXPECT_EQ(found.layers[0].geometry.width, 100);
  EXPECT_EQ(forward_size(found.layers.at(1)), (GemmSize{3 * 8 * 12, 1, 9, 16}));
  EXPECT_EQ(found.layers[1].geometry.padding_height, 1) << "taps in the middle of their window";
  EXPECT_THAT(found.notes, testing::Contains("dilated: apart; MACs are exact, but the input that a window "
                                             "covers is counted as if its taps stood side by side"));
}

/// One weight meets the rows of the whole batch; activations meet each other input by input, as in attention.
TEST_F(Onnx, MatrixProducts) {
  OnnxModel model;
  model.input("x", "batch,tokens,64").input("row", "64").weight("w", {64, 32}).weight("each", {4, 16, 7});
  model.values("heads", {0, 0, 4, 16}).weight("turned", {10, 64});
  model.node("Reshape", "split", {"x", "heads"}, {"a"});
  model.node("Transpose", "left", {"a"}, {"q"}, {{"perm", {0, 2, 1, 3}}});
  model.node("Transpose", "right", {"a"}, {"k"}, {{"perm", {0, 2, 3, 1}}});
  model.node("MatMul", "weight", {"x", "w"}, {"y1"});
  model.node("MatMul", "scores", {"q", "k"}, {"y2"});
  model.node("MatMul", "per head", {"q", "each"}, {"y3"});
  model.node("MatMul", "vector", {"row", "w"}, {"y4"});
  model.node("MatMul", "column", {"w", "y4"}, {"y5"});
  model.values("flat", {-1, 64}).node("Reshape", "rows", {"x", "flat"}, {"r"});
  model.node("Gemm", "gemm", {"r", "turned"}, {"y6"}, {{"transB", {1}}});
  model.node("Gemm", "both", {"w", "turned"}, {"y7"}, {{"transA", {1}}, {"transB", {1}}});
  model.node("Gemm", "left weight", {"w", "r"}, {"y8"}, {{"transA", {1}}, {"transB", {1}}});
  const OnnxSizes sizes = {.shapes = {{"x", {3, 50, 64}}}, .batch = {}};
  const OnnxGraph graph = read_onnx_file(saved(model), sizes);
  const OnnxLayers found = onnx_layers(graph);
  const std::map<std::string, GemmSize> expected = {
      {"weight", {150, 32, 64, 1}},     {"scores", {50, 50, 16, 12}}, {"per head", {50, 7, 16, 12}},
      {"vector", {1, 32, 64, 1}},       {"column", {64, 1, 32, 1}},   {"gemm", {150, 10, 64, 1}},
      {"left weight", {32, 150, 64, 1}}};
  ASSERT_EQ(found.layers.size(), expected.size()) << "a product of two weights is done once, not each time";
  for (const LayerShape& layer : found.layers)
    EXPECT_EQ(forward_size(layer), expected.at(layer.name)) << layer.name;
  EXPECT_EQ(found.batch, 3);
  EXPECT_EQ(graph.shapes.at("y2"), (OnnxShape{3, 4, 50, 50}));
  std::set<std::string> wanting;
  for (const LayerShape& layer : found.layers)
    if (layer.wants_input_gradient) wanting.insert(layer.name);
  EXPECT_EQ(wanting, (std::set<std::string>{"column", "left weight"})) << "the left one is a weight";
}

/// Integer and quantized forms; a weight that is made of one is one.
TEST_F(Onnx, QuantizedModels) {
  OnnxModel model;
  model.input("x", "2,3,8,8").weight("w", {4, 3, 3, 3}).weight("s", {}).weight("z", {}).weight("m", {36, 5});
  model.node("QuantizeLinear", "q", {"x", "s", "z"}, {"xq"});
  model.node("QLinearConv", "conv", {"xq", "s", "z", "w", "s", "z", "s", "z"}, {"y"});
  model.node("Flatten", "flat", {"y"}, {"f"}, {{"axis", {1}}});
  model.values("per_pixel", {-1, 36}).node("Reshape", "rows", {"f", "per_pixel"}, {"r"});
  model.node("DequantizeLinear", "dq", {"m", "s", "z"}, {"md"});
  model.node("MatMul", "qdq", {"r", "md"}, {"t"});
  model.node("MatMulInteger", "integer", {"r", "m"}, {"u"});
  const OnnxLayers found = layers(model);
  ASSERT_EQ(found.layers.size(), 3U);
  EXPECT_EQ(forward_size(found.layers[0]), (GemmSize{72, 4, 27, 1}));
  EXPECT_FALSE(found.layers[0].wants_input_gradient);
  EXPECT_EQ(forward_size(found.layers[1]), (GemmSize{8, 5, 36, 1}));
  EXPECT_TRUE(found.layers[1].wants_input_gradient);
  EXPECT_EQ(found.layers[2].name, "integer");
  EXPECT_THAT(found.notes, testing::Contains("operators without matrix products are not in it: Flatten 1, "
                                             "QuantizeLinear 1, Reshape 1"));
}

TEST_F(Onnx, WhatIsLeftOutIsNamed) {
  OnnxModel model;
  model.input("x", "1,4,8,8").input("v", "1,4,8,8,8").input("c", "").weight("w", {4, 4, 3, 3});
  model.weight("u", {4, 4, 3, 3, 3});
  model.node("Conv", "one, \"two\"\n", {"x", "w"}, {"y"});
  model.node("ConvTranspose", "up", {"y", "w"}, {"z"});
  model.node("Conv", "volume", {"v", "u"}, {"r"});
  model.node("FusedMatMul", "fused", {"y", "w"}, {"f"}, {}, {}, "com.microsoft");
  model.branch("choice", "c", {"x", "w"}, "b");
  const OnnxLayers found = layers(model);
  ASSERT_EQ(found.layers.size(), 1U);
  EXPECT_EQ(found.layers[0].name, "one_ _two__");
  EXPECT_THAT(
      found.notes,
      testing::ElementsAre(
          "input 'x' is 1 x 4 x 8 x 8", "input 'v' is 1 x 4 x 8 x 8 x 8", "input 'c' is a single number",
          "products that are not modelled, and so are not in it: ConvTranspose 'up', Conv of "
          "three dimensions 'volume'",
          "operators of other standards are not in it, whatever they compute: "
          "com.microsoft.FusedMatMul 1",
          "what stands inside control flow is not in it: If 1"));
}

TEST_F(Onnx, BatchesAndShapes) {
  const auto linear = [](const std::string& sizes) {
    OnnxModel model;
    model.input("x", sizes).weight("w", {64, 10}).node("MatMul", "fc", {"x", "w"}, {"y"});
    return model;
  };
  const auto rows = [&](const OnnxModel& model, const OnnxSizes& sizes = {}) {
    return forward_size(layers(model, sizes).layers.at(0)).m;
  };
  EXPECT_EQ(rows(linear("N,64")), 1);
  EXPECT_EQ(rows(linear("?,64"), {{}, 7}), 7);
  EXPECT_EQ(rows(linear("1,64"), {{}, 7}), 7);
  EXPECT_EQ(rows(linear("5,64")), 5);
  EXPECT_EQ(rows(linear("5,64"), {{}, 5}), 5);
  EXPECT_EQ(rows(linear("5,64"), {{{"x", {6, 64}}}, {}}), 6);
  EXPECT_EQ(rows(linear("N,T,64"), {{{"x", {2, 9, 64}}}, {}}), 18);
  EXPECT_EQ(refusal(linear("5,64"), {{}, 7}),
            "model.onnx: input 'x' has a fixed batch of 5; expected that one, or --shape");
  EXPECT_EQ(refusal(linear("N,T,64")),
            "model.onnx: input 'x': its size 2 ('T') is open; expected --shape x=1x?x64");
  EXPECT_EQ(refusal(linear("N,64"), {{{"y", {2, 64}}}, {}}),
            "model.onnx: has no input 'y'; expected --shape for x");
  EXPECT_EQ(refusal(linear("N,64"), {{{"x", {2, 64, 1}}}, {}}),
            "model.onnx: input 'x' has 2 sizes, and --shape 2x64x1; expected as many");
  EXPECT_EQ(refusal(linear("N,63")),
            "model.onnx: MatMul 'fc': multiplies 1 x 63 by 64 x 10; expected a size k that both have");
  OnnxModel two;  // a name is one size wherever it stands
  two.input("x", "N,T,64").input("mask", "N,T").weight("w", {64, 10}).node("MatMul", "fc", {"x", "w"}, {"y"});
  two.node("MatMul", "mask", {"mask", "y"}, {"z"});
  EXPECT_EQ(forward_size(layers(two, {{{"mask", {4, 9}}}, {}}).layers.at(0)).m, 36);
  EXPECT_EQ(refusal(two, {{{"mask", {4, 9}}, {"x", {4, 8, 64}}}, {}}),
            "model.onnx: input 'x': 'T' is 8 here and 9 elsewhere; expected one size");
  OnnxModel fixed;  // sizes that were written into the file for one batch
  fixed.input("x", "1,8,8").values("to", {1, 64}).weight("w", {64, 10});
  fixed.node("Reshape", "flat", {"x", "to"}, {"f"}).node("MatMul", "fc", {"f", "w"}, {"y"});
  EXPECT_EQ(rows(fixed), 1);
  EXPECT_EQ(refusal(fixed, {{}, 2}),
            "model.onnx: Reshape 'flat': makes 1 x 64 out of 2 x 8 x 8; the file was made for other sizes of "
            "its inputs");
}

TEST_F(Onnx, BadFilesAreOneLine) {
  const auto refused_bytes = [&](std::string_view bytes) {
    base::write_whole_file(folder / "bad.onnx", bytes);
    return message_of([&] { read_onnx_file((folder / "bad.onnx").string(), {}); });
  };
  const std::string bad = (folder / "bad.onnx").string();
  EXPECT_EQ(refused_bytes("layer,m,n,k\n"),
            bad + ": is not an ONNX model; expected a protobuf message of the kind ModelProto");
  EXPECT_EQ(refused_bytes(""), bad + ": has no graph with nodes; expected an ONNX model");
  saved(tests::resnet18_onnx());
  const std::string whole = base::read_whole_file(folder / "model.onnx");
  for (const std::size_t part : {whole.size() - 1, whole.size() / 2, std::size_t{100}})
    EXPECT_THAT(refused_bytes(std::string_view(whole).substr(0, part)), testing::StartsWith(bad + ": "));
  const auto conv = [](const std::vector<std::int64_t>& weight, const OnnxModel::Numbers& numbers,
                       const OnnxModel::Words& words = {}) {
    OnnxModel model;
    model.input("x", "1,4,8,8").weight("w", weight).node("Conv", "c", {"x", "w"}, {"y"}, numbers, words);
    return model;
  };
  EXPECT_EQ(refusal(conv({4, 3, 3, 3}, {})),
            "model.onnx: Conv 'c': 4 channels, 1 groups and a weight of 4 x 3 x 3 x 3; expected channels and "
            "filters that the groups share");
  EXPECT_EQ(
      refusal(conv({4, 4, 9, 3}, {})),
      "model.onnx: Conv 'c': a window of 9 on 8 with padding 0 and 0 gives no result; expected one that "
      "fits");
  EXPECT_EQ(refusal(conv({4, 4, 3, 3}, {{"strides", {0, 1}}})),
            "model.onnx: Conv 'c': strides is 0,1; expected numbers from 1 on");
  EXPECT_EQ(refusal(conv({4, 4, 3, 3}, {{"strides", {1}}})),
            "model.onnx: Conv 'c': strides is 1; expected 2 numbers from 1 on");
  EXPECT_EQ(
      refusal(conv({4, 4, 3, 3}, {{"kernel_shape", {5, 5}}})),
      "model.onnx: Conv 'c': kernel_shape is 5,5 and the weight 4 x 4 x 3 x 3; expected the same kernel");
  EXPECT_EQ(refusal(conv({4, 4, 3, 3}, {}, {{"auto_pad", "SAME"}})),
            "model.onnx: Conv 'c': auto_pad is 'SAME'; expected NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  EXPECT_EQ(refusal(conv({4, 4, 0, 3}, {})),
            "model.onnx: Conv 'c': 'w' has sizes 4 x 4 x 0 x 3; expected numbers from 1 to 2147483647");
  OnnxModel order;
  order.input("x", "1,8").weight("w", {8, 8});
  order.node("MatMul", "second", {"a", "w"}, {"b"}).node("MatMul", "first", {"x", "w"}, {"a"});
  EXPECT_EQ(refusal(order),
            "model.onnx: MatMul 'second': nothing before it makes its input 'a'; expected nodes in order");
  OnnxModel foreign;
  foreign.input("x", "1,8").weight("w", {8, 8});
  foreign.node("Mystery", "m", {"x"}, {"a"}, {}, {}, "mine").node("MatMul", "", {"a", "w"}, {"b"});
  EXPECT_EQ(
      refusal(foreign),
      "model.onnx: MatMul 'b': the sizes of 'a' do not follow from those of the inputs; expected --shape "
      "for x");
  OnnxModel nothing;
  nothing.input("x", "1,8").node("Relu", "r", {"x"}, {"y"});
  EXPECT_EQ(refusal(nothing), "model.onnx: found no matrix product; expected Conv, Gemm or MatMul");
  OnnxModel missing;
  missing.input("x", "1,8").node("MatMul", "m", {"x"}, {"y"});
  EXPECT_EQ(refusal(missing), "model.onnx: MatMul 'm': has no input 1; expected one");
  EXPECT_EQ(message_of([&] {
              open_shapes("resnet50", {.shapes = {{"x", {1}}}});
            }),
            "--shape: resnet50 is no ONNX model; expected it for inputs of one");
}

}  // namespace
}  // namespace quatrain::sim
