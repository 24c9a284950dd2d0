#include "emu/nn/network.hpp"

#include "emu/nn/fp32_layer.hpp"
#include "emu/nn/layers/add.hpp"
#include "emu/nn/layers/average_pool.hpp"
#include "emu/nn/layers/batch_norm.hpp"
#include "emu/nn/layers/dropout.hpp"
#include "emu/nn/layers/global_average_pool.hpp"
#include "emu/nn/layers/max_pool.hpp"
#include "emu/nn/layers/relu.hpp"
#include "emu/nn/quantized_layer.hpp"

namespace quatrain::emu {
namespace {

std::unique_ptr<Layer> make_multiplying_layer(const LayerConfig& layer, const TrainingConfig& config,
                                              std::uint32_t id, SimdPath path) {
  switch (layer.precision) {
    case Precision::fp32:
      return std::make_unique<Fp32Layer>(layer, id, config.seed, path);
    case Precision::quantized:
      return std::make_unique<QuantizedLayer>(layer, id, config.seed, path);
  }
  return nullptr;
}

std::unique_ptr<Layer> make_layer(const LayerConfig& layer, const TrainingConfig& config, std::uint32_t id,
                                  SimdPath path) {
  switch (layer.kind) {
    case LayerWord::conv2d:
    case LayerWord::linear:
      return make_multiplying_layer(layer, config, id, path);
    case LayerWord::relu:
      return std::make_unique<Relu>();
    case LayerWord::batch_norm:
      return std::make_unique<BatchNorm>(layer, path);
    case LayerWord::add:
      return std::make_unique<Add>();
    case LayerWord::max_pool:
      return std::make_unique<MaxPool>(layer);
    case LayerWord::avg_pool:
      return std::make_unique<AveragePool>(layer);
    case LayerWord::global_avg_pool:
      return std::make_unique<GlobalAveragePool>();
    case LayerWord::dropout:
      return std::make_unique<Dropout>(layer, id, path);
  }
  return nullptr;
}

}  // namespace

Network::Network(const TrainingConfig& config, SimdPath path) : path_(path), nodes_(config.layers.size()) {
  for (std::size_t id = 0; id < nodes_.size(); ++id) {
    const LayerConfig& layer = config.layers[id];
    Node& node = nodes_[id];
    node.layer = make_layer(layer, config, static_cast<std::uint32_t>(id), path);
    node.inputs = layer.inputs;
    node.wants_input_gradient = layer.wants_input_gradient;
    LayerState state{.parameters = node.layer->parameters(), .states = node.layer->states()};
    node.has_backward = node.wants_input_gradient || !state.parameters.empty();
    parameters_.insert(parameters_.end(), state.parameters.begin(), state.parameters.end());
    if (!state.parameters.empty() || !state.states.empty()) state_.push_back(std::move(state));
  }
}

const Tensor& Network::forward(const Tensor& images, StepContext& context) {
  std::vector<const Tensor*> inputs;
  for (Node& node : nodes_) {
    inputs.clear();
    for (const std::int32_t id : node.inputs)
      inputs.push_back(id == images_input ? &images : nodes_[static_cast<std::size_t>(id)].output);
    node.output = &node.layer->forward(std::span<const Tensor* const>(inputs), context);
    node.gradient = nullptr;
  }
  return *nodes_.back().output;
}

/// The order of the readers is the order of the sum.
void Network::add_gradient(Node& node, const Tensor& gradient, base::ThreadPool& pool) {
  if (!node.has_backward) return;
  if (node.gradient == nullptr) {
    node.gradient = &gradient;
    return;
  }
  node.sum.resize(gradient.batch(), gradient.extent());
  const float* sum = node.gradient->values().data();
  const float* next = gradient.values().data();
  float* result = node.sum.values().data();
  for_pieces(pool, gradient.size(), elementwise_piece, [=](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) result[i] = sum[i] + next[i];
  });
  node.gradient = &node.sum;
}

void Network::backward(const Tensor& logits_gradient, StepContext& context) {
  nodes_.back().gradient = &logits_gradient;
  for (std::size_t id = nodes_.size(); id-- > 0;) {
    Node& node = nodes_[id];
    if (!node.has_backward) continue;
    const Tensor& passed = node.layer->backward(*node.gradient, node.wants_input_gradient, context);
    if (!node.wants_input_gradient) continue;
    for (const std::int32_t input : node.inputs)
      if (input != images_input) add_gradient(nodes_[static_cast<std::size_t>(input)], passed, context.pool);
  }
}

ForwardMacs forward_macs(const TrainingConfig& config) {
  ForwardMacs macs;
  for (const LayerConfig& layer : config.layers) {
    if (!layer.multiplies()) continue;
    const std::int64_t count = traces::mac_count(traces::gemm_size(traces::Phase::forward, layer.geometry));
    macs.all += count;
    if (layer.precision == Precision::quantized && info_of(layer.quantize.forward).quantizes_input)
      macs.quantized += count;
  }
  return macs;
}

}  // namespace quatrain::emu
