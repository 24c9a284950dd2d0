#include "sim/workload/layer_shapes.hpp"

#include "tests/support/message_of.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

namespace quatrain::sim {
namespace {

using traces::Phase;

/// "a forward 5x6x7 x1: sawb_int4 35/2 sawb_int4 42/2": behind each quantizer's elements the reads of its
/// tensor.
std::vector<std::string> lines_of(const std::vector<WorkloadGemm>& gemms) {
  std::vector<std::string> lines;
  for (const WorkloadGemm& gemm : gemms) {
    const traces::GemmSize size = gemm.size();
    std::string line = fmt::format("{} {} {}x{}x{} s{} x{}:", gemm.layer, name_of(gemm.gemm.phase), size.m,
                                   size.n, size.k, gemm.samples, gemm.count);
    for (const QuantizerWork& work : gemm.quantizers)
      line += fmt::format(" {} {}/{}", name_of(work.rule), work.elements,
                          work.measures_maximum && !work.maximum_is_known ? 2 : 1);
    lines.push_back(line);
  }
  return lines;
}

std::vector<LayerShape> two_layers() {
  LayerShape first{.name = "a", .geometry = gemm_geometry(5, 6, 7, 1), .wants_input_gradient = false};
  LayerShape second{.name = "b", .geometry = gemm_geometry(5, 2, 6, 1), .count = 3};
  second.rules.input = traces::Rule::sawb_uint4;
  second.rules.samples = 2;
  return {first, second};
}

TEST(LayerShapes, ForwardAlone) {
  EXPECT_EQ(lines_of(gemms_of(two_layers(), Phases::forward)),
            (std::vector<std::string>{"a forward 5x6x7 s1 x1: sawb_int4 35/2 sawb_int4 42/2",
                                      "b forward 5x2x6 s1 x3: sawb_uint4 30/2 sawb_int4 12/2"}));
}

/// Backward from the last layer on; a further sample of a gradient takes one pass. backward_data takes the
/// first sample alone.
TEST(LayerShapes, ATrainingStep) {
  EXPECT_EQ(
      lines_of(gemms_of(two_layers(), Phases::training)),
      (std::vector<std::string>{"a forward 5x6x7 s1 x1: sawb_int4 35/2 sawb_int4 42/2",
                                "b forward 5x2x6 s1 x3: sawb_uint4 30/2 sawb_int4 12/2",
                                "b backward_data 5x6x2 s1 x3: luq_fp4 10/2 sawb_int4 12/2",
                                "b backward_weight 6x2x5 s2 x3: sawb_uint4 30/2 luq_fp4 10/2 luq_fp4 10/1",
                                "a backward_weight 7x6x5 s1 x1: sawb_int4 35/2 luq_fp4 30/2"}));
}

/// So that each is counted once: seven of them, the two samples included.
TEST(LayerShapes, AQuantizedTensorKeepsItsNumber) {
  std::map<std::uint64_t, std::uint64_t> elements;
  for (const WorkloadGemm& gemm : gemms_of(two_layers(), Phases::training))
    for (const QuantizerWork& work : gemm.quantizers) {
      const auto [place, is_new] = elements.insert({work.tensor, work.elements});
      EXPECT_EQ(place->second, work.elements);
    }
  std::uint64_t sum = 0;
  for (const auto& [tensor, count] : elements) sum += count;
  EXPECT_EQ(elements.size(), 7U);
  EXPECT_EQ(sum, 35U + 42 + 30 + 12 + 10 + 10 + 30);
}

TEST(LayerShapes, AProductWithAnFp32OperandIsLeftOut) {
  std::vector<LayerShape> layers = two_layers();
  layers[1].rules.gradient.reset();
  layers[0].rules.input.reset();
  EXPECT_EQ(lines_of(gemms_of(layers, Phases::training)),
            (std::vector<std::string>{"b forward 5x2x6 s1 x3: sawb_uint4 30/2 sawb_int4 12/2"}));
}

TEST(LayerShapes, ATooLargeProductIsNamed) {
  constexpr std::int64_t large = 2'147'483'647;
  const LayerShape products{.name = "a", .geometry = gemm_geometry(2048, 2048, 2048, 1), .count = large};
  EXPECT_EQ(
      tests::message_of([&] { gemms_of({products}, Phases::forward); }),
      "layer a: 2147483647 products of 2048 x 2048 x 2048 in 1 groups have too many MACs; expected fewer "
      "than 2^63 in all");
  const LayerShape elements{.name = "b", .geometry = gemm_geometry(large, 1, large, 1)};
  EXPECT_EQ(tests::message_of([&] { gemms_of({elements}, Phases::forward); }),
            "layer b: a tensor has too many elements; expected at most 2^53");
}

}  // namespace
}  // namespace quatrain::sim
