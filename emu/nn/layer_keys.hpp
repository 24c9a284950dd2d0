#pragma once
/// The keys of each kind of layer in a config, read and written. Part of training_config.

#include "emu/nn/training_config.hpp"

#include <nlohmann/json.hpp>

namespace quatrain::emu {

/// Reads what only this kind of layer has, and finds geometry and output. Kind, inputs and input are set; the
/// output is the input's size until a kind says otherwise.
void read_keys_of_kind(const base::JsonNode& node, LayerConfig& layer);

nlohmann::ordered_json dump_layer(const std::vector<LayerConfig>& layers, std::int32_t id);

}  // namespace quatrain::emu
