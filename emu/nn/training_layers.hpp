#pragma once
/// The `layers` of a training config: read and checked against each other. Part of training_config.

#include "emu/nn/training_config.hpp"

namespace quatrain::emu {

/// `quantize` and the batch sizes bound the int32 products of quantized layers.
std::vector<LayerConfig> read_layers(const base::JsonNode& node, const TrainingConfig& config);

/// Names of the layers that have a precision, in order.
std::vector<std::string> quantizable_layers(const std::vector<LayerConfig>& layers);

}  // namespace quatrain::emu
