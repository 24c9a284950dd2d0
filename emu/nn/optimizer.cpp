#include "emu/nn/optimizer.hpp"

namespace quatrain::emu {

void update_parameters(std::span<Parameter* const> parameters, const OptimizerConfig& config,
                       float learning_rate, base::ThreadPool& pool) {
  const auto momentum = static_cast<float>(config.momentum);
  const auto weight_decay = static_cast<float>(config.weight_decay);
  for (Parameter* parameter : parameters) {
    float* w = parameter->value.data();
    float* v = parameter->momentum.data();
    const float* gradient = parameter->gradient.data();
    for_pieces(pool, parameter->value.size(), elementwise_piece, [=](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        const float d = gradient[i] + weight_decay * w[i];
        v[i] = momentum * v[i] + d;
        w[i] = w[i] - learning_rate * v[i];
      }
    });
  }
}

}  // namespace quatrain::emu
