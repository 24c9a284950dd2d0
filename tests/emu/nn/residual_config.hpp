#pragma once
/// A small residual network with every kind of layer: a stem with max_pool, a block whose shortcut is its
/// input, a block with a quantized depthwise convolution and a shortcut of avg_pool and 1x1 convolution, an
/// output that one layer reads twice, and an add of never negative tensors.

#include "emu/nn/training_config.hpp"

namespace quatrain::tests {

inline constexpr const char* residual_config_text = R"({
  "name": "residual",
  "data": {"set": "fashion_mnist", "mean": 0.2860, "std": 0.3530},
  "seed": 11,
  "epochs": 2,
  "batch": 16,
  "evaluation_batch": 10,
  "optimizer": {"kind": "sgd", "momentum": 0.9, "weight_decay": 0.001},
  "learning_rate": {"schedule": "linear", "from": 0.05, "to": 0.01},
  "quantize": {"forward": "sawb", "gradient": "luq", "samples": 2},
  "layers": [
    {"kind": "conv2d", "name": "conv1", "out_channels": 4, "kernel": 3, "stride": 2, "padding": 1, "bias": false, "precision": "fp32"},
    {"kind": "batch_norm", "name": "bn1"},
    {"kind": "relu"},
    {"kind": "max_pool", "name": "stem", "kernel": 3, "stride": 2, "padding": 1},
    {"kind": "conv2d", "name": "a.conv1", "out_channels": 4, "kernel": 3, "padding": 1, "bias": false, "precision": "quantized"},
    {"kind": "batch_norm", "name": "a.bn1", "epsilon": 0.001, "momentum": 0.3},
    {"kind": "relu"},
    {"kind": "conv2d", "name": "a.conv2", "out_channels": 4, "kernel": 3, "padding": 1, "bias": false, "precision": "quantized"},
    {"kind": "batch_norm", "name": "a.bn2"},
    {"kind": "add", "inputs": ["a.bn2", "stem"]},
    {"kind": "relu", "name": "a"},
    {"kind": "avg_pool", "kernel": 2, "padding": 1},
    {"kind": "conv2d", "name": "b.shortcut", "out_channels": 8, "kernel": 1, "bias": false, "precision": "quantized"},
    {"kind": "conv2d", "name": "b.conv1", "inputs": ["a"], "out_channels": 8, "kernel": 3, "stride": 2, "padding": 1, "bias": false, "precision": "quantized"},
    {"kind": "batch_norm", "name": "b.bn1"},
    {"kind": "conv2d", "name": "b.depthwise", "out_channels": 8, "kernel": 3, "padding": 1, "groups": 8, "bias": false, "precision": "quantized"},
    {"kind": "add", "name": "b.sum", "inputs": ["b.depthwise", "b.shortcut", "b.bn1"]},
    {"kind": "relu", "name": "b"},
    {"kind": "add", "inputs": ["b", "b"]},
    {"kind": "dropout", "name": "drop", "rate": 0.25},
    {"kind": "conv2d", "name": "last_conv", "out_channels": 6, "kernel": 1, "precision": "quantized"},
    {"kind": "global_avg_pool"},
    {"kind": "linear", "name": "fc", "out_features": 10, "precision": "fp32"}
  ]
})";

inline emu::TrainingConfig residual_config() {
  return emu::read_training_config(base::JsonNode::parse(residual_config_text, "residual.json"));
}

}  // namespace quatrain::tests
