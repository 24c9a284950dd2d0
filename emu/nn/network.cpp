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

Network::Network(const TrainingConfig& config, SimdPath path)
    : path_(path), runs_(fused_runs(config.layers)), nodes_(config.layers.size()) {
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
  for (const FusedRun& run : runs_) nodes_[run.first].run = nodes_[run.last].run = &run;
  find_readers();
}

/// Whose output is needed how long.
void Network::find_readers() {
  for (std::size_t id = 0; id < nodes_.size(); ++id) {
    Node& node = nodes_[id];
    node.last_reader = static_cast<std::int32_t>(id);
    for (const std::int32_t input : node.inputs) {
      if (input == images_input) continue;
      node_of(input).last_reader = static_cast<std::int32_t>(id);
      node_of(input).is_kept |= node.layer->keeps_input();
    }
  }
  nodes_.back().is_kept = true;  // the logits
}

const FusedRun* Network::run_from(std::size_t id) const {
  const FusedRun* run = nodes_[id].run;
  return is_fused_ && run != nullptr && run->first == id ? run : nullptr;
}

const FusedRun* Network::run_to(std::size_t id) const {
  const FusedRun* run = nodes_[id].run;
  return is_fused_ && run != nullptr && run->last == id ? run : nullptr;
}

bool Network::is_needed_by_backward(const Node& node) const {
  if (node.is_kept) return true;
  const bool is_found_again = is_fused_ && node.run != nullptr && node.run->masks_by_input();
  return node.layer->keeps_output() && !is_found_again;
}

void Network::drop_outputs_read_last_by(std::size_t reader, traces::Pass pass) {
  for (const std::int32_t id : nodes_[reader].inputs) {
    if (id == images_input || node_of(id).last_reader != static_cast<std::int32_t>(reader)) continue;
    if (pass == traces::Pass::train && is_needed_by_backward(node_of(id))) continue;
    node_of(id).output.reset();
  }
}

const Tensor& Network::output_of(std::int32_t id, const Tensor& images) {
  return id == images_input ? images : *node_of(id).output;
}

BatchNorm& Network::norm_of(const FusedRun& run) { return static_cast<BatchNorm&>(*nodes_[run.first].layer); }

void Network::forward_node(std::size_t id, const Tensor& images, StepContext& context) {
  Node& node = nodes_[id];
  std::vector<const Tensor*> inputs;
  for (const std::int32_t input : node.inputs) inputs.push_back(&output_of(input, images));
  node.output = take(images.batch(), node.output_extent);
  const ProfiledPart part(context.profile, node.forward_name);
  node.layer->forward(std::span<const Tensor* const>(inputs), *node.output, context);
  show(context, StepPart::output, id, *node.output);
  drop_outputs_read_last_by(id, context.pass);
}

void Network::forward_run(const FusedRun& run, const Tensor& images, StepContext& context) {
  Node &norm = nodes_[run.first], &last = nodes_[run.last];
  last.output = take(images.batch(), last.output_extent);
  const ProfiledPart part(context.profile, run.forward_name);
  norm_of(run).forward_with(
      {.addend = run.addend ? &output_of(*run.addend, images) : nullptr, .rectifies = run.rectifies},
      output_of(norm.inputs.front(), images), *last.output, context);
  for (std::size_t id = run.first; id <= run.last; ++id) drop_outputs_read_last_by(id, context.pass);
}

const Tensor& Network::forward(const Tensor& images, StepContext& context) {
  for (Node& node : nodes_) {
    node.output.reset();
    node.gradient.reset();
    node.last_gradient.reset();
  }
  is_fused_ = context.tensors == nullptr;
  for (std::size_t id = 0; id < nodes_.size(); ++id) {
    if (const FusedRun* run = run_from(id)) {
      forward_run(*run, images, context);
      id = run->last;
    } else {
      forward_node(id, images, context);
    }
  }
  return *nodes_.back().output;
}

void Network::add_gradient(std::int32_t id, const std::shared_ptr<Tensor>& gradient, StepContext& context) {
  if (id == images_input || !node_of(id).has_backward) return;
  Node& node = node_of(id);
  sum_gradients(node, context);
  (node.gradient == nullptr ? node.gradient : node.last_gradient) = gradient;
}

