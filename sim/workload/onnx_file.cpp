/// The only file that sees libonnx and protobuf.
#include "sim/workload/onnx_graph.hpp"
#include "traces/base/error.hpp"
#include "traces/base/files.hpp"
#include "traces/base/joined.hpp"

#include <algorithm>
#include <limits>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>
#include <string_view>
#include <utility>

namespace quatrain::sim {
namespace {

using Dimension = onnx::TensorShapeProto_Dimension;

onnx::ModelProto parsed(const std::string& file) {
  constexpr std::size_t most_bytes = std::numeric_limits<std::int32_t>::max();  // of a protobuf message
  const std::string bytes = base::read_whole_file(file, most_bytes);
  onnx::ModelProto model;
  const google::protobuf::LogSilencer one_line_is_enough;
  if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    throw base::Error("{}: is not an ONNX model; expected a protobuf message of the kind ModelProto", file);
  if (!model.has_graph() || model.graph().node_size() == 0)
    throw base::Error("{}: has no graph with nodes; expected an ONNX model", file);
  return model;
}

/// Values of weights have no part in shapes, but small tensors may be sizes.
void drop_weight_values(onnx::GraphProto& graph) {
  constexpr std::size_t small = 4096;
  for (onnx::TensorProto& tensor : *graph.mutable_initializer()) {
    if (tensor.raw_data().size() > small) tensor.clear_raw_data();
    if (tensor.float_data_size() > static_cast<int>(small)) tensor.clear_float_data();
    if (tensor.int32_data_size() > static_cast<int>(small)) tensor.clear_int32_data();
  }
}

std::set<std::string> weights_of(const onnx::GraphProto& graph) {
  std::set<std::string> names;
  for (const onnx::TensorProto& tensor : graph.initializer()) names.insert(tensor.name());
  for (const onnx::SparseTensorProto& tensor : graph.sparse_initializer())
    names.insert(tensor.values().name());
  return names;
}

/// Gives every input its sizes.
class InputSizes {
 public:
  InputSizes(const std::string& file, const OnnxSizes& sizes, onnx::GraphProto& graph)
      : file_(file), sizes_(sizes), graph_(graph) {
    const std::set<std::string> weights = weights_of(graph);  // old files repeat them among the inputs
    for (onnx::ValueInfoProto& input : *graph.mutable_input())
      if (!weights.contains(input.name())) inputs_.push_back(&input);
  }

  void set() {
    for (const auto& [name, shape] : sizes_.shapes) set_typed(name, shape);
    if (sizes_.batch) set_batch(*sizes_.batch);
    for (onnx::ValueInfoProto* input : inputs_) fill(*input);
    adjust_others();
  }

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const onnx::ValueInfoProto* input : inputs_) all.push_back(input->name());
    return all;
  }

 private:
  static onnx::TensorShapeProto* shape_of(onnx::ValueInfoProto& value) {
    if (!value.has_type() || !value.type().has_tensor_type() || !value.type().tensor_type().has_shape())
      return nullptr;
    return value.mutable_type()->mutable_tensor_type()->mutable_shape();
  }

  void set_size(const std::string& input, Dimension& dimension, std::int64_t size) {
    if (dimension.has_dim_value() && dimension.dim_value() != size) changes_fixed_sizes_ = true;
    if (dimension.has_dim_param() && !dimension.dim_param().empty()) {
      const auto [named, is_new] = named_.insert({dimension.dim_param(), size});
      if (named->second != size)
        throw base::Error("{}: input '{}': '{}' is {} here and {} elsewhere; expected one size", file_, input,
                          base::printable(dimension.dim_param()), size, named->second);
    }
    dimension.set_dim_value(size);
  }

