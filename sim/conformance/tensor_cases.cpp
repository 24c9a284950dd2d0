/// Tensors of every size, and whole layers: quantized and multiplied.
#include "sim/conformance/tensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace quatrain::sim {
namespace {

using traces::Geometry;
using traces::Phase;
using traces::Rule;

struct Setting {
  Rule rule;
  unsigned random_bits = 16;
};
constexpr std::array<Setting, 6> all_settings{Setting{Rule::sawb_int4}, {Rule::sawb_uint4},
                                              {Rule::nearest_fp4},      {Rule::luq_fp4, 4},
                                              {Rule::luq_fp4, 8},       {Rule::luq_fp4, 16}};

bool is_gradient_rule(Rule rule) { return traces::serves(rule, traces::Role::gradient); }

/// The largest element stands near the end.
CaseTensor heavy_tailed_tensor(const Setting& setting, std::size_t elements) {
  std::vector<float> source = heavy_tailed(elements, static_cast<unsigned>(elements), 0.3F);
  source[elements - 1 - elements / 50] = -0.37F;
  if (setting.rule == Rule::sawb_uint4) source = magnitudes(std::move(source));
  return {.rule = setting.rule, .source = std::move(source), .random_bits = setting.random_bits};
}

/// Inputs and gradients of one size under each rule.
void emit_every_rule(CaseMaking& making, std::string_view name, std::size_t elements) {
  std::vector<CaseTensor> inputs, gradients;
  for (const Setting& setting : all_settings)
    (is_gradient_rule(setting.rule) ? gradients : inputs).push_back(heavy_tailed_tensor(setting, elements));
  making.emit(layer_of_tensors(making, fmt::format("tails.{}.input.{}", name, elements), std::move(inputs)));
  making.emit(
      layer_of_tensors(making, fmt::format("tails.{}.gradient.{}", name, elements), std::move(gradients)));
}

}  // namespace

std::vector<float> appended(std::vector<float> front, const std::vector<float>& back) {
  front.insert(front.end(), back.begin(), back.end());
  return front;
}

std::vector<float> magnitudes(std::vector<float> source) {
  for (float& x : source) x = std::fabs(x);
  return source;
}

std::vector<float> heavy_tailed(std::size_t count, unsigned seed, float scale) {
  std::mt19937 random(seed);
  std::vector<float> source;
  for (std::size_t i = 0; i < count; ++i) {
    const int exponent = -static_cast<int>(random() % 24);
    const auto fraction = static_cast<float>(random() >> 8);
    const float x = scale * std::ldexp(fraction, exponent - 24);
    source.push_back(random() % 3 == 0 ? -x : x);
  }
  return source;
}

std::vector<float> any_finite(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> source;
  while (source.size() < count)
    if (const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(random())); std::isfinite(x))
      source.push_back(x);
  return source;
}

CaseLayer layer_of_tensors(CaseMaking& making, std::string name, std::vector<CaseTensor> steps) {
  CaseLayer layer = making.layer(std::move(name));
  for (CaseTensor& tensor : steps) {
    CaseStep step{.step = static_cast<std::uint32_t>(layer.steps.size())};
    const auto elements = static_cast<std::int64_t>(tensor.source.size());
    if (is_gradient_rule(tensor.rule)) {
      step.geometry.out_channels = elements;
      step.gradient = std::move(tensor);
    } else {
      step.geometry.in_channels = elements;
      step.input = std::move(tensor);
    }
    layer.steps.push_back(std::move(step));
  }
  return layer;
}

/// Each remainder of a vector, a warp's word and a block of draws; many pieces, blocks and threads at the
/// end.
void make_tails(CaseMaking& making) {
  std::vector<std::size_t> sizes;
  for (std::size_t elements = 1; elements <= 72; ++elements)
    if (!making.is_quick() || std::has_single_bit(elements) || std::has_single_bit(elements + 1) ||
        std::has_single_bit(elements - 1))
      sizes.push_back(elements);
  for (const std::size_t elements : sizes) emit_every_rule(making, "few", elements);
  if (!making.is_quick()) emit_every_rule(making, "many", 66'001);
}

/// Three steps of training without a network: X, W, dZ are quantized, and multiplied in all phases. M doubles
/// from step to step, so a stale scale or maximum shows.
void make_steps(CaseMaking& making) {
  struct Layer {
    std::string_view name;
    traces::LayerKind kind;
    Geometry geometry;
    Rule input, gradient;
    unsigned samples, random_bits;
  };
  const auto conv = [](Geometry g) { return with_output(g); };
  const std::vector<Layer> layers = {
      {"conv", traces::LayerKind::conv2d, conv({4, 8, 9, 9, 12, 0, 0, 3, 3, 1, 1, 1, 1, 1}), Rule::sawb_uint4,
       Rule::luq_fp4, 2, 16},
      {"conv_strided", traces::LayerKind::conv2d, conv({3, 6, 11, 8, 10, 0, 0, 3, 2, 2, 2, 1, 0, 2}),
       Rule::sawb_int4, Rule::luq_fp4, 1, 8},
      {"depthwise", traces::LayerKind::conv2d, conv({2, 9, 7, 7, 9, 0, 0, 3, 3, 1, 1, 1, 1, 9}),
       Rule::sawb_uint4, Rule::nearest_fp4, 1, 16},
      {"linear",
       traces::LayerKind::linear,
       {.batch = 33, .in_channels = 65, .out_channels = 17},
       Rule::sawb_int4,
       Rule::luq_fp4,
       4,
       4}};
  for (const Layer& of : layers) {
    CaseLayer layer = making.layer(fmt::format("steps.{}", of.name), of.kind);
    for (std::uint32_t step = 0; step < 3; ++step) {
      const float scale = std::ldexp(0.37F, static_cast<int>(step));
      const auto source = [&](traces::Role role) {
        return heavy_tailed(static_cast<std::size_t>(traces::elements_of(role, of.geometry)),
                            layer.id * 16 + step * 4 + static_cast<unsigned>(role), scale);
      };
      CaseStep shown{.step = step, .geometry = of.geometry};
      shown.input = {.rule = of.input, .source = source(traces::Role::input)};
      if (of.input == Rule::sawb_uint4) shown.input->source = magnitudes(std::move(shown.input->source));
      shown.weight = {.rule = Rule::sawb_int4, .source = source(traces::Role::weight)};
      shown.gradient = {.rule = of.gradient,
                        .source = source(traces::Role::gradient),
                        .samples = of.samples,
                        .random_bits = of.random_bits};
      shown.phases = {Phase::forward, Phase::backward_data, Phase::backward_weight};
      layer.steps.push_back(std::move(shown));
    }
    making.emit(layer);
  }
}

}  // namespace quatrain::sim
