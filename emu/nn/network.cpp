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

traces::Shape shape_of(const Tensor& tensor) {
  const Extent& extent = tensor.extent();
  return {tensor.batch(), extent.channels, extent.height, extent.width};
}

void show(const StepContext& context, StepPart part, std::size_t id, const Tensor& tensor) {
  if (context.tensors != nullptr && context.pass == traces::Pass::train)
    context.tensors->made(part, static_cast<std::int32_t>(id), "", shape_of(tensor), tensor.values());
}

void show_parameter_gradients(const StepContext& context, std::size_t id, Layer& layer) {
  if (context.tensors == nullptr) return;
  for (const Parameter* parameter : layer.parameters())
    context.tensors->made(StepPart::gradient_by_parameter, static_cast<std::int32_t>(id), parameter->name,
                          parameter->shape, parameter->gradient);
}

}  // namespace

Network::Network(const TrainingConfig& config, SimdPath path) : path_(path), nodes_(config.layers.size()) {
  for (std::size_t id = 0; id < nodes_.size(); ++id) {
    const LayerConfig& layer = config.layers[id];
    Node& node = nodes_[id];
    node.layer = make_layer(layer, config, static_cast<std::uint32_t>(id), path);
    node.inputs = layer.inputs;
    node.forward_name = std::string(name_of(layer.kind)) + " forward";
    node.backward_name = std::string(name_of(layer.kind)) + " backward";
    node.input_extent = layer.input;
    node.output_extent = layer.output;
    node.wants_input_gradient = layer.wants_input_gradient;
    LayerState state{.parameters = node.layer->parameters(), .states = node.layer->states()};
    node.has_backward = node.wants_input_gradient || !state.parameters.empty();
    parameters_.insert(parameters_.end(), state.parameters.begin(), state.parameters.end());
    if (!state.parameters.empty() || !state.states.empty()) state_.push_back(std::move(state));
  }
  find_readers();
}

/// Whose output is needed how long.
void Network::find_readers() {
  for (std::size_t id = 0; id < nodes_.size(); ++id) {
    Node& node = nodes_[id];
    node.last_reader = static_cast<std::int32_t>(id);
    node.is_kept = node.layer->keeps_output();
    for (const std::int32_t input : node.inputs) {
      if (input == images_input) continue;
      node_of(input).last_reader = static_cast<std::int32_t>(id);
      node_of(input).is_kept |= node.layer->keeps_input();
    }
  }
  nodes_.back().is_kept = true;  // the logits
}

void Network::drop_outputs_read_last_by(std::int32_t reader, traces::Pass pass) {
  for (const std::int32_t id : node_of(reader).inputs) {
    if (id == images_input || node_of(id).last_reader != reader) continue;
    if (pass == traces::Pass::train && node_of(id).is_kept) continue;
    node_of(id).output.reset();
  }
}

const Tensor& Network::forward(const Tensor& images, StepContext& context) {
  std::vector<const Tensor*> inputs;
  for (Node& node : nodes_) {
    node.output.reset();
    node.gradient.reset();
  }
  for (std::size_t id = 0; id < nodes_.size(); ++id) {
    Node& node = nodes_[id];
    inputs.clear();
    for (const std::int32_t input : node.inputs)
      inputs.push_back(input == images_input ? &images : node_of(input).output.get());
    node.output = take(images.batch(), node.output_extent);
    const ProfiledPart part(context.profile, node.forward_name);
    node.layer->forward(std::span<const Tensor* const>(inputs), *node.output, context);
    show(context, StepPart::output, id, *node.output);
    drop_outputs_read_last_by(static_cast<std::int32_t>(id), context.pass);
  }
  return *nodes_.back().output;
}

/// The order of the readers is the order of the sum. A gradient that somebody else holds too is not changed.
void Network::add_gradient(Node& node, const std::shared_ptr<Tensor>& gradient, base::ThreadPool& threads) {
  if (!node.has_backward) return;
  if (!node.gradient) {
    node.gradient = gradient;
    return;
  }
  const std::shared_ptr<Tensor> sum =
      node.gradient.use_count() == 1 ? node.gradient : take(gradient->batch(), gradient->extent());
  sum->resize(gradient->batch(), gradient->extent());
  const float* before = node.gradient->values().data();
  const float* next = gradient->values().data();
  float* result = sum->values().data();
  for_pieces(threads, gradient->size(), elementwise_piece,
             [=, path = path_](std::size_t begin, std::size_t end) {
               on_path(
                   path, [=]() __attribute__((always_inline)) {
                     for (std::size_t i = begin; i < end; ++i) result[i] = before[i] + next[i];
                   });
             });
  node.gradient = sum;
}

/// The gradient by the node's input; null where nobody wants it.
std::shared_ptr<Tensor> Network::run_backward(Node& node, StepContext& context) {
  if (node.layer->hands_gradient_on()) return node.gradient;
  std::shared_ptr<Tensor> passed;
  if (node.wants_input_gradient) passed = take(node.gradient->batch(), node.input_extent);
  node.layer->backward(*node.gradient, passed.get(), context);
  return passed;
}

void Network::backward(const Tensor& logits_gradient, StepContext& context) {
  nodes_.back().gradient = take(logits_gradient.batch(), logits_gradient.extent());
  *nodes_.back().gradient = logits_gradient;
  for (std::size_t id = nodes_.size(); id-- > 0;) {
    Node& node = nodes_[id];
    if (!node.has_backward) continue;
    const ProfiledPart part(context.profile, node.backward_name);
    show(context, StepPart::gradient_by_output, id, *node.gradient);
    const std::shared_ptr<Tensor> passed = run_backward(node, context);
    show_parameter_gradients(context, id, *node.layer);
    node.gradient.reset();
    if (id + 1 != nodes_.size()) node.output.reset();
    if (!node.wants_input_gradient) continue;
    const ProfiledPart sum(context.profile, "sum of gradients");
    for (const std::int32_t input : node.inputs)
      if (input != images_input) add_gradient(node_of(input), passed, context.pool);
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
