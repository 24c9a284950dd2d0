#pragma once
/// SGD with momentum and weight decay, and the learning rate's schedules (numerics.md section 8).

#include "emu/nn/layer.hpp"
#include "emu/nn/training_config.hpp"

#include <cstdint>
#include <span>

namespace quatrain::emu {

/// Learning rate of a step (the number of updates before it): the schedule's formula in fp64, rounded once.
float learning_rate_at(const LearningRateConfig& config, std::int64_t step, std::int64_t steps_per_epoch,
                       std::int64_t epochs);

/// d = f32(gradient + f32(wd * w)); v = f32(f32(mu * v) + d); w = f32(w - f32(lr * v)), for every element.
void update_parameters(std::span<Parameter* const> parameters, const OptimizerConfig& config,
                       float learning_rate, base::ThreadPool& pool);

}  // namespace quatrain::emu
