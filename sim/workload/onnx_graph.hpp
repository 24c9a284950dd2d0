#pragma once
/// A network in the Open Neural Network Exchange format as far as shapes go: nodes in order, and the sizes of
/// tensors. Nothing here knows protobuf; onnx_file.cpp alone reads the format.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace quatrain::sim {

/// Sizes of a tensor; -1 for one that is not known.
using OnnxShape = std::vector<std::int64_t>;

struct OnnxNode {
  std::string op, domain, name;              ///< `domain`: "" for the operators of the standard
  std::vector<std::string> inputs, outputs;  ///< names of tensors; "" for an input that is left out
  std::map<std::string, std::vector<std::int64_t>> numbers;  ///< attributes that are whole numbers
  std::map<std::string, std::string> words;                  ///< attributes that are text
  bool has_subgraph = false;

  /// The attribute, or `otherwise` where it is left out.
  std::int64_t number(const std::string& attribute, std::int64_t otherwise) const;
  /// "Conv 'conv1'", as messages name it.
  std::string place() const;
};

struct OnnxGraph {
  std::string file;
  std::vector<OnnxNode> nodes;              ///< each behind those that make its inputs
  std::vector<std::string> inputs;          ///< fed by the user: no weights
  std::map<std::string, OnnxShape> shapes;  ///< of tensors whose number of sizes is known
  std::set<std::string> weights;            ///< tensors that stand in the file
};

/// What an input's sizes are set to before those of other tensors are derived from it.
struct OnnxSizes {
  std::map<std::string, OnnxShape> shapes;  ///< of inputs by name
  std::optional<std::int64_t> batch;        ///< first size of the others
};

/// Why this program reads no ONNX files; nothing where it does.
std::optional<std::string> onnx_missing();

/// Sizes are derived by libonnx's own shape inference. A size with a name ("batch") that the file leaves open
/// is the same wherever the name stands; one that `sizes` leaves open too is 1 as the first of an input.
/// Throws Error naming file, and node or input.
OnnxGraph read_onnx_file(const std::string& file, const OnnxSizes& sizes);

}  // namespace quatrain::sim
