#include "traces/format/record.hpp"

#include "tests/support/message_of.hpp"

#include <gtest/gtest.h>

namespace {

using namespace quatrain::traces;
using quatrain::tests::message_of;

Manifest strided_layer() {
  Manifest manifest;
  manifest.layers = {{.id = 3,
                      .name = "conv",
                      .kind = LayerKind::conv2d,
                      .geometry = open_geometry(LayerKind::conv2d, {.in_channels = 4,
                                                                    .out_channels = 6,
                                                                    .kernel_height = 3,
                                                                    .kernel_width = 2,
                                                                    .stride_height = 2,
                                                                    .stride_width = 1,
                                                                    .padding_height = 1,
                                                                    .padding_width = 0,
                                                                    .groups = 2})}};
  manifest.tensors["x"] = {"a.safetensors", Encoding::int4, {5, 4, 8, 9}, 0};
  manifest.tensors["w"] = {"a.safetensors", Encoding::int4, {6, 2, 3, 2}, 0};
  manifest.tensors["dz"] = {"a.safetensors", Encoding::fp4_e3m0, {5, 6, 4, 8}, 0};
  for (const char* id : {"x", "w", "dz"}) {
    QuantizerRecord record;
    record.id = std::string("q/") + id;
    record.layer = 3;
    record.codes = id;
    manifest.quantizers.push_back(record);
  }
  return manifest;
}

GemmRecord gemm(Phase phase, const char* left, const char* right, Shape result) {
  GemmRecord record;
  record.layer = 3;
  record.phase = phase;
  record.left = {left};
  record.right = {right};
  record.result_shape = std::move(result);
  return record;
}

/// Each phase sees two of the three tensors; all three lead to the same sizes.
TEST(Record, GeometryFollowsFromOperandsAndResult) {
  const Manifest manifest = strided_layer();
  const Geometry expected = {.batch = 5,
                             .in_channels = 4,
                             .height = 8,
                             .width = 9,
                             .out_channels = 6,
                             .out_height = 4,
                             .out_width = 8,
                             .kernel_height = 3,
                             .kernel_width = 2,
                             .stride_height = 2,
                             .stride_width = 1,
                             .padding_height = 1,
                             .padding_width = 0,
                             .groups = 2};
  EXPECT_EQ(geometry_of(manifest, gemm(Phase::forward, "q/x", "q/w", {5, 6, 4, 8})), expected);
  EXPECT_EQ(geometry_of(manifest, gemm(Phase::backward_data, "q/dz", "q/w", {5, 4, 8, 9})), expected);
  EXPECT_EQ(geometry_of(manifest, gemm(Phase::backward_weight, "q/x", "q/dz", {6, 2, 3, 2})), expected);
}

TEST(Record, NaturalShapes) {
  const Geometry g{.batch = 5,
                   .in_channels = 4,
                   .height = 8,
                   .width = 9,
                   .out_channels = 6,
                   .out_height = 3,
                   .out_width = 7,
                   .kernel_height = 3,
                   .kernel_width = 2,
                   .groups = 2};
  EXPECT_EQ(natural_shape(LayerKind::conv2d, g, Role::input), (Shape{5, 4, 8, 9}));
  EXPECT_EQ(natural_shape(LayerKind::conv2d, g, Role::weight), (Shape{6, 2, 3, 2}));
  EXPECT_EQ(natural_shape(LayerKind::conv2d, g, Role::gradient), (Shape{5, 6, 3, 7}));
  const Geometry linear{.batch = 5, .in_channels = 4, .out_channels = 6};
  EXPECT_EQ(natural_shape(LayerKind::linear, linear, Role::input), (Shape{5, 4}));
  EXPECT_EQ(natural_shape(LayerKind::linear, linear, Role::weight), (Shape{6, 4}));
  EXPECT_EQ(natural_shape(LayerKind::linear, linear, Role::gradient), (Shape{5, 6}));
}

/// The sizes that a layer leaves open are 0, and no other.
TEST(Record, OpenGeometry) {
  const Geometry g{.batch = 5,
                   .in_channels = 4,
                   .height = 8,
                   .width = 9,
                   .out_channels = 6,
                   .out_height = 3,
                   .out_width = 7,
                   .kernel_height = 2,
                   .kernel_width = 10,
                   .stride_height = 11,
                   .stride_width = 12,
                   .padding_height = 13,
                   .padding_width = 14,
                   .groups = 2};
  Geometry conv = g;
  conv.batch = conv.height = conv.width = conv.out_height = conv.out_width = 0;
  EXPECT_EQ(open_geometry(LayerKind::conv2d, g), conv);
  Geometry linear = g;
  linear.batch = 0;
  EXPECT_EQ(open_geometry(LayerKind::linear, g), linear);
}

TEST(Record, UnknownIdsAreNamed) {
  const Manifest manifest = strided_layer();
  EXPECT_EQ(manifest.layer(3).name, "conv");
  EXPECT_EQ(message_of([&] { manifest.layer(4); }), "no layer has the id 4");
  EXPECT_EQ(message_of([&] { manifest.quantizer("q/y"); }), "no quantizer has the id 'q/y'");
}

TEST(Record, NamesAreTheWordsOfTheFormat) {
  EXPECT_EQ(name_of(Phase::backward_weight), "backward_weight");
  EXPECT_EQ(name_of(Rule::nearest_fp4), "nearest_fp4");
  EXPECT_EQ(name_of(Alpha::pow2), "pow2");
  EXPECT_EQ(name_of(Pass::evaluation), "evaluation");
  EXPECT_EQ(name_of(Role::gradient), "gradient");
  EXPECT_EQ(name_of(Maximum::hindsight), "hindsight");
  EXPECT_EQ(name_of(LayerKind::linear), "linear");
  EXPECT_EQ(element_count({2, 3, 4}), 24);
  EXPECT_EQ(element_count({}), 1);
}

}  // namespace
