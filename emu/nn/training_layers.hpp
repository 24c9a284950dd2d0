#pragma once
/// The `layers` of a training config: read, checked against each other, written. Part of training_config.

#include "emu/nn/training_config.hpp"

#include <nlohmann/json.hpp>

namespace quatrain::emu {

/// 1 to 100 characters of A-Z a-z 0-9 _ . - and no dot in front: what may become a part of a file name.
std::string read_file_name(const traces::JsonNode& node);

/// `quantize` and the batch sizes bound the int32 products of quantized layers.
std::vector<LayerConfig> read_layers(const traces::JsonNode& node, const TrainingConfig& config);

nlohmann::ordered_json dump_layer(const LayerConfig& layer);

}  // namespace quatrain::emu
