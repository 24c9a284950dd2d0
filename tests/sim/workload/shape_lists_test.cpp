/// The formats of lists, and what is refused in them: the whole line.
#include "sim/workload/shape_lists.hpp"

#include "tests/support/message_of.hpp"

#include <gtest/gtest.h>

namespace quatrain::sim {
namespace {

using tests::message_of;
using traces::GemmSize;
using traces::Phase;

ShapeList read(const std::string& text, std::int64_t batch = 1) {
  return read_shape_list(read_csv(text, "list.csv"), batch);
}

GemmSize forward_size(const LayerShape& layer) { return gemm_size(Phase::forward, layer.geometry); }

TEST(ShapeLists, GemmsAsTheyStand) {
  const ShapeList list = read("# a comment\nLayer, M, N, K,\r\n\nfirst, 5, 6, 7,\r\nsecond,1,2,3\n");
  EXPECT_EQ(list.kind, WorkloadKind::gemm_list);
  ASSERT_EQ(list.layers.size(), 2U);
  EXPECT_EQ(list.layers[0].name, "first");
  EXPECT_EQ(forward_size(list.layers[0]), (GemmSize{5, 6, 7, 1}));
  EXPECT_EQ(forward_size(list.layers[1]), (GemmSize{1, 2, 3, 1}));
  EXPECT_EQ(list.layers[1].count, 1U);
  EXPECT_EQ(input_elements(list.layers[0].geometry), 5 * 7);
  EXPECT_EQ(weight_elements(list.layers[0].geometry), 6 * 7);
  EXPECT_EQ(output_elements(list.layers[0].geometry), 5 * 6);
}

/// A batch has more rows of one weight, but an activation on the right for each input.
TEST(ShapeLists, GroupsCountsAndBatches) {
  const std::string text = "layer,m,n,k,count,groups,right\na,5,6,7,4,3,weight\nb,5,6,7,,2,activation\n";
  const ShapeList list = read(text, 10);
  EXPECT_EQ(forward_size(list.layers[0]), (GemmSize{50, 6, 7, 3}));
  EXPECT_EQ(list.layers[0].count, 4U);
  EXPECT_EQ(weight_elements(list.layers[0].geometry), 6 * 7 * 3);
  EXPECT_EQ(forward_size(list.layers[1]), (GemmSize{5, 6, 7, 20}));
  EXPECT_EQ(list.layers[1].count, 1U);
  EXPECT_EQ(weight_elements(list.layers[1].geometry), 6 * 7 * 20);
  EXPECT_EQ(input_elements(list.layers[1].geometry), 5 * 7 * 20);
}

TEST(ShapeLists, Convolutions) {
  const ShapeList list = read(
      "layer,channels,height,width,filters,kernel,stride,padding,groups,count\n"
      "conv,8,28,30,16,3x5,2x1,1x2,4,3\n",
      7);
  EXPECT_EQ(list.kind, WorkloadKind::convolution_list);
  traces::Geometry g;
  g.batch = 7, g.in_channels = 8, g.height = 28, g.width = 30, g.out_channels = 16, g.out_height = 14;
  g.out_width = 30, g.kernel_height = 3, g.kernel_width = 5, g.stride_height = 2, g.stride_width = 1;
  g.padding_height = 1, g.padding_width = 2, g.groups = 4;
  EXPECT_EQ(list.layers[0].geometry, g);
  EXPECT_EQ(list.layers[0].count, 3U);
}

/// The first layers of SCALE-Sim's ResNet-18 and MobileNet topologies, and a stride that leaves a rest:
/// ceil((224 - 7 + 2) / 2) = 110, where a convolution without padding has 109.
TEST(ShapeLists, ScaleSimTopologies) {
  const ShapeList list = read(
      "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
      "Conv1, 224, 224, 7, 7, 3, 64, 2,\n"
      "Uneven, 10, 20, 3, 5, 4, 6, 2, 3,\n"
      "Conv2_DP, 112, 112, 3, 3, 32, 2, 1, 1:1,\n",
      2);
  EXPECT_EQ(list.kind, WorkloadKind::scalesim_topology);
  EXPECT_EQ(forward_size(list.layers[0]), (GemmSize{2 * 110 * 110, 64, 3 * 49, 1}));
  EXPECT_EQ(forward_size(list.layers[1]), (GemmSize{2 * 5 * 6, 6, 4 * 15, 1}));
  EXPECT_EQ(forward_size(list.layers[2]), (GemmSize{2 * 110 * 110, 2, 9, 32}));
  ASSERT_EQ(list.notes.size(), 2U);
  EXPECT_EQ(read("Layer name, IFMAP Height\nConv1, 224, 224, 7, 7, 3, 64, 2,\n").notes.size(), 1U);
}

TEST(ShapeLists, WhatIsRefused) {
  const auto refusal = [](const std::string& text, std::int64_t batch = 1) {
    return message_of([&] { read(text, batch); });
  };
  EXPECT_EQ(refusal("# nothing\n"),
            "list.csv: found no row; expected a line of headings and one row per layer");
  EXPECT_EQ(
      refusal("a,b\n1,2\n"),
      "list.csv: line 1: found the headings a,b; expected layer,m,n,k, or "
      "layer,channels,height,width,filters,kernel,stride,padding, or those of a SCALE-Sim topology (Layer "
      "name, IFMAP height, ...)");
  EXPECT_EQ(
      refusal("layer,m,n,k,gruops\na,1,2,3,4\n"),
      "list.csv: line 1: found the heading 'gruops'; expected layer,m,n,k, then once each any of groups, "
      "count, right");
  EXPECT_EQ(
      refusal("layer,m,n,k,groups,groups\na,1,2,3,4,5\n"),
      "list.csv: line 1: found the heading 'groups'; expected layer,m,n,k, then once each any of groups, "
      "count, right");
  EXPECT_EQ(refusal("layer,m,n,k\na,1,2,3,4\n"), "list.csv: line 2: has 5 fields; expected 4: layer,m,n,k");
  EXPECT_EQ(refusal("layer,m,n,k\n\na,1,2\n"),
            "list.csv: line 3: k: found ''; expected a whole number from 1 to 2147483647");
  EXPECT_EQ(refusal("layer,m,n,k\na,1,-2,3\n"),
            "list.csv: line 2: n: found '-2'; expected a whole number from 1 to 2147483647");
  EXPECT_EQ(refusal("layer,m,n,k\na,1,2.0,3\n"),
            "list.csv: line 2: n: found '2.0'; expected a whole number from 1 to 2147483647");
  EXPECT_EQ(refusal("layer,m,n,k\n,1,2,3\n"), "list.csv: line 2: found ''; expected the name of a layer");
  EXPECT_EQ(refusal("layer,m,n,k,right\na,1,2,3,weights\n"),
            "list.csv: line 2: right: found 'weights'; expected one of weight, activation");
  EXPECT_EQ(refusal("layer,m,n,k,groups\na,1,2,2000000000,2\n"),
            "list.csv: line 2: groups: found 2 with n 2, k 2000000000 and a batch of 1; expected fewer");
  const std::string convolution = "layer,channels,height,width,filters,kernel,stride,padding,groups\n";
  EXPECT_EQ(
      refusal(convolution + "a,8,4,4,8,5,1,0\n"),
      "list.csv: line 2: a kernel of 5x5 on 4x4 with padding 0x0 gives no result; expected one that fits");
  EXPECT_EQ(refusal(convolution + "a,8,4,4,8,3,1,3\n"),
            "list.csv: line 2: padding 3x3 beside a kernel of 3x3; expected less than the kernel");
  EXPECT_EQ(refusal(convolution + "a,8,4,4,8,3,1,1,3\n"),
            "list.csv: line 2: groups: found 3; expected a divisor of the 8 channels and 8 filters");
  EXPECT_EQ(refusal(convolution + "a,8,4,4,8,3x,1,1\n"),
            "list.csv: line 2: kernel: found ''; expected a whole number from 1 to 2147483647");
  const std::string topology = "Layer name, IFMAP Height\n";
  EXPECT_EQ(refusal(topology + "a, 4, 4, 5, 3, 1, 1, 1,\n"),
            "list.csv: line 2: a filter of 5x3 on an input of 4x4; expected one that fits");
  EXPECT_EQ(refusal(topology + "a, 4, 4, 3, 3, 1, 1, 1, 2:4,\n"),
            "list.csv: line 2: sparsity '2:4' is not modelled; expected no such column");
  EXPECT_EQ(
      refusal(topology + "a, 4, 4, 3, 3, 1, 1,\n"),
      "list.csv: line 2: has 7 fields; expected at least 8: name, input height and width, filter height "
      "and width, channels, filters, stride");
}

}  // namespace
}  // namespace quatrain::sim
