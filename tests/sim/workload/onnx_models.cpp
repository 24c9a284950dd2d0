#include "tests/sim/workload/onnx_models.hpp"

#include <fstream>
#include <onnx/onnx_pb.h>
#include <sstream>

namespace quatrain::tests {

OnnxModel::OnnxModel() : model_(std::make_unique<onnx::ModelProto>()) {
  model_->set_ir_version(8);
  model_->add_opset_import()->set_version(17);
  model_->mutable_graph()->set_name("network");
}
OnnxModel::~OnnxModel() = default;
OnnxModel::OnnxModel(OnnxModel&&) noexcept = default;

OnnxModel& OnnxModel::input(const std::string& name, const std::string& sizes) {
  onnx::ValueInfoProto& value = *model_->mutable_graph()->add_input();
  value.set_name(name);
  onnx::TypeProto_Tensor& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(onnx::TensorProto::FLOAT);
  std::istringstream words(sizes);
  tensor.mutable_shape();
  for (std::string word; std::getline(words, word, ',');) {
    auto& size = *tensor.mutable_shape()->add_dim();
    if (word.find_first_not_of("0123456789") == std::string::npos)
      size.set_dim_value(std::stoll(word));
    else if (word != "?")
      size.set_dim_param(word);
  }
  return *this;
}

OnnxModel& OnnxModel::weight(const std::string& name, const std::vector<std::int64_t>& sizes) {
  onnx::TensorProto& tensor = *model_->mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t size : sizes) tensor.add_dims(size);
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  auto& place = *tensor.add_external_data();
  place.set_key("location");
  place.set_value("weights.bin");
  return *this;
}

OnnxModel& OnnxModel::values(const std::string& name, const std::vector<std::int64_t>& values) {
  onnx::TensorProto& tensor = *model_->mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(static_cast<std::int64_t>(values.size()));
  for (const std::int64_t value : values) tensor.add_int64_data(value);
  return *this;
}

OnnxModel& OnnxModel::node(const std::string& op, const std::string& name, const Names& inputs,
                           const Names& outputs, const Numbers& numbers, const Words& words,
                           const std::string& domain) {
  onnx::NodeProto& node = *model_->mutable_graph()->add_node();
  node.set_op_type(op);
  node.set_name(name);
  node.set_domain(domain);
  if (!domain.empty()) {
    auto& import = *model_->add_opset_import();
    import.set_domain(domain);
    import.set_version(1);
  }
  for (const std::string& input : inputs) node.add_input(input);
  for (const std::string& output : outputs) node.add_output(output);
  for (const auto& [key, list] : numbers) {
    onnx::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(key);
    const bool is_one = key == "group" || key.starts_with("trans") || key == "axis";
    attribute.set_type(is_one ? onnx::AttributeProto::INT : onnx::AttributeProto::INTS);
    if (is_one) attribute.set_i(list.front());
    for (const std::int64_t number : list)
      if (!is_one) attribute.add_ints(number);
  }
  for (const auto& [key, word] : words) {
    onnx::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(key);
    attribute.set_type(onnx::AttributeProto::STRING);
    attribute.set_s(word);
  }
  return *this;
}

OnnxModel& OnnxModel::branch(const std::string& name, const std::string& condition, const Names& inputs,
                             const std::string& output) {
  node("If", name, {condition}, {output});
  onnx::NodeProto& node = *model_->mutable_graph()->mutable_node(model_->graph().node_size() - 1);
  for (const char* side : {"then_branch", "else_branch"}) {
    onnx::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(side);
    attribute.set_type(onnx::AttributeProto::GRAPH);
    onnx::GraphProto& inside = *attribute.mutable_g();
    inside.set_name(side);
    inside.add_output()->set_name("inside");
    onnx::NodeProto& conv = *inside.add_node();
    conv.set_op_type("Conv");
    for (const std::string& input : inputs) conv.add_input(input);
    conv.add_output("inside");
  }
  return *this;
}

void OnnxModel::save(const std::filesystem::path& file) const {
  std::ofstream stream(file, std::ios::binary);
  model_->SerializeToOstream(&stream);
}

namespace {

class ResNet18 {
 public:
  OnnxModel take() {
    model_.input("image", "batch,3,224,224");
    std::string at = unit("conv1", "bn1", "image", 3, 64, 7, 2, 3);
    model_.node("Relu", "relu1", {at}, {"relu1"});
    model_.node("MaxPool", "stem", {"relu1"}, {"stem"},
                {{"kernel_shape", {3, 3}}, {"strides", {2, 2}}, {"pads", {1, 1, 1, 1}}});
    at = "stem";
    std::int64_t channels = 64;
    for (int stage = 1; stage <= 4; ++stage)
      for (int number = 1; number <= 2; ++number) {
        const std::int64_t filters = 32 << stage;
        at = block("block" + std::to_string(stage) + "." + std::to_string(number), at, channels, filters,
                   stage > 1 && number == 1 ? 2 : 1);
        channels = filters;
      }
    model_.node("GlobalAveragePool", "pool", {at}, {"pool"});
    model_.node("Flatten", "flatten", {"pool"}, {"flatten"}, {{"axis", {1}}});
    model_.weight("fc.weight", {1000, 512}).weight("fc.bias", {1000});
    model_.node("Gemm", "fc", {"flatten", "fc.weight", "fc.bias"}, {"fc"}, {{"transB", {1}}});
    return std::move(model_);
  }

 private:
  /// A convolution without bias and its normalization. Returns the result's name.
  std::string unit(const std::string& name, const std::string& norm, const std::string& from,
                   std::int64_t channels, std::int64_t filters, std::int64_t kernel, std::int64_t stride,
                   std::int64_t padding) {
    model_.weight(name + ".weight", {filters, channels, kernel, kernel});
    model_.node("Conv", name, {from, name + ".weight"}, {name},
                {{"kernel_shape", {kernel, kernel}},
                 {"strides", {stride, stride}},
                 {"pads", {padding, padding, padding, padding}}});
    OnnxModel::Names inputs = {name};
    for (const char* part : {".scale", ".bias", ".mean", ".variance"})
      model_.weight(norm + part, {filters}), inputs.push_back(norm + part);
    model_.node("BatchNormalization", norm, inputs, {norm});
    return norm;
  }

  std::string block(const std::string& name, const std::string& from, std::int64_t channels,
                    std::int64_t filters, std::int64_t stride) {
    const std::string first = unit(name + ".conv1", name + ".bn1", from, channels, filters, 3, stride, 1);
    model_.node("Relu", name + ".relu1", {first}, {name + ".relu1"});
    const std::string second =
        unit(name + ".conv2", name + ".bn2", name + ".relu1", filters, filters, 3, 1, 1);
    const std::string shortcut =
        stride == 1 ? from
                    : unit(name + ".shortcut", name + ".shortcut_bn", from, channels, filters, 1, stride, 0);
    model_.node("Add", name + ".add", {second, shortcut}, {name + ".add"});
    model_.node("Relu", name, {name + ".add"}, {name});
    return name;
  }

  OnnxModel model_;
};

}  // namespace

OnnxModel resnet18_onnx() { return ResNet18().take(); }

}  // namespace quatrain::tests