/// The order of the readers is the order of the sum. A gradient that somebody else holds too is not changed.
void Network::sum_gradients(Node& node, StepContext& context) {
  if (node.last_gradient == nullptr) return;
  const ProfiledPart part(context.profile, "sum of gradients");
  const std::shared_ptr<Tensor> last = std::move(node.last_gradient);
  const std::shared_ptr<Tensor> sum =
      node.gradient.use_count() == 1 ? node.gradient : take(last->batch(), last->extent());
  sum->resize(last->batch(), last->extent());
  const float* before = node.gradient->values().data();
  const float* next = last->values().data();
  float* result = sum->values().data();
  for_pieces(context.pool, last->size(), elementwise_piece,
             [=, path = path_](std::size_t begin, std::size_t end) {
               on_path(
                   path, [=]() __attribute__((always_inline)) {
#pragma GCC ivdep
                     for (std::size_t i = begin; i < end; ++i) result[i] = before[i] + next[i];
                   });
             });
  node.gradient = sum;
}

/// The gradient by the node's input; null where nobody wants it.
std::shared_ptr<Tensor> Network::run_backward(Node& node, StepContext& context) {
  if (node.layer->hands_gradient_on()) return node.gradient;
  std::shared_ptr<Tensor> passed;
  if (node.wants_input_gradient) {
    const bool writes_over = node.layer->writes_over_gradient() && node.gradient.use_count() == 1;
    passed = writes_over ? node.gradient : take(node.gradient->batch(), node.input_extent);
  }
  node.layer->backward(*node.gradient, passed.get(), context);
  return passed;
}

void Network::backward_node(std::size_t id, StepContext& context) {
  Node& node = nodes_[id];
  sum_gradients(node, context);
  const ProfiledPart part(context.profile, node.backward_name);
  show(context, StepPart::gradient_by_output, id, *node.gradient);
  const std::shared_ptr<Tensor> passed = run_backward(node, context);
  show_parameter_gradients(context, id, *node.layer);
  node.gradient.reset();
  if (id + 1 != nodes_.size()) node.output.reset();
  if (!node.wants_input_gradient) return;
  for (const std::int32_t input : node.inputs) add_gradient(input, passed, context);
}

/// As its layers one after the other: first the addition hands its gradient on, then the batch_norm. Results
/// go over gradients that are not needed any more and that nobody else holds.
void Network::backward_run(const FusedRun& run, StepContext& context) {
  Node &norm = nodes_[run.first], &last = nodes_[run.last];
  if (!run.masks_by_output()) sum_gradients(last, context);
  const std::shared_ptr<Tensor> first = std::move(last.gradient), second = std::move(last.last_gradient);
  const bool owns_first = first.use_count() == 1, owns_second = second.use_count() == 1;
  const bool hands_on = run.addend && *run.addend != images_input && node_of(*run.addend).has_backward;
  std::shared_ptr<Tensor> dy = first, dx;
  if (run.masks_by_output() && !owns_first) dy = owns_second ? second : take_as(*first);
  if (norm.wants_input_gradient) {
    if (!hands_on && (owns_first || run.masks_by_output()))
      dx = dy;
    else
      dx = owns_second && second != dy ? second : take_as(*first);
  }
  {
    const ProfiledPart part(context.profile, run.backward_name);
    NormTailGradient gradient{
        .first = *first, .second = second.get(), .masks_by_input = run.masks_by_input()};
    if (run.masks_by_output()) {
      gradient.output = last.output.get();
      gradient.passed = dy.get();
    }
    norm_of(run).backward_with(gradient, dx.get(), context);
  }
  if (run.last + 1 != nodes_.size()) last.output.reset();
  if (hands_on) add_gradient(*run.addend, dy, context);
  if (dx != nullptr) add_gradient(norm.inputs.front(), dx, context);
}

void Network::backward(const Tensor& logits_gradient, StepContext& context) {
  nodes_.back().gradient = take(logits_gradient.batch(), logits_gradient.extent());
  *nodes_.back().gradient = logits_gradient;
  nodes_.back().gradient->keep_magnitudes(std::nullopt);  // whoever made it may have written it since
  for (std::size_t id = nodes_.size(); id-- > 0;) {
    if (const FusedRun* run = run_to(id)) {
      backward_run(*run, context);
      id = run->first;
    } else if (nodes_[id].has_backward) {
      backward_node(id, context);
    }
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
