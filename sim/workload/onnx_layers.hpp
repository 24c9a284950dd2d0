#pragma once
/// The matrix products of an ONNX network: convolutions of one and two dimensions (groups, strides, any
/// padding, dilations), Gemm and MatMul, and the integer and quantized forms of those. What else multiplies
/// is left out and named.

#include "sim/workload/layer_shapes.hpp"
#include "sim/workload/onnx_graph.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace quatrain::sim {

struct OnnxLayers {
  std::vector<LayerShape> layers;  ///< in the order of the file
  std::vector<std::string> notes;  ///< what is not in it and how it was read
  std::int64_t batch = 1;          ///< first size of the first input
};

/// A weight stands in the file, or is made of what does; a product with one on the right takes the rows of
/// all inputs together, one of two activations is done for each input and head. Throws Error naming file and
/// node.
OnnxLayers onnx_layers(const OnnxGraph& graph);

}  // namespace quatrain::sim
