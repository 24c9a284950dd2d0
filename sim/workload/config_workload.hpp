#pragma once
/// One step of a training config, from its shapes alone: nothing is trained.

#include "emu/nn/training_config.hpp"
#include "sim/workload/layer_shapes.hpp"

#include <string>
#include <vector>

namespace quatrain::sim {

/// The 4-bit layers with what quantizes their operands.
std::vector<LayerShape> layer_shapes(const emu::TrainingConfig& config, std::int64_t batch);
/// Layers with products that stay fp32, and so are not in the workload: one sentence; "" for none.
std::string fp32_layers(const emu::TrainingConfig& config);

}  // namespace quatrain::sim
