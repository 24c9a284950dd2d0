#pragma once
/// The `layers` of a training config: read, checked against each other, written. Part of training_config.

#include "emu/nn/training_config.hpp"

#include <nlohmann/json.hpp>

namespace quatrain::emu {

/// `quantize` and the batch sizes bound the int32 products of quantized layers.
std::vector<LayerConfig> read_layers(const base::JsonNode& node, const TrainingConfig& config);

nlohmann::ordered_json dump_layer(const LayerConfig& layer);

}  // namespace quatrain::emu
