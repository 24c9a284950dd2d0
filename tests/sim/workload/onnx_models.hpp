#pragma once
/// Small ONNX models, and ResNet-18, written by libonnx's own protobuf classes. Weights have sizes and no
/// values, as in files that keep them elsewhere.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace onnx {
class ModelProto;
}

namespace quatrain::tests {

class OnnxModel {
 public:
  using Names = std::vector<std::string>;
  using Numbers = std::map<std::string, std::vector<std::int64_t>>;
  using Words = std::map<std::string, std::string>;

  OnnxModel();
  ~OnnxModel();
  OnnxModel(OnnxModel&&) noexcept;

  /// "N,3,?,224": names, open sizes and numbers.
  OnnxModel& input(const std::string& name, const std::string& sizes);
  OnnxModel& weight(const std::string& name, const std::vector<std::int64_t>& sizes);
  /// int64 values that stand in the file, as Reshape takes them.
  OnnxModel& values(const std::string& name, const std::vector<std::int64_t>& values);
  OnnxModel& node(const std::string& op, const std::string& name, const Names& inputs, const Names& outputs,
                  const Numbers& numbers = {}, const Words& words = {}, const std::string& domain = "");
  /// Control flow: two branches with a convolution each.
  OnnxModel& branch(const std::string& name, const std::string& condition, const Names& inputs,
                    const std::string& output);
  void save(const std::filesystem::path& file) const;

 private:
  std::unique_ptr<onnx::ModelProto> model_;
};

/// As torchvision has it, with an open batch, under the names of configs/training/resnet18.json.
OnnxModel resnet18_onnx();

}  // namespace quatrain::tests
