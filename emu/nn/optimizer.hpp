#pragma once
/// SGD with momentum and weight decay (docs/training-step.md section 10).

#include "emu/nn/layer.hpp"
#include "emu/nn/training_config.hpp"

#include <span>

namespace quatrain::emu {

/// d = f32(gradient + f32(wd * w)); v = f32(f32(mu * v) + d); w = f32(w - f32(lr * v)), for every element.
void update_parameters(std::span<Parameter* const> parameters, const OptimizerConfig& config,
                       float learning_rate, base::ThreadPool& pool);

}  // namespace quatrain::emu
