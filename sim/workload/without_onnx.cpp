#include "sim/workload/onnx_graph.hpp"
#include "traces/base/error.hpp"

namespace quatrain::sim {

std::optional<std::string> onnx_missing() {
  return "this program was built without libonnx (Debian package libonnx-dev)";
}

OnnxGraph read_onnx_file(const std::string& file, const OnnxSizes&) {
  throw base::Error("{}: no ONNX model can be read: {}", file, *onnx_missing());
}

}  // namespace quatrain::sim
