#pragma once
/// The layers of a config as nodes: each reads the outputs of earlier ones, or the images
/// (docs/training-step.md sections 1 and 7).

#include "emu/nn/layer.hpp"
#include "emu/nn/tensor_pool.hpp"
#include "emu/nn/training_config.hpp"

#include <memory>
#include <vector>

namespace quatrain::emu {

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
    std::string forward_name, backward_name;  ///< in a profile
    std::vector<std::int32_t> inputs;         ///< as in LayerConfig
    Extent input_extent, output_extent;
    bool has_backward = false;
    bool wants_input_gradient = false;
    bool is_kept = false;          ///< its output: a backward pass needs it
    std::int32_t last_reader = 0;  ///< id; its own for the last layer
    std::shared_ptr<Tensor> output;
    std::shared_ptr<Tensor> gradient;  ///< what the readers that had their turn handed back; null: nothing
  };
  Node& node_of(std::int32_t id) { return nodes_[static_cast<std::size_t>(id)]; }
  void find_readers();
  void drop_outputs_read_last_by(std::int32_t reader, traces::Pass pass);
  std::shared_ptr<Tensor> take(std::int64_t batch, const Extent& extent) {
    return pool_.take(static_cast<std::size_t>(batch * extent.elements()));
  }
  void add_gradient(Node& node, const std::shared_ptr<Tensor>& gradient, base::ThreadPool& threads);
  std::shared_ptr<Tensor> run_backward(Node& node, StepContext& context);

  SimdPath path_;
  TensorPool pool_;  // before the nodes, which give back to it
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
