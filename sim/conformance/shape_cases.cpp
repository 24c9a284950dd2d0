/// Sizes at which tilings end raggedly, and the sizes that a user asks for.
#include "sim/conformance/codes.hpp"
#include "sim/conformance/families.hpp"

#include <fmt/format.h>

#include <utility>

namespace quatrain::sim {
namespace {

using traces::Encoding;
using traces::Geometry;
using traces::LayerKind;
using traces::Phase;

CaseTensor random_tensor(Encoding encoding, std::int64_t elements, unsigned samples, float scale,
                         std::mt19937& random) {
  CaseTensor tensor{.rule = rule_making(encoding), .scale = scale};
  for (unsigned sample = 0; sample < samples; ++sample)
    tensor.codes.push_back(random_codes(encoding, elements, random));
  return tensor;
}

/// All five modes of one layer: step 0 with an input of int4, step 1 of uint4. Codes are random.
CaseLayer five_products(CaseMaking& making, std::string name, LayerKind kind, const Geometry& geometry,
                        unsigned samples) {
  CaseLayer layer = making.layer(std::move(name), kind);
  std::mt19937 random(layer.id);
  for (const Encoding input : {Encoding::int4, Encoding::uint4}) {
    CaseStep step{.step = static_cast<std::uint32_t>(layer.steps.size()), .geometry = geometry};
    step.input = random_tensor(input, traces::input_elements(geometry), 1, 0.5F, random);
    step.weight = random_tensor(Encoding::int4, traces::weight_elements(geometry), 1, 0.25F, random);
    step.gradient =
        random_tensor(Encoding::fp4_e3m0, traces::output_elements(geometry), samples, 0.37F, random);
    step.phases = {Phase::forward, Phase::backward_data, Phase::backward_weight};
    layer.steps.push_back(std::move(step));
  }
  return layer;
}

std::string text_of(const Geometry& g) {
  return fmt::format("{}x{}x{}x{}.o{}.k{}x{}.s{}x{}.p{}x{}.g{}", g.batch, g.in_channels, g.height, g.width,
                     g.out_channels, g.kernel_height, g.kernel_width, g.stride_height, g.stride_width,
                     g.padding_height, g.padding_width, g.groups);
}

}  // namespace

std::vector<Geometry> edge_convolutions() {
  // batch, channels in, h, w, channels out, (filled in), kernel, stride, padding, groups
  constexpr std::int64_t longest = (std::int64_t{1} << 31) - 1;
  std::vector<Geometry> all = {
      {2, 3, 7, 6, 5, 0, 0, 3, 3, 1, 1, 0, 0, 1},
      {1, 1, 1, 1, 1, 0, 0, 3, 3, 1, 1, 1, 1, 1},   // a plane of one element under a padded kernel
      {2, 2, 3, 4, 3, 0, 0, 2, 3, 1, 1, 4, 5, 1},   // whole windows in the padding
      {2, 3, 9, 8, 4, 0, 0, 2, 1, 3, 4, 0, 1, 1},   // strides beyond the kernel: inputs that nothing reads
      {3, 4, 5, 5, 6, 0, 0, 3, 3, 2, 2, 1, 1, 2},   // rows left over under a stride
      {2, 6, 4, 3, 6, 0, 0, 3, 1, 1, 2, 2, 0, 6},   // depthwise
      {1, 6, 6, 7, 9, 0, 0, 3, 2, 2, 1, 0, 1, 3},   // groups, odd everywhere
      {2, 8, 6, 6, 16, 0, 0, 1, 1, 2, 2, 0, 0, 1},  // 1x1 under a stride
      {1, 3, 11, 13, 2, 0, 0, 5, 7, 1, 1, 2, 3, 1},
      // the longest stride of a trace: any sum with it leaves 32 bits; of the second window a corner is
      // inside
      {3, 4, 1, 2, 2, 0, 0, 1, 1, 1, longest, 0, 0, 1},
      {3, 4, 2, 3, 2, 0, 0, 2, 2, longest, longest, 1, 1, 1}};
  for (Geometry& geometry : all) geometry = with_output(geometry);
  return all;
}

std::vector<Geometry> edge_linears() {
  std::vector<Geometry> all;
  for (const std::int64_t m : {1, 15, 17, 33})
    for (const std::int64_t n : {1, 8, 31, 65})
      all.push_back({.batch = m, .in_channels = (m * 5 + n * 3) % 67 + 1, .out_channels = n});
  return all;
}

void make_edges(CaseMaking& making) {
  unsigned count = 0;
  for (const Geometry& g : edge_linears())
    making.emit(five_products(making,
                              fmt::format("edges.linear.{}x{}x{}", g.batch, g.out_channels, g.in_channels),
                              LayerKind::linear, g, 1U << count++ % 3));
  if (!making.is_quick())
    for (const std::int64_t tile : {16, 32, 64, 128})
      for (const std::int64_t size : {tile - 1, tile, tile + 1})
        making.emit(five_products(making, fmt::format("edges.tile.{}", size), LayerKind::linear,
                                  {.batch = size, .in_channels = size, .out_channels = size}, 1));
  for (const Geometry& g : edge_convolutions())
    making.emit(five_products(making, "edges.conv." + text_of(g), LayerKind::conv2d, g, 1U << count++ % 3));
}

/// More than 65,536 elements on the left, on the right, in the result.
void make_large(CaseMaking& making) {
  if (making.is_quick()) return;
  const auto add = [&](std::string_view name, const Geometry& geometry) {
    making.emit(five_products(making, fmt::format("large.{}", name), LayerKind::linear, geometry, 1));
  };
  add("input", {.batch = 331, .in_channels = 211, .out_channels = 3});
  add("weight", {.batch = 3, .in_channels = 223, .out_channels = 317});
  add("output", {.batch = 307, .in_channels = 3, .out_channels = 223});
}

void make_shapes(CaseMaking& making) {
  for (const traces::GemmSize& size : making.options.shapes)
    for (const Mode& mode : all_modes) {
      const Geometry geometry = linear_geometry(mode.phase, size.m, size.n, size.k);
      CaseLayer layer = making.layer(fmt::format("shape.{}x{}x{}.{}", size.m, size.n, size.k, mode.word));
      // step 0: random codes; step 1: the largest magnitudes, whose sums are as wide as this k allows
      const auto add = [&](Codes left, Codes right) {
        CaseStep step{.step = static_cast<std::uint32_t>(layer.steps.size()),
                      .geometry = geometry,
                      .phases = {mode.phase}};
        const CaseTensor lefts{.rule = rule_making(mode.left), .codes = {std::move(left)}, .scale = 0.5F};
        const CaseTensor rights{.rule = rule_making(mode.right), .codes = {std::move(right)}, .scale = 0.25F};
        switch (mode.phase) {
          case Phase::forward:
            step.input = lefts, step.weight = rights;
            break;
          case Phase::backward_data:
            step.gradient = lefts, step.weight = rights;
            break;
          case Phase::backward_weight:
            step.input = lefts, step.gradient = rights;
            break;
        }
        layer.steps.push_back(std::move(step));
      };
      std::mt19937 random(layer.id);
      Codes left = random_codes(mode.left, traces::left_elements(mode.phase, geometry), random);
      add(std::move(left), random_codes(mode.right, traces::right_elements(mode.phase, geometry), random));
      const LinearOperands wide = linear_operands(
          mode, size,
          [&](std::int64_t row, std::int64_t k) {
            const WideValues values = wide_row(mode, row);
            return code_of(mode.left, k + 1 == size.k ? values.last : values.usual);
          },
          [&](std::int64_t column, std::int64_t k) {
            const WideValues values = wide_column(mode, column);
            return code_of(mode.right, k + 1 == size.k ? values.last : values.usual);
          });
      add(wide.left, wide.right);
      making.emit(layer);
    }
  for (const Geometry& geometry : making.options.convs)
    making.emit(five_products(making, "shape.conv." + text_of(geometry), LayerKind::conv2d, geometry, 2));
}

}  // namespace quatrain::sim
