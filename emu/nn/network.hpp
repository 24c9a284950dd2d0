#pragma once
/// The layers of a config as nodes: each reads the outputs of earlier ones, or the images
/// (docs/training-step.md sections 1 and 7).

#include "emu/nn/fusion.hpp"
#include "emu/nn/layer.hpp"
#include "emu/nn/tensor_pool.hpp"
#include "emu/nn/training_config.hpp"

#include <memory>
#include <vector>

namespace quatrain::emu {

class BatchNorm;

/// Where nobody observes the tensors of a step, some layers run as one (emu/nn/fusion.hpp).
class Network {
 public:
  /// Initial parameters from the config's seed. path: of all quantizers and products.
  Network(const TrainingConfig& config, SimdPath path);

  /// Logits [batch, classes], valid until the next forward. The context's pass says how layers run that
  /// differ in training and evaluation.
  const Tensor& forward(const Tensor& images, StepContext& context);
  /// Fills the gradients of all parameters; the images' own gradient is never computed.
  void backward(const Tensor& logits_gradient, StepContext& context);

  SimdPath path() const { return path_; }
  /// In the network's order; in a layer weight, then bias.
  const std::vector<Parameter*>& parameters() const { return parameters_; }
  /// Of the layers that have any, in the network's order.
  const std::vector<LayerState>& state() const { return state_; }

 private:
  struct Node {
    std::unique_ptr<Layer> layer;
    const FusedRun* run = nullptr;            ///< that it begins or ends; null: none
    std::string forward_name, backward_name;  ///< in a profile
    std::vector<std::int32_t> inputs;         ///< as in LayerConfig
    Extent input_extent, output_extent;
    bool has_backward = false;
    bool wants_input_gradient = false;
    bool is_kept = false;          ///< its output: a backward pass of its readers needs it
    std::int32_t last_reader = 0;  ///< id; its own for the last layer
    std::shared_ptr<Tensor> output;
    /// What the readers that had their turn handed back: the sum of all but the last, and that of the last;
    /// null: nothing.
    std::shared_ptr<Tensor> gradient, last_gradient;
  };
  Node& node_of(std::int32_t id) { return nodes_[static_cast<std::size_t>(id)]; }
  void find_readers();
  /// The run that begins, or ends, with a node, where runs are fused now; else null.
  const FusedRun* run_from(std::size_t id) const;
  const FusedRun* run_to(std::size_t id) const;
  BatchNorm& norm_of(const FusedRun& run);
  const Tensor& output_of(std::int32_t id, const Tensor& images);
  void forward_node(std::size_t id, const Tensor& images, StepContext& context);
  void forward_run(const FusedRun& run, const Tensor& images, StepContext& context);
  bool is_needed_by_backward(const Node& node) const;
  void drop_outputs_read_last_by(std::size_t reader, traces::Pass pass);
  std::shared_ptr<Tensor> take(std::int64_t batch, const Extent& extent) {
    return pool_.take(static_cast<std::size_t>(batch * extent.elements()));
  }
  std::shared_ptr<Tensor> take_as(const Tensor& tensor) { return take(tensor.batch(), tensor.extent()); }
  void add_gradient(std::int32_t id, const std::shared_ptr<Tensor>& gradient, StepContext& context);
  void sum_gradients(Node& node, StepContext& context);
  void backward_node(std::size_t id, StepContext& context);
  void backward_run(const FusedRun& run, StepContext& context);
  std::shared_ptr<Tensor> run_backward(Node& node, StepContext& context);

  SimdPath path_;
  TensorPool pool_;  // before the nodes, which give back to it
  std::vector<FusedRun> runs_;
  bool is_fused_ = true;  ///< in the last forward
  std::vector<Node> nodes_;
  std::vector<Parameter*> parameters_;
  std::vector<LayerState> state_;
};

/// Forward multiply-accumulates of one image, in quantized and in all layers.
struct ForwardMacs {
  std::int64_t quantized = 0, all = 0;
};
ForwardMacs forward_macs(const TrainingConfig& config);

}  // namespace quatrain::emu