  void set_typed(const std::string& name, const OnnxShape& sizes) {
    const auto found = std::ranges::find(inputs_, name, [](const auto* input) { return input->name(); });
    if (found == inputs_.end())
      throw base::Error("{}: has no input '{}'; expected --shape for {}", file_, base::printable(name),
                        base::printable(base::joined(names())));
    onnx::TensorShapeProto* shape = shape_of(**found);
    if (shape == nullptr) shape = (*found)->mutable_type()->mutable_tensor_type()->mutable_shape();
    if (shape->dim_size() == 0)
      for (std::size_t i = 0; i < sizes.size(); ++i) shape->add_dim();
    if (static_cast<std::size_t>(shape->dim_size()) != sizes.size())
      throw base::Error("{}: input '{}' has {} sizes, and --shape {}; expected as many", file_,
                        base::printable(name), shape->dim_size(), base::joined(sizes, "x"));
    for (int i = 0; i < shape->dim_size(); ++i)
      set_size(name, *shape->mutable_dim(i), sizes[static_cast<std::size_t>(i)]);
    typed_.insert(name);
  }

  /// The first size of every input whose sizes were not typed: those with a name, or, where the file fixes
  /// all of them, those that are 1.
  void set_batch(std::int64_t batch) {
    bool is_open = false;
    const auto for_first = [&](const auto& change) {
      for (onnx::ValueInfoProto* input : inputs_)
        if (onnx::TensorShapeProto* shape = shape_of(*input);
            shape != nullptr && shape->dim_size() > 0 && !typed_.contains(input->name()))
          change(*input, *shape->mutable_dim(0));
    };
    for_first(
        [&](const onnx::ValueInfoProto&, const Dimension& first) { is_open |= !first.has_dim_value(); });
    for_first([&](const onnx::ValueInfoProto& input, Dimension& first) {
      if (!first.has_dim_value() || (!is_open && first.dim_value() == 1)) {
        set_size(input.name(), first, batch);
      } else if (!is_open && first.dim_value() != batch) {
        throw base::Error("{}: input '{}' has a fixed batch of {}; expected that one, or --shape", file_,
                          base::printable(input.name()), first.dim_value());
      }
    });
  }

  void fill(onnx::ValueInfoProto& input) {
    onnx::TensorShapeProto* shape = shape_of(input);
    if (shape == nullptr) return;  // a product that needs it says so
    for (int i = 0; i < shape->dim_size(); ++i) {
      Dimension& dimension = *shape->mutable_dim(i);
      if (dimension.has_dim_value()) continue;
      const auto named = named_.find(dimension.dim_param());
      if (!dimension.dim_param().empty() && named != named_.end())
        dimension.set_dim_value(named->second);
      else if (i == 0)
        set_size(input.name(), dimension, 1);
      else
        throw base::Error("{}: input '{}': its size {} ('{}') is open; expected --shape {}={}", file_,
                          base::printable(input.name()), i + 1, base::printable(dimension.dim_param()),
                          base::printable(input.name()), pattern(*shape));
    }
  }

  /// "1x?x768"
  static std::string pattern(const onnx::TensorShapeProto& shape) {
    std::vector<std::string> sizes;
    for (const Dimension& dimension : shape.dim())
      sizes.push_back(dimension.has_dim_value() ? fmt::format("{}", dimension.dim_value()) : "?");
    return base::joined(sizes, "x");
  }

  /// What the file says of other tensors holds for its own sizes only.
  void adjust_others() {
    if (changes_fixed_sizes_) {
      graph_.clear_value_info();
      for (onnx::ValueInfoProto& output : *graph_.mutable_output())
        if (output.type().has_tensor_type()) output.mutable_type()->mutable_tensor_type()->clear_shape();
      return;
    }
    for (auto* values : {graph_.mutable_value_info(), graph_.mutable_output()})
      for (onnx::ValueInfoProto& value : *values)
        if (onnx::TensorShapeProto* shape = shape_of(value))
          for (Dimension& dimension : *shape->mutable_dim())
            if (const auto named = named_.find(dimension.dim_param());
                !dimension.dim_param().empty() && named != named_.end())
              dimension.set_dim_value(named->second);
  }

  const std::string& file_;
  const OnnxSizes& sizes_;
  onnx::GraphProto& graph_;
  std::vector<onnx::ValueInfoProto*> inputs_;
  std::set<std::string> typed_;
  std::map<std::string, std::int64_t> named_;
  bool changes_fixed_sizes_ = false;
};

