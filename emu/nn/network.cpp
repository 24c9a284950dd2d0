#include "emu/nn/network.hpp"

#include "emu/nn/activation.hpp"
#include "emu/nn/fp32_layer.hpp"
#include "emu/nn/quantized_layer.hpp"

namespace quatrain::emu {
namespace {

std::unique_ptr<Layer> make_parametrized_layer(const LayerConfig& layer, const TrainingConfig& config,
                                               std::uint32_t id, SimdPath path) {
  switch (layer.precision) {
    case Precision::fp32:
      return std::make_unique<Fp32Layer>(layer, id, config.seed, path);
    case Precision::quantized:
      return std::make_unique<QuantizedLayer>(layer, config.quantize, id, config.seed, path);
  }
  return nullptr;
}

std::unique_ptr<Layer> make_layer(const LayerConfig& layer, const TrainingConfig& config, std::uint32_t id,
                                  SimdPath path) {
  switch (layer.kind) {
    case LayerWord::conv2d:
    case LayerWord::linear:
      return make_parametrized_layer(layer, config, id, path);
    case LayerWord::relu:
      return std::make_unique<Relu>();
  }
  return nullptr;
}

}  // namespace

Network::Network(const TrainingConfig& config, SimdPath path) : path_(path) {
  for (const LayerConfig& layer : config.layers) {
    layers_.push_back(make_layer(layer, config, static_cast<std::uint32_t>(layers_.size()), path));
    if (parameters_.empty()) first_with_parameters_ = layers_.size() - 1;
    for (Parameter* parameter : layers_.back()->parameters()) parameters_.push_back(parameter);
  }
}

const Tensor& Network::forward(const Tensor& images, StepContext& context) {
  const Tensor* values = &images;
  for (const auto& layer : layers_) values = &layer->forward(*values, context);
  return *values;
}

void Network::backward(const Tensor& logits_gradient, StepContext& context) {
  const Tensor* gradient = &logits_gradient;
  for (std::size_t i = layers_.size(); i-- > first_with_parameters_;)
    gradient = &layers_[i]->backward(*gradient, i > first_with_parameters_, context);
}

ForwardMacs forward_macs(const TrainingConfig& config) {
  ForwardMacs macs;
  for (const LayerConfig& layer : config.layers) {
    if (!layer.has_parameters()) continue;
    const std::int64_t count = traces::mac_count(traces::gemm_size(traces::Phase::forward, layer.geometry));
    macs.all += count;
    if (layer.precision == Precision::quantized) macs.quantized += count;
  }
  return macs;
}

}  // namespace quatrain::emu
