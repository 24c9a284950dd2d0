#include "traces/format/record.hpp"

#include "traces/base/checked.hpp"

#include <algorithm>

namespace quatrain::traces {
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
  if (found == layers.end()) throw base::Error("no layer has the id {}", id);
  return *found;
}

const QuantizerRecord& Manifest::quantizer(const std::string& id) const {
  const auto found = std::find_if(quantizers.begin(), quantizers.end(),
                                  [&](const QuantizerRecord& record) { return record.id == id; });
  if (found == quantizers.end()) throw base::Error("no quantizer has the id '{}'", base::printable(id));
  return *found;
}

namespace {

/// Of both its source and its codes.
Shape operand_shape(const Manifest& manifest, const QuantizerRecord& quantizer) {
  const auto tensor = manifest.tensors.find(quantizer.codes);
  if (tensor == manifest.tensors.end())
    throw base::Error("quantizer '{}': no tensor has the id '{}'", base::printable(quantizer.id),
                      base::printable(quantizer.codes));
  return tensor->second.shape;
}

}  // namespace

Geometry open_geometry(LayerKind kind, Geometry geometry) {
  geometry.batch = 0;
  switch (kind) {
    case LayerKind::conv2d:
      geometry.height = geometry.width = geometry.out_height = geometry.out_width = 0;
      break;
    case LayerKind::linear:
      break;
  }
  return geometry;
}

Shape natural_shape(LayerKind kind, const Geometry& g, Role role) {
  switch (kind) {
    case LayerKind::conv2d:
      switch (role) {
        case Role::input:
          return {g.batch, g.in_channels, g.height, g.width};
        case Role::weight:
          return {g.out_channels, g.in_channels / g.groups, g.kernel_height, g.kernel_width};
        case Role::gradient:
          return {g.batch, g.out_channels, g.out_height, g.out_width};
      }
      break;
    case LayerKind::linear:
      switch (role) {
        case Role::input:
          return {g.batch, g.in_channels};
        case Role::weight:
          return {g.out_channels, g.in_channels};
        case Role::gradient:
          return {g.batch, g.out_channels};
      }
      break;
  }
  return {};
}

Geometry geometry_of(const LayerRecord& layer, const Shape& input, const Shape& output) {
  Geometry geometry = layer.geometry;
  geometry.batch = input.at(0);
  switch (layer.kind) {
    case LayerKind::conv2d:
      geometry.height = input.at(2);
      geometry.width = input.at(3);
      geometry.out_height = output.at(2);
      geometry.out_width = output.at(3);
      break;
    case LayerKind::linear:
      break;
  }
  return geometry;
}

Geometry geometry_of(const LayerRecord& layer, const GemmRecord& gemm, const Shape& left,
                     const Shape& right) {
  switch (gemm.phase) {
    case Phase::forward:
      return geometry_of(layer, left, gemm.result_shape);
    case Phase::backward_data:
      return geometry_of(layer, gemm.result_shape, left);
    case Phase::backward_weight:
      return geometry_of(layer, left, right);
  }
  return {};
}

std::uint64_t mac_count(const GemmRecord& gemm) {
  const auto count = [](std::int64_t size) { return static_cast<std::uint64_t>(size); };
  return base::checked_product(count(gemm.size.m), count(gemm.size.n), count(gemm.size.k), count(gemm.size.groups),
                         std::uint64_t{gemm.samples});
}

Geometry geometry_of(const Manifest& manifest, const GemmRecord& gemm) {
  const auto shape_of = [&](const std::vector<std::string>& operands) {
    return operand_shape(manifest, manifest.quantizer(operands.at(0)));
  };
  return geometry_of(manifest.layer(gemm.layer), gemm, shape_of(gemm.left), shape_of(gemm.right));
}

}  // namespace quatrain::traces
