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

Geometry geometry_of(const LayerRecord& layer) {
  Geometry g;
  g.in_channels = layer.in_channels;
  g.out_channels = layer.out_channels;
  g.kernel_height = layer.kernel_height;
  g.kernel_width = layer.kernel_width;
  g.stride_height = layer.stride_height;
  g.stride_width = layer.stride_width;
  g.padding_height = layer.padding_height;
  g.padding_width = layer.padding_width;
  g.groups = layer.groups;
  return g;
}

Geometry geometry_of(const Manifest& manifest, const GemmRecord& gemm) {
  Geometry g = geometry_of(manifest.layer(gemm.layer));
  const auto set_input = [&](const Shape& x) {
    g.batch = x.at(0);
    if (x.size() == 4) g.height = x[2], g.width = x[3];
  };
  const auto set_output = [&](const Shape& z) {
    g.batch = z.at(0);
    if (z.size() == 4) g.out_height = z[2], g.out_width = z[3];
  };
  const auto shape_of = [&](const std::vector<std::string>& operands) {
    return operand_shape(manifest, manifest.quantizer(operands.at(0)));
  };
  if (gemm.phase == Phase::forward) {
    set_input(shape_of(gemm.left));
    set_output(gemm.result_shape);
  } else if (gemm.phase == Phase::backward_data) {
    set_output(shape_of(gemm.left));
    set_input(gemm.result_shape);
  } else {
    set_input(shape_of(gemm.left));
    set_output(shape_of(gemm.right));
  }
  return g;
}

}  // namespace quatrain::traces
