#include "traces/format/record.hpp"

#include "traces/base/error.hpp"

#include <algorithm>
#include <array>

namespace quatrain::traces {
namespace {

template <std::size_t Count, typename Word>
std::string_view word_of(const std::array<std::string_view, Count>& words, Word word) {
  return words.at(static_cast<std::size_t>(word));
}

}  // namespace

std::string_view name_of(Phase phase) { return word_of(phase_words, phase); }
std::string_view name_of(Rule rule) { return word_of(rule_words, rule); }
std::string_view name_of(Alpha alpha) { return word_of(alpha_words, alpha); }
std::string_view name_of(Pass pass) { return word_of(pass_words, pass); }
std::string_view name_of(Role role) { return word_of(role_words, role); }
std::string_view name_of(Maximum maximum) { return word_of(maximum_words, maximum); }
std::string_view name_of(LayerKind kind) { return word_of(layer_kind_words, kind); }

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

std::string text_of(const Shape& shape) {
  std::string text = "[";
  for (const std::int64_t size : shape) text += fmt::format("{}{}", text.size() == 1 ? "" : ", ", size);
  return text + "]";
}

const LayerRecord& Manifest::layer(std::uint32_t id) const {
  const auto found =
      std::find_if(layers.begin(), layers.end(), [&](const LayerRecord& record) { return record.id == id; });
  if (found == layers.end()) throw Error("no layer has the id {}", id);
  return *found;
}

const QuantizerRecord& Manifest::quantizer(const std::string& id) const {
  const auto found = std::find_if(quantizers.begin(), quantizers.end(),
                                  [&](const QuantizerRecord& record) { return record.id == id; });
  if (found == quantizers.end()) throw Error("no quantizer has the id '{}'", printable(id));
  return *found;
}

namespace {

/// Of both its source and its codes.
Shape operand_shape(const Manifest& manifest, const QuantizerRecord& quantizer) {
  const auto tensor = manifest.tensors.find(quantizer.codes);
  if (tensor == manifest.tensors.end())
    throw Error("quantizer '{}': no tensor has the id '{}'", printable(quantizer.id),
                printable(quantizer.codes));
  return tensor->second.shape;
}

}  // namespace

Shape natural_shape(LayerKind kind, const Geometry& g, Role role) {
  const bool is_linear = kind == LayerKind::linear;
  if (role == Role::weight && is_linear) return {g.out_channels, g.in_channels};
  if (role == Role::weight)
    return {g.out_channels, g.in_channels / g.groups, g.kernel_height, g.kernel_width};
  const std::int64_t channels = role == Role::input ? g.in_channels : g.out_channels;
  if (is_linear) return {g.batch, channels};
  if (role == Role::input) return {g.batch, channels, g.height, g.width};
  return {g.batch, channels, g.out_height, g.out_width};
}

Geometry geometry_of(const LayerRecord& layer, const Shape& input, const Shape& output) {
  const bool is_conv = layer.kind == LayerKind::conv2d;
  return {.batch = input.at(0),
          .in_channels = layer.in_channels,
          .height = is_conv ? input.at(2) : 1,
          .width = is_conv ? input.at(3) : 1,
          .out_channels = layer.out_channels,
          .out_height = is_conv ? output.at(2) : 1,
          .out_width = is_conv ? output.at(3) : 1,
          .kernel_height = layer.kernel_height,
          .kernel_width = layer.kernel_width,
          .stride_height = layer.stride_height,
          .stride_width = layer.stride_width,
          .padding_height = layer.padding_height,
          .padding_width = layer.padding_width,
          .groups = layer.groups};
}

Geometry geometry_of(const LayerRecord& layer, const GemmRecord& gemm, const Shape& left,
                     const Shape& right) {
  if (gemm.phase == Phase::forward) return geometry_of(layer, left, gemm.result_shape);
  if (gemm.phase == Phase::backward_data) return geometry_of(layer, gemm.result_shape, left);
  return geometry_of(layer, left, right);
}

Geometry geometry_of(const Manifest& manifest, const GemmRecord& gemm) {
  const auto shape_of = [&](const std::vector<std::string>& operands) {
    return operand_shape(manifest, manifest.quantizer(operands.at(0)));
  };
  return geometry_of(manifest.layer(gemm.layer), gemm, shape_of(gemm.left), shape_of(gemm.right));
}

}  // namespace quatrain::traces