/// printable() keeps 80 characters, and the node's name stands behind them.
std::string one_line(std::string_view text) {
  constexpr std::size_t most = 400;
  std::string line(text.substr(0, most));
  for (char& c : line)
    if (c < ' ' || c > '~') c = ' ';
  return line;
}

void infer(const std::string& file, onnx::ModelProto& model) {
  try {
    constexpr bool checks_types = false, propagates_data = true;
    onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(),
                                       onnx::ShapeInferenceOptions(checks_types, 0, propagates_data));
  } catch (const std::exception& error) {
    throw base::Error("{}: libonnx cannot derive its sizes: {}", file, one_line(error.what()));
  }
}

OnnxNode node_of(const onnx::NodeProto& proto) {
  OnnxNode node{.op = proto.op_type(),
                .domain = proto.domain() == "ai.onnx" ? "" : proto.domain(),
                .name = proto.name(),
                .inputs = {proto.input().begin(), proto.input().end()},
                .outputs = {proto.output().begin(), proto.output().end()},
                .numbers = {},
                .words = {}};
  for (const onnx::AttributeProto& attribute : proto.attribute()) {
    if (attribute.ints_size() > 0)
      node.numbers[attribute.name()] = {attribute.ints().begin(), attribute.ints().end()};
    else if (attribute.has_i())
      node.numbers[attribute.name()] = {attribute.i()};
    else if (attribute.has_s())
      node.words[attribute.name()] = attribute.s();
    node.has_subgraph |= attribute.has_g() || attribute.graphs_size() > 0;
  }
  return node;
}

void add_shape(const onnx::ValueInfoProto& value, OnnxGraph& graph) {
  if (!value.type().has_tensor_type() || !value.type().tensor_type().has_shape()) return;
  OnnxShape shape;
  for (const Dimension& dimension : value.type().tensor_type().shape().dim())
    shape.push_back(dimension.has_dim_value() ? dimension.dim_value() : -1);
  graph.shapes[value.name()] = std::move(shape);
}

/// libonnx divides by these without looking.
void require_positive(const OnnxNode& node, const std::string& file) {
  for (const char* attribute : {"strides", "dilations", "kernel_shape", "group"}) {
    const auto found = node.numbers.find(attribute);
    if (found != node.numbers.end() && std::ranges::any_of(found->second, [](auto n) { return n < 1; }))
      throw base::Error("{}: {}: {} is {}; expected numbers from 1 on", file, node.place(), attribute,
                        base::joined(found->second, ","));
  }
}

/// Throws Error for a tensor that nothing before has made.
void add_nodes(const onnx::GraphProto& proto, OnnxGraph& graph) {
  std::set<std::string> made(graph.inputs.begin(), graph.inputs.end());
  made.insert(graph.weights.begin(), graph.weights.end());
  for (const onnx::NodeProto& one : proto.node()) {
    OnnxNode node = node_of(one);
    require_positive(node, graph.file);
    for (const std::string& input : node.inputs)
      if (!input.empty() && !made.contains(input))
        throw base::Error("{}: {}: nothing before it makes its input '{}'; expected nodes in order",
                          graph.file, node.place(), base::printable(input));
    made.insert(node.outputs.begin(), node.outputs.end());
    graph.nodes.push_back(std::move(node));
  }
}

}  // namespace

std::optional<std::string> onnx_missing() { return std::nullopt; }

OnnxGraph read_onnx_file(const std::string& file, const OnnxSizes& sizes) {
  onnx::ModelProto model = parsed(file);
  onnx::GraphProto& proto = *model.mutable_graph();
  drop_weight_values(proto);
  InputSizes inputs(file, sizes, proto);
  inputs.set();
  OnnxGraph graph{
      .file = file, .nodes = {}, .inputs = inputs.names(), .shapes = {}, .weights = weights_of(proto)};
  add_nodes(proto, graph);
  infer(file, model);
  for (const auto* values : {&proto.input(), &proto.value_info(), &proto.output()})
    for (const onnx::ValueInfoProto& value : *values) add_shape(value, graph);
  for (const onnx::TensorProto& tensor : proto.initializer())
    graph.shapes[tensor.name()] = {tensor.dims().begin(), tensor.dims().end()};
  return graph;
}

}  // namespace quatrain::sim
