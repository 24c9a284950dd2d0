#pragma once
/// The smallest config with everything in it: fp32 first and last, quantized convolutions (one of stride 2,
/// one with signed input) and a quantized linear layer.

#include "emu/nn/training_config.hpp"

#include <string>

namespace quatrain::tests {

inline constexpr const char* tiny_config_text = R"({
  "name": "tiny",
  "data": {"set": "fashion_mnist", "mean": 0.2860, "std": 0.3530},
  "seed": 7,
  "epochs": 2,
  "batch": 16,
  "evaluation_batch": 10,
  "optimizer": {"kind": "sgd", "momentum": 0.9, "weight_decay": 0.001},
  "learning_rate": {"schedule": "linear", "from": 0.05, "to": 0.01},
  "quantize": {"forward": "sawb", "gradient": "luq", "random_bits": 16, "alpha": "exact", "samples": 2},
  "layers": [
    {"kind": "conv2d", "name": "conv1", "out_channels": 4, "kernel": 3, "stride": 2, "padding": 1, "precision": "fp32"},
    {"kind": "relu"},
    {"kind": "conv2d", "name": "conv2", "out_channels": 6, "kernel": 3, "stride": [2, 2], "padding": [1, 1], "precision": "quantized"},
    {"kind": "conv2d", "name": "conv3", "out_channels": 8, "kernel": [3, 3], "padding": 1, "groups": 2, "precision": "quantized"},
    {"kind": "relu"},
    {"kind": "linear", "name": "fc1", "out_features": 16, "precision": "quantized"},
    {"kind": "relu"},
    {"kind": "linear", "name": "fc2", "out_features": 10, "precision": "fp32"}
  ]
})";

inline emu::TrainingConfig tiny_config() {
  return emu::read_training_config(base::JsonNode::parse(tiny_config_text, "tiny.json"));
}

}  // namespace quatrain::tests
